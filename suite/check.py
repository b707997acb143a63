"""What every method must do, as checks an author can run: `seesaw check my_package.my_method`.

Every check builds the method in a tiny random encoder (or causal LM) and raises `CheckError` with
what is wrong. The tests run all of them on every registered method.
"""

from __future__ import annotations

import copy
import itertools
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode
from transformers import BertModel, LlamaConfig, LlamaForCausalLM

from methods import after_step, routing, routing_state
from methods.method import MethodConfig
from methods.statistics import routing_statistics
from suite.measure import count_trainable
from suite.plan import linear_shapes
from suite.specimen import (
    LINEARS,
    N_TASKS,
    SMALL,
    TASK_IDS,
    adapted,
    batch,
    configured,
    encoder,
    hidden,
)

Method = type[MethodConfig]


class CheckError(AssertionError):
    """A method does not do what every method must; the message says what."""


def run_checks(method: Method) -> Iterator[tuple[str, str | None]]:
    """Every check by name, with what is wrong or None."""
    for name, check in CHECKS.items():
        try:
            check(method)
        except CheckError as error:
            yield name, str(error)
        else:
            yield name, None


def same(found: Tensor, wanted: Tensor, what: str, tolerance: float = 1e-4) -> None:
    """Raise unless two tensors agree to `tolerance`, relative to the largest wanted value."""
    if found.shape != wanted.shape:
        raise CheckError(f"{what}: shape {tuple(found.shape)}, not {tuple(wanted.shape)}")
    error = (found - wanted).abs().max().item() if found.numel() else 0.0
    scale = max(1.0, wanted.abs().max().item()) if wanted.numel() else 1.0
    if not error <= tolerance * scale:
        raise CheckError(f"{what}: values differ by up to {error:.3g}")


def step_gradients(
    model: nn.Module, parts: int = 1, called: Callable[..., Any] | None = None
) -> tuple[dict[str, Tensor], bool]:
    """Gradients of one step's loss in `parts` micro-batches, and whether auxiliary losses came.

    `called` stands in for the model where it is not called itself.
    """
    model.zero_grad()
    run = model if called is None else called
    inputs, auxiliary = batch(), False
    for rows in torch.arange(4).chunk(parts):
        own = {name: value[rows] for name, value in inputs.items()}
        with routing(model, TASK_IDS[rows], own["attention_mask"]) as state:
            output = run(**own).last_hidden_state
            loss = output.square().mean((1, 2)).sum() / 4 + state.auxiliary_loss() / parts
            auxiliary = auxiliary or bool(state.losses)
            loss.backward()
    named = model.named_parameters()
    return {name: p.grad.clone() for name, p in named if p.grad is not None}, auxiliary


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


def everything_trainable_learns(method: Method) -> None:
    """Every trainable tensor gets a gradient; what is frozen stays as it was to the bit."""
    model = adapted(method, encoder()).train()
    frozen = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    gradients, _ = step_gradients(model)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not gradients.get(name, parameter.new_zeros(1)).any():
            raise CheckError(f"{name} gets no gradient")
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=0.1)
    optimizer.step()
    after_step(model)
    for name, parameter in model.named_parameters():
        if name in frozen and not torch.equal(parameter, frozen[name]):
            raise CheckError(f"{name} is frozen but moved")


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


def checkpointing_and_accumulation_change_nothing(method: Method) -> None:
    """Gradients and buffers are those of the plain run; the latter where no auxiliary loss is."""
    model = adapted(method, encoder()).train()
    plain = copy.deepcopy(model)
    wanted, auxiliary = step_gradients(plain)
    checked = copy.deepcopy(model)
    checked.base_model.model.gradient_checkpointing_enable({"use_reentrant": False})
    runs = {"checkpointing": (checked, 1), "accumulation": (copy.deepcopy(model), 2)}
    for what, (other, parts) in runs.items():
        if what == "accumulation" and auxiliary:
            continue  # such a loss need not be linear in the batch
        found, _ = step_gradients(other, parts)
        for name, gradient in wanted.items():
            same(found[name], gradient, f"gradient of {name} under {what}")
        after_buffers = dict(other.named_buffers())
        for name, buffer in plain.named_buffers():
            same(after_buffers[name].float(), buffer.float(), f"buffer {name} under {what}")


def a_compiled_run_agrees(method: Method) -> None:
    """Gradients under `torch.compile` are those of the plain run."""
    model = adapted(method, encoder()).train()
    wanted, _ = step_gradients(copy.deepcopy(model))
    torch.compiler.reset()
    compiled: Any = torch.compile(model, backend="aot_eager")
    found, _ = step_gradients(model, called=compiled)
    for name, gradient in wanted.items():
        same(found[name], gradient, f"gradient of {name} when compiled")


def gradients_are_derivatives(method: Method) -> None:
    """`gradcheck` in float64, straight-through estimates left out."""
    model, inputs = adapted(method, encoder()).double().train(), batch()
    trained = {
        name: parameter.detach().clone().requires_grad_()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and name.split(".")[-1] not in method.straight_through
    }

    def loss(*values: Tensor) -> Tensor:
        with routing(model, TASK_IDS, inputs["attention_mask"]) as state:
            moved = dict(zip(trained, values, strict=True))
            output = functional_call(model, moved, kwargs=dict(inputs)).last_hidden_state
            total: Tensor = output.square().mean() + state.auxiliary_loss()
        return total

    try:
        torch.autograd.gradcheck(loss, tuple(trained.values()), fast_mode=True)
    except RuntimeError as error:
        raise CheckError(f"gradients are not those of differences: {error}") from None


class FrozenSelection(TorchFunctionMode):
    """Notes what `topk` and `argmax` choose; once `replaying`, makes them choose it again."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[Tensor] = []
        self.replaying = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in ("topk", "argmax"):
            return found
        if not self.replaying:
            self.chosen.append(found if isinstance(found, Tensor) else found.indices)
            return found
        indices = self.chosen.pop(0)
        if isinstance(found, Tensor):
            return indices
        return torch.return_types.topk((args[0].gather(-1, indices), indices))


def bfloat16_agrees(method: Method) -> None:
    """Outputs under autocast to bfloat16, with the choice of experts kept, are those in float32."""
    model, inputs = adapted(method, encoder()).eval(), batch()
    selection = FrozenSelection()
    with selection:
        wanted = hidden(model, inputs)
        selection.replaying = True
        with torch.autocast("cpu", torch.bfloat16):
            found = hidden(model, inputs)
    same(found.float(), wanted, "in bfloat16", 0.05)


def it_merges_or_says_why_not(method: Method) -> None:
    """`merge_and_unload` gives the same outputs where the method says it merges."""
    model, inputs = adapted(method, encoder()).eval(), batch()
    wanted = hidden(model, inputs)
    if method.merges == "yes":
        same(model.merge_and_unload()(**inputs).last_hidden_state, wanted, "merged")
        return
    try:
        model.merge_and_unload()
    except ValueError:
        return
    raise CheckError(f"it declares merges = {method.merges!r}, yet merging raises no ValueError")


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
        with routing(model, tasks[rows]):
            text: Tensor = model.generate(input_ids=own, attention_mask=(own > 0).long(), **options)
        return text[:, own.shape[1] :]

    together = written(slice(0, 2), 0)
    for row, start in ((0, 2), (1, 0)):
        alone = written(slice(row, row + 1), start)[0]
        if not torch.equal(alone, together[row]):
            raise CheckError(f"prompt {row} continues as {alone.tolist()} alone, not as in a batch")


CHECKS: dict[str, Callable[[Method], None]] = {
    check.__name__: check
    for check in (
        parameters_are_what_the_formula_says,
        sizes_grow,
        it_starts_as_the_frozen_model,
        everything_trainable_learns,
        examples_do_not_see_their_batch,
        a_saved_adapter_comes_back,
        checkpointing_and_accumulation_change_nothing,
        a_compiled_run_agrees,
        gradients_are_derivatives,
        bfloat16_agrees,
        it_merges_or_says_why_not,
        routing_is_recorded,
        generation_is_the_same_alone,
    )
}
"""Every check by name."""
