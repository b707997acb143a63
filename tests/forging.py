"""Records that are changed after the run and stored again with paths, ids and hashes that fit."""

from __future__ import annotations

import copy
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd
from conftest import Seesaw

from seesaw.suite.records.spec import Spec
from seesaw.tasks.families.text.metrics import score

RESULTS = Path(__file__).parents[1] / "results"


@dataclass
class Forged:
    """A record as raw JSON with its outcomes, both free to be changed.

    `content` is the outcomes file; None where it is to be made of `outcomes`.
    """

    raw: dict[str, Any]
    outcomes: pd.DataFrame
    content: bytes | None

    @classmethod
    def of(cls, path: Path) -> Self:
        """The record in the JSON file `path`, of a clean commit whatever it was made from."""
        raw, beside = json.loads(path.read_text()), path.with_suffix(".parquet")
        raw["provenance"]["dirty"] = False
        raw["provenance"]["git_commit"] = raw["provenance"]["git_commit"] or "0" * 40
        if not beside.exists():  # it did not end `ok`
            return cls(raw, pd.DataFrame(), None)
        content = beside.read_bytes()
        return cls(raw, pd.read_parquet(io.BytesIO(content)), content)

    def copy(self) -> Self:
        """Another one that can be changed alone."""
        return type(self)(copy.deepcopy(self.raw), self.outcomes.copy(), self.content)

    @property
    def spec(self) -> dict[str, Any]:
        """What the run is."""
        return self.raw["spec"]

    @property
    def task(self) -> dict[str, Any]:
        """The results of the task `topic`."""
        return self.raw["tasks"]["topic"]

    def rows(self, split: str = "test", task: str = "topic") -> pd.Series:
        """Mask of the outcomes of one task and split."""
        return (self.outcomes["split"] == split) & (self.outcomes["task"] == task)

    def rescore(self, outcomes: pd.DataFrame) -> None:
        """Take other outcomes, and the scores they give."""
        self.outcomes, self.content = outcomes.reset_index(drop=True), None
        for name, result in self.raw["tasks"].items():
            for split in ("dev", "test"):
                own = self.outcomes[self.rows(split, name)]
                columns = (own[column].to_numpy(dtype=float) for column in ("prediction", "target"))
                result[split] = score(tuple(result[split]), *columns)

    def write(self, store: Path) -> str:
        """Store it where it belongs; its name without suffix."""
        spec = Spec.model_construct(**self.spec)  # unchecked: forged names may be anything
        content = self.content
        if content is None:
            buffer = io.BytesIO()
            self.outcomes.to_parquet(buffer, index=False)
            content = buffer.getvalue()
        ended = self.raw["status"] == "ok"
        sha256 = hashlib.sha256(content).hexdigest() if ended else None
        self.raw |= {"id": spec.id, "outcomes_sha256": sha256}
        name = f"{spec.prefix}-{self.raw['attempt']}"
        folder = store / spec.folder
        folder.mkdir(parents=True, exist_ok=True)
        if ended:
            (folder / f"{name}.parquet").write_bytes(content)
        (folder / f"{name}.json").write_text(json.dumps(self.raw))
        return name


def published(method: str) -> Forged:
    """The first published record of a method on `sentences`."""
    return Forged.of(min(RESULTS.glob(f"sentences@1/2654208/{method}/0-*.json")))


def problems(store: Path, *where: object, fails: bool) -> dict[str, str]:
    """What `seesaw verify` finds, as one text by the name of the record."""
    answer = json.loads(Seesaw()("verify", "--store", store, *where, "--json", fails=fails))
    return {
        Path(path).name.removesuffix(".json"): " | ".join(said) for path, said in answer.items()
    }
