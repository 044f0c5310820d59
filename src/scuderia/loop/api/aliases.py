"""Keys that answers bore before: each is given beside its successor for one release, then goes."""

from typing import Any

OLD_UNIT = "GPU-hours"


def in_old_unit(quantity: Any) -> float | None:
    """Return the amount under a key that named its unit; None in another unit."""
    return quantity.amount if quantity.unit == OLD_UNIT else None


def count_of(details: tuple[str, ...], unit: str) -> int:
    """Return how many of a unit the details name, 0 where none does."""
    counts = [text.split()[0].replace(",", "") for text in details if text.endswith(f" {unit}")]
    return int(counts[0]) if counts and counts[0].isdigit() else 0
