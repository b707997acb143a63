"""What every method must do, as checks an author can run: `seesaw check my_package.my_method`.

Every check builds the method in a tiny random encoder (or causal LM) and raises `CheckError` with
what is wrong. The tests run all of them on every registered method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from seesaw.suite.checks import contract, numerics
from seesaw.suite.checks.verdict import CheckError, Method

__all__ = ["CHECKS", "CheckError", "run_checks"]

CHECKS: dict[str, Callable[[Method], None]] = {
    check.__name__: check
    for check in (
        contract.parameters_are_what_the_formula_says,
        contract.sizes_grow,
        contract.it_starts_as_the_frozen_model,
        numerics.everything_trainable_learns,
        contract.examples_do_not_see_their_batch,
        contract.a_saved_adapter_comes_back,
        numerics.checkpointing_and_accumulation_change_nothing,
        numerics.a_compiled_run_agrees,
        numerics.gradients_are_derivatives,
        numerics.bfloat16_agrees,
        contract.it_merges_or_says_why_not,
        contract.routing_is_recorded,
        contract.generation_is_the_same_alone,
    )
}
"""Every check by name."""


def run_checks(method: Method) -> Iterator[tuple[str, str | None]]:
    """Every check by name, with what is wrong or None."""
    for name, check in CHECKS.items():
        try:
            check(method)
        except CheckError as error:
            yield name, str(error)
        else:
            yield name, None
