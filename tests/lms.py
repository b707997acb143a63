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

from seesaw.methods import get_method, routing
from seesaw.methods.core.placement import Placement
from seesaw.suite.run.evaluate import answer
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.families.language.learner import InstructionLearner
from seesaw.tasks.families.language.lm_eval import evaluate
from seesaw.tasks.families.language.model import LanguageModel
from seesaw.tasks.families.language.track import InstructionTrack
from seesaw.tasks.track import get_track

FEW = {"train": 24, "dev": 4, "test": 5}


def stories(only: tuple[str, ...] = (), **recipe: Any) -> InstructionLearner:
    """The learner of `stories` with a few examples."""
    track = get_track("stories")
    assert isinstance(track, InstructionTrack)
    track = track.model_copy(
        update={
            "options": track.options | FEW,
            "recipe": track.recipe.model_copy(update=recipe),
        }
    )
    _, data = track.load_data(None, only)
    return InstructionLearner.open(track, data, locate(track.backbone))


def adapted(learner: InstructionLearner, method: str | None) -> LanguageModel:
    """The LM with an adapter that was moved away from its start, ready to answer."""
    backbone: Any = learner.backbone()
    if method is not None:
        config = get_method(method)()
        config = config.placed(Placement(learner.track.backbone.adapted), 0.0, len(learner.tasks))
        size = next(s for s in config.sizes() if s.r >= 8 or s.fixed_size).scaled(1.0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            backbone = size.adapt(backbone)
            for parameter in backbone.parameters():
                if parameter.requires_grad:
                    nn.init.normal_(parameter, std=0.03)
    return learner.model(backbone).eval()


def in_house(learner: InstructionLearner, model: LanguageModel, size: int) -> pd.DataFrame:
    """Outcomes of the test split without lm-eval."""
    accelerator = Accelerator(cpu=True)
    return learner.outcomes(
        "test",
        (
            (answer(model, accelerator, batch), batch, rows)
            for batch, rows in learner.eval_batches("test", size)
        ),
    )


def through_lm_eval(learner: InstructionLearner, model: LanguageModel, size: int) -> pd.DataFrame:
    """Outcomes of the test split through lm-eval."""
    ranked, texts = {}, {}
    found = evaluate(model, learner.encoder, learner.data, learner.track, routing, size)
    for task, own in enumerate(found):
        ranked |= {(task, row): values for row, values in own.ranked.items()}
        texts |= {(task, row): text for row, text in own.texts.items()}
    return learner.table("test", ranked, texts)


def tiny_t5(folder: Path, text: list[str]) -> Path:
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
        config = T5Config(
            vocab_size=len(tokenizer),
            d_model=32,
            d_kv=8,
            d_ff=64,
            num_layers=2,
            num_heads=4,
            decoder_start_token_id=0,
        )
        model = T5ForConditionalGeneration(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
