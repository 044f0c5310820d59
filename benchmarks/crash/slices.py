"""Slices of kills and their sums, kept in a file so that a run goes on where it was stopped."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Slice = dict[str, Any]
SUMMED = ("kills", "acknowledged", "lost", "doubled", "open_runs", "orphans")
MUST_BE_NONE = ("lost", "doubled", "open_runs", "orphans")


def read_slices(file: Path | None) -> list[Slice]:
    """Return the slices that were made so far; none where no file is named or there yet."""
    if file is None or not file.exists():
        return []
    found: list[Slice] = json.loads(file.read_text(encoding="utf-8"))["slices"]
    return found


def write_slices(file: Path | None, slices: Sequence[Slice]) -> None:
    """Keep the slices and their sums, whole or not at all."""
    if file is not None:
        draft = file.with_name(f".{file.name}.draft")
        draft.write_text(json.dumps(sums(slices) | {"slices": list(slices)}, indent=1) + "\n")
        draft.replace(file)


def sums(slices: Sequence[Slice]) -> dict[str, Any]:
    """Return what all slices came to.

    holds   nothing was lost, doubled, left open or left running, and every chain was verified
    """
    told: dict[str, Any] = {name: sum(one[name] for one in slices) for name in SUMMED}
    by_kind: Counter[str] = Counter()
    for one in slices:
        by_kind.update(one["kills_by_kind"])
    told["verified"] = bool(slices) and all(one["verified"] for one in slices)
    told["holds"] = told["verified"] and not any(told[name] for name in MUST_BE_NONE)
    return told | {
        "slices_made": len(slices),
        "on": sorted({one["on"] for one in slices}),
        "kills_by_kind": dict(by_kind),
        "kept_in": [one["kept_in"] for one in slices if "kept_in" in one],
    }
