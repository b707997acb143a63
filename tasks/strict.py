"""The base of everything that is read from files: unknown fields are errors, numbers are finite."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A model that rejects unknown fields, NaN and infinity, and is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
