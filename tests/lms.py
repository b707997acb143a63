"""Language models to test with: tiny random ones in folders, and the stories with adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import torch
from accelerate import Accelerator
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from torch import nn
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from seesaw.methods import get_method
from seesaw.methods.core.placement import Placement
from seesaw.suite.run.evaluate import answer
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.language.family import InstructionFamily
from seesaw.tasks.families.language.lm_eval import evaluate
from seesaw.tasks.families.language.models import LanguageModel
from seesaw.tasks.families.language.track import InstructionTrack

FEW = {"train": 24, "dev": 2, "test": 3}


def stories(only: tuple[str, ...] = (), version: int = 1, **recipe: Any) -> InstructionFamily:
    """The family of `stories` with a few examples."""
    track = get_track(f"stories@{version}")
    assert isinstance(track, InstructionTrack)
    track = track.model_copy(
        update={
            "options": track.options | FEW,
            "recipe": track.recipe.model_copy(update=recipe),
        }
    )
    _, data = track.load_data(None, only)
    return InstructionFamily.open(track, data, locate(track.backbone))


def adapted(family: InstructionFamily, method: str | None) -> LanguageModel:
    """The LM with an adapter that was moved away from its start, ready to answer."""
    told_task, adapted_linears = False, family.scoring.track.backbone.adapted
    backbone: Any = family.models.backbone()
    if method is not None:
        config = get_method(method)()
        told_task = config.told_task
        config = config.placed(Placement(adapted_linears), 0.0, len(family.tasks))
        size = next(s for s in config.sizes() if s.r >= 8 or s.fixed_size).scaled(1.0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            backbone = size.adapt(backbone)
            for parameter in backbone.parameters():
                if parameter.requires_grad:
                    nn.init.normal_(parameter, std=0.03)
    return family.models.model(backbone, told_task).eval()


def in_house(family: InstructionFamily, model: LanguageModel, size: int) -> pd.DataFrame:
    """Outcomes of the test split without lm-eval."""
    accelerator = Accelerator(cpu=True)
    return family.scoring.outcomes(
        "test",
        (
            (answer(model, accelerator, batch), batch, rows)
            for batch, rows in family.data.eval("test", size)
        ),
    )


def through_lm_eval(family: InstructionFamily, model: LanguageModel, size: int) -> pd.DataFrame:
    """Outcomes of the test split through lm-eval."""
    ranked, texts = {}, {}
    found = evaluate(model, family.data.encoder, family.data.data, family.scoring.track, size)
    for task, own in enumerate(found):
        ranked |= {(task, row): values for row, values in own.ranked.items()}
        texts |= {(task, row): text for row, text in own.texts.items()}
    return family.scoring.table("test", ranked, texts)


def tiny_t5(folder: Path, text: list[str], **config: Any) -> Path:
    """A T5 of two layers and width 32 with a word-level tokenizer of `text`."""
    own = Tokenizer(models.WordLevel(unk_token="<unk>"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["<pad>", "</s>", "<unk>"]
    own.train_from_iterator(text, trainers.WordLevelTrainer(special_tokens=special))
    own.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        own_config = T5Config(
            vocab_size=len(tokenizer),
            d_model=32,
            d_kv=8,
            d_ff=64,
            num_layers=2,
            num_heads=4,
            decoder_start_token_id=0,
            **config,
        )
        model = T5ForConditionalGeneration(own_config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
