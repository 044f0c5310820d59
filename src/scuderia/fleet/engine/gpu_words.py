"""What a source or a person says of the GPUs that an outage takes, as a share of the node."""

import re

from scuderia.fleet.nouns import GpuShare, Severity
from scuderia.intake.records import Flaw

WHOLE_NODE = GpuShare()
INDEX_MAX = 1_023
"""The last GPU of the largest node type that can be described."""
SEVERITY_WORDS: dict[str, Severity] = {
    **dict.fromkeys(
        ("down", "offline", "out", "outofservice", "outage", "dead", "failed", "unavailable",
         "unreachable", "total", "full"), Severity.DOWN
    ),
    **dict.fromkeys(
        ("degraded", "partial", "partiallydegraded", "partialoutage", "impaired", "reduced",
         "limited"), Severity.DEGRADED
    ),
}  # fmt: skip
"""Source's word, in small letters and digits alone -> ours; any other word is not known."""
_SIGNS = re.compile(r"[\W_]+")
_PART = re.compile(r"(?:gpu)?\s*(\d{1,4})(?:\s*-\s*(\d{1,4}))?", re.IGNORECASE)


def severity_of(word: str) -> Severity:
    """Return what the word says; UNKNOWN where it is in no table."""
    return SEVERITY_WORDS.get(_SIGNS.sub("", word.lower()), Severity.UNKNOWN)


def share_of(count: int | None, indices: str) -> GpuShare | None:
    """Return the share that a count, or a list such as "0,3" or "0-3", says; None: neither does.

    raises   Flaw: of `gpus_lost` or `gpu_indices`
    """
    named = _indices(indices)
    if count == 0:
        remedy = "Leave it empty where the whole node is out; leave the row away where nothing is."
        raise Flaw("gpus_lost", "an outage takes one GPU at least", remedy)
    if named and count not in (None, len(named)):
        said = f"it says {count}, and gpu_indices names {len(named)}"
        raise Flaw("gpus_lost", said, "Give one of them, or mend the other.")
    if count is None and not named:
        return None
    return GpuShare(count or len(named), named)


def _indices(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in re.split(r"[,;|]", text) if text.strip() else ():
        match = _PART.fullmatch(part.strip())
        first, last = (int(n) for n in (match[1], match[2] or match[1])) if match else (1, 0)
        if not first <= last <= INDEX_MAX:
            remedy = "Write the indices of the GPUs, from 0, as 0,3 or 0-3."
            raise Flaw("gpu_indices", f"{part.strip()[:40]!r} names no GPU", remedy)
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def beyond(share: GpuShare, gpus: int, node: str) -> Flaw | None:
    """Return the objection to a share that a node of so many GPUs cannot lose, or None."""
    last = max(share.indices, default=-1)
    remedy = f"Give at most {gpus}, or nothing where the whole node is out."
    if last >= gpus:
        said = f"{node} has no GPU {last}: its GPUs are 0 to {gpus - 1}"
        return Flaw("gpu_indices", said, "Count the GPUs of a node from 0.")
    if share.gpus is not None and share.gpus > gpus:
        return Flaw("gpus_lost", f"{node} has {gpus} GPUs, not {share.gpus}", remedy)
    return None
