"""What the suite relies on: counts, start, padding, saving, merging, routing, generation."""

from __future__ import annotations

import itertools
import tempfile

import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import BertModel, LlamaConfig, LlamaForCausalLM

from seesaw.methods import after_step, routing_state
from seesaw.methods.core.statistics import routing_statistics
from seesaw.suite.checks.specimen import (
    LINEARS,
    N_TASKS,
    SMALL,
    TASK_IDS,
    adapted,
    batch,
    configured,
    encoder,
    hidden,
    routed,
    step_gradients,
)
from seesaw.suite.checks.verdict import CheckError, Method, same
from seesaw.suite.costs.parameters import count_trainable
from seesaw.suite.plan.workload import linear_shapes


def parameters_are_what_the_formula_says(method: Method) -> None:
    """Closed form and trained parameters agree, at several sizes and with a raised place."""
    base = encoder()
    shapes = LINEARS.shapes(linear_shapes(base))
    first = next(iter(shapes))
    for size in itertools.islice(configured(method).sizes(), 4):
        for config in (size, size.with_ranks({first: size.r + size.rank_step()})):
            with torch.device("meta"):
                found = count_trainable(config.adapt(BertModel(base.config, False)))
            claimed = config.parameters(shapes, N_TASKS)
            for kind in ("experts", "router", "task_embedding"):
                if found[kind] != getattr(claimed, kind):
                    raise CheckError(
                        f"{found[kind]:,} {kind} parameters are trained at r = {config.r}, "
                        f"the formula says {getattr(claimed, kind):,}"
                    )
            if not 0 < claimed.active <= max(claimed.total, claimed.active_router + claimed.total):
                raise CheckError(f"{claimed.active:,} parameters are active of {claimed.total:,}")


def sizes_grow(method: Method) -> None:
    """Every rung of the ladder is larger than the one before."""
    shapes = LINEARS.shapes(linear_shapes(encoder()))
    rungs = itertools.islice(configured(method).sizes(), 8)
    totals = [rung.parameters(shapes, N_TASKS).total for rung in rungs]
    if totals != sorted(set(totals)):
        raise CheckError(f"sizes() does not grow: {totals}")


def it_starts_as_the_frozen_model(method: Method) -> None:
    """Before training the adapter adds nothing; disabled, it adds nothing ever."""
    base, inputs = encoder(), batch()
    wanted = base(**inputs).last_hidden_state
    same(hidden(adapted(method, encoder(), False).eval(), inputs), wanted, "at the start", 1e-6)
    model = adapted(method, encoder()).eval()
    if torch.allclose(hidden(model, inputs), wanted, atol=1e-3):
        raise CheckError("the adapter changes nothing, whatever its parameters")
    with model.disable_adapter():
        same(hidden(model, inputs), wanted, "with the adapter disabled", 1e-6)


def examples_do_not_see_their_batch(method: Method) -> None:
    """An example alone is as in any padded batch of any tasks; evaluation changes no state."""
    model, inputs = adapted(method, encoder()).eval(), batch()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    together = hidden(model, inputs)
    for row in range(4):
        length = int(inputs["attention_mask"][row].sum())
        alone = {name: value[row : row + 1, :length] for name, value in inputs.items()}
        found = hidden(model, alone, TASK_IDS[row : row + 1])[0]
        same(found, together[row, :length], f"example {row} alone against in its batch")
    order = torch.tensor([2, 0, 3, 1])
    turned = hidden(model, {n: v[order] for n, v in inputs.items()}, TASK_IDS[order])
    same(turned, together[order], "the batch in another order")
    for name, value in model.state_dict().items():
        if not torch.equal(value, before[name]):
            raise CheckError(f"evaluation changed {name}")


def a_saved_adapter_comes_back(method: Method) -> None:
    """`save_pretrained` and `from_pretrained` give the same outputs, buffers included."""
    model = adapted(method, encoder()).train()
    step_gradients(model)
    after_step(model)
    wanted = hidden(model.eval(), batch())
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        loaded = PeftModel.from_pretrained(encoder(), folder).eval()
    same(hidden(loaded, batch()), wanted, "outputs after saving and loading", 1e-6)


def it_merges_or_says_why_not(method: Method) -> None:
    """`merge_and_unload` gives the same outputs where the method says it merges."""
    model, inputs = adapted(method, encoder()).eval(), batch()
    wanted = hidden(model, inputs)
    declared = f"it declares merges = {method.merges!r}, yet merging raises"
    try:
        merged = model.merge_and_unload()
    except ValueError as error:
        if method.merges == "yes":
            raise CheckError(f"{declared} {error!r}") from None
        return
    if method.merges != "yes":
        raise CheckError(f"{declared} no ValueError")
    same(merged(**inputs).last_hidden_state, wanted, "merged")


def routing_is_recorded(method: Method) -> None:
    """Statistics of the gates exist where there is a gate, and ignore padding."""
    model, inputs = adapted(method, encoder()).eval(), batch()
    state = routing_state(model)
    if method.routes_on == "none":
        return
    if state is None:
        raise CheckError(f"it routes on the {method.routes_on}, but its layers have no state")
    tables = []
    for padding in (0, 5):
        wider = {name: nn.functional.pad(value, (0, padding)) for name, value in inputs.items()}
        state.record_usage, state.usage = True, {}
        hidden(model, wider)
        tables.append(dict(state.usage))
    state.record_usage = False
    if not tables[0]:
        raise CheckError("no place reports how its gate is used")
    for place, table in tables[0].items():
        found, wanted = routing_statistics(tables[1][place]), routing_statistics(table)
        same(torch.tensor(found["load"]), torch.tensor(wanted["load"]), f"load of {place}", 1e-3)


def generation_is_the_same_alone(method: Method) -> None:
    """Greedy text of a tiny causal LM is the same in a left-padded batch as alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        config = LlamaConfig(**SMALL, num_key_value_heads=2, pad_token_id=0)
        model = adapted(method, LlamaForCausalLM(config).requires_grad_(False)).eval()
    ids = torch.tensor([[0, 0, 5, 6, 7], [8, 9, 10, 11, 12]])
    tasks = torch.tensor([1, 2])
    options = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}

    def written(rows: slice, start: int) -> Tensor:
        own = ids[rows, start:]
        inputs = {"input_ids": own, "attention_mask": (own > 0).long()}
        with routed(model, inputs, tasks[rows]):
            text: Tensor = model.generate(**inputs, **options)
        return text[:, own.shape[1] :]

    together = written(slice(0, 2), 0)
    for row, start in ((0, 2), (1, 0)):
        alone = written(slice(row, row + 1), start)[0]
        if not torch.equal(alone, together[row]):
            raise CheckError(f"prompt {row} continues as {alone.tolist()} alone, not as in a batch")
