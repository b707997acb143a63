# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Adapters with Trainer
#
# Two adapters on one small Llama, trained by transformers' `Trainer` on three made-up tasks: one
# is routed by the token, the other is told the task. Nothing is downloaded, and all of it takes
# some seconds on one core.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from peft import PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, Trainer, TrainingArguments

from seesaw.methods import MOELoRAConfig, SMoRAConfig, plain_lora

scratch = TemporaryDirectory()
folder = Path(scratch.name)

# %% [markdown]
# ## A backbone
#
# A real one would come from the hub or from a folder. This one is drawn at random, which is enough
# to see that adapters learn.

# %%
DIGITS, LENGTH = 10, 3
TASKS = ["copy", "reverse", "count on"]

torch.manual_seed(0)
config = LlamaConfig(
    vocab_size=DIGITS + 1,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=4,
    initializer_range=0.1,  # larger than usual: nothing will train these weights
)
AutoModelForCausalLM.from_config(config).save_pretrained(folder / "backbone")


def backbone():
    return AutoModelForCausalLM.from_pretrained(folder / "backbone")


# %% [markdown]
# ## Three tasks
#
# Three digits, a mark, and an answer: the same digits, the digits turned around, or each of them
# plus one. The three tasks read the same inputs, so nothing but `task_ids` says which answer is
# wanted. A column of that name beside the others is all that a method which is told the task needs.


# %%
def examples(count, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = []
    for number in range(count):
        task = number % len(TASKS)
        digits = torch.randint(DIGITS, (LENGTH,), generator=generator)
        answer = (digits, digits.flip(0), (digits + 1) % DIGITS)[task]
        prompt = torch.cat((digits, torch.tensor([DIGITS])))
        rows.append(
            {
                "input_ids": torch.cat((prompt, answer)),
                "labels": torch.cat((torch.full_like(prompt, -100), answer)),
                "task_ids": task,
            }
        )
    return rows


train, test = examples(3840, seed=0), examples(150, seed=1)

# %% [markdown]
# ## Training
#
# There is no callback and no loop of our own. `remove_unused_columns=False` keeps the column
# `task_ids`, which `Trainer` would otherwise drop: the model's own signature has no such name.


# %%
def trained(adapter):
    torch.manual_seed(0)
    model = get_peft_model(backbone(), adapter)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        per_device_train_batch_size=32,
        max_steps=120,
        learning_rate=5e-3,
        logging_steps=40,
        remove_unused_columns=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    Trainer(model=model, args=arguments, train_dataset=train).train()
    return model.eval()


places = {"target_modules": "all-linear", "task_type": "CAUSAL_LM"}
told = trained(
    MOELoRAConfig(r=24, experts=3, alpha=144, n_tasks=len(TASKS), task_names=TASKS, **places)
)
by_token = trained(SMoRAConfig(r=24, active=8, alpha=48, **places))

# %% [markdown]
# ## What they learnt
#
# The share of digits that are right, each predicted from the right ones before it. An adapter that
# is not told the task must guess which of the three answers is wanted.


# %%
def accuracy(model):
    ids = torch.stack([row["input_ids"] for row in test])
    tasks = torch.tensor([row["task_ids"] for row in test])
    with torch.no_grad():
        found = model(input_ids=ids, task_ids=tasks).logits[:, LENGTH:-1].argmax(-1)
    right = (found == ids[:, LENGTH + 1 :]).float().mean(1)
    return {name: round(float(right[tasks == i].mean()), 2) for i, name in enumerate(TASKS)}


accuracies = {"MOELoRA": accuracy(told), "SMoRA": accuracy(by_token)}
for name, found in accuracies.items():
    print(name, found)
assert sum(accuracies["MOELoRA"].values()) > sum(accuracies["SMoRA"].values())

# %% [markdown]
# ## Generating
#
# `generate` takes `task_ids` too.

# %%
prompt = torch.tensor([[3, 1, 4, DIGITS]] * len(TASKS))
written = told.generate(
    input_ids=prompt,
    attention_mask=torch.ones_like(prompt),
    task_ids=torch.arange(len(TASKS)),
    max_new_tokens=LENGTH,
    do_sample=False,
    pad_token_id=DIGITS,
)
for name, row in zip(TASKS, written[:, LENGTH + 1 :].tolist(), strict=True):
    print(name, row)

# %% [markdown]
# ## Saving and loading
#
# As any adapter of PEFT. What is saved keeps the names of the tasks in the order of their ids.

# %%
told.save_pretrained(folder / "told")
again = PeftModel.from_pretrained(backbone(), folder / "told").eval()
print(again.peft_config["default"].task_names)
assert accuracy(again) == accuracies["MOELoRA"]

# %% [markdown]
# ## Exporting to plain LoRA
#
# For one task the gate is a constant, so the update is a LoRA. Stock PEFT loads it without this
# library, and merges it.

# %%
plain_lora(told, backbone(), task=TASKS.index("reverse")).save_pretrained(folder / "reverse")
stock = PeftModel.from_pretrained(backbone(), folder / "reverse").merge_and_unload()
with torch.no_grad():
    wanted = told(input_ids=prompt[:1], task_ids=[1]).logits
    torch.testing.assert_close(stock(input_ids=prompt[:1]).logits, wanted, rtol=0, atol=1e-4)
print(sorted(path.name for path in (folder / "reverse").iterdir()))
