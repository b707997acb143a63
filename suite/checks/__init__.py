"""What every method must do, as checks an author can run: `seesaw check my_package.my_method`.

Every check builds the method in a tiny random model and raises `CheckError` with what is wrong. The
tests run all of them on every registered method, and on methods that are wrong in one way each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from seesaw.suite.checks import contract, honesty, numerics
from seesaw.suite.checks.verdict import CheckError, Method

__all__ = ["CHECKS", "CheckError", "run_checks"]

CHECKS: dict[str, Callable[[Method], None]] = {
    check.__name__: check
    for check in (
        contract.parameters_are_what_the_formula_says,
        contract.sizes_grow,
        contract.it_starts_as_the_frozen_model,
        numerics.everything_trainable_learns,
        honesty.frozen_weights_stay,
        honesty.what_is_trained_is_what_was_counted,
        honesty.buffers_that_change_are_declared,
        honesty.the_task_is_known_only_if_declared,
        honesty.only_controls_change_the_learning_rate,
        honesty.active_parameters_are_not_understated,
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
    """Every check by name, with what is wrong or None; an error of the method's own is wrong."""
    for name, check in CHECKS.items():
        try:
            check(method)
        except CheckError as error:
            yield name, str(error)
        except Exception as error:
            yield name, f"{type(error).__name__}: {error}"
        else:
            yield name, None
