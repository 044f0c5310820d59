"""Measuring what actions did, beside what was expected."""

from scuderia.basics.clock import AwareDatetime


def measure_due(*, now: AwareDatetime) -> int:
    """Measure every open outcome that can be measured; return how many got their verdict."""
    raise NotImplementedError
