"""Which answers a project takes, and one spelling for each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scuderia.datasets.nouns import ProjectKind
from scuderia.intake.records import Flaw

TIE = "tie"
BETTER = " > "
LABELS_MAX = 1_000
OPTIONS_MAX = 50
_PAIRWISE = {
    "a": "a", "b": "b", TIE: TIE, "a1": "a", "a2": "b", "equal": TIE,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRules:
    """What may be answered.

    labels      of a label project
    low, high   of a rating project, both ends within
    """

    kind: ProjectKind
    labels: Sequence[str] = ()
    low: int | None = None
    high: int | None = None

    def read(self, text: str, *, field: str = "value") -> str:
        """Return the answer in its one spelling.

        raises   Flaw: it is none of what may be answered
        """
        match self.kind:
            case ProjectKind.PAIRWISE:
                return self._side(text, field)
            case ProjectKind.LABEL:
                return self._label(text, field)
            case ProjectKind.RATING:
                return self._rating(text, field)
            case ProjectKind.RANKING:
                return _ranking(text, field)

    def _side(self, text: str, field: str) -> str:
        side = _PAIRWISE.get(text.strip().lower())
        if side is None:
            remedy = f"Write a, b or tie, or say what it means: --word {field}:WORD=a."
            raise Flaw(field, f"{text[:40]!r} says neither a, b nor tie", remedy)
        return side

    def _label(self, text: str, field: str) -> str:
        if text.strip() in self.labels:
            return text.strip()
        known = ", ".join(self.labels[:10]) + (", ..." if len(self.labels) > 10 else "")  # noqa: PLR2004 - shown
        raise Flaw(field, f"{text[:40]!r} is no label of the project", f"Its labels: {known}.")

    def _rating(self, text: str, field: str) -> str:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        low, high = self.low, self.high
        if low is None or high is None or not low <= number <= high:
            remedy = f"Write a number from {low} to {high}."
            raise Flaw(field, f"{text[:40]!r} is not on the scale", remedy)
        return f"{number:.10g}"


def _ranking(text: str, field: str) -> str:
    options = [part.strip() for part in text.split(">")]
    if len(options) < 2 or not all(options) or len(set(options)) < len(options):  # noqa: PLR2004 - an order
        remedy = "Write the options once each, best first: r2 > r1 > r3."
        raise Flaw(field, f"{text[:40]!r} is no order of options", remedy)
    if len(options) > OPTIONS_MAX:
        raise Flaw(field, f"it orders {len(options)} options", f"At most {OPTIONS_MAX} are kept.")
    return BETTER.join(options)
