"""What a row of allocations says, and which of them cannot stand beside what is held already."""

from collections.abc import Mapping
from typing import NamedTuple

from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

_ORDER = "Check the order and the time zones; an allocation holds [from, to)."

FIELDS = (
    FieldSpec(name="node", type=FieldType.NAME, needs_column=True, may_be_empty=False),
    FieldSpec(name="customer", needs_column=True, may_be_empty=False),
    FieldSpec(name="from", type=FieldType.INSTANT, needs_column=True, may_be_empty=False),
    FieldSpec(name="to", type=FieldType.INSTANT, needs_column=True, counted_from="from"),
)


class Hold(NamedTuple):
    """Who holds a node over [start, end), in whole Unix seconds; end None: it lasts."""

    customer: str
    start: int
    end: int | None

    @property
    def words(self) -> str:
        """Return who, from when and to when."""
        until = "and lasts" if self.end is None else f"to {instant_of(self.end).isoformat()}"
        return f"{self.customer} from {instant_of(self.start).isoformat()} {until}"

    def meets(self, other: "Hold") -> bool:
        """Say whether the two share a second."""
        mine = self.end is None or self.end > other.start
        return mine and (other.end is None or other.end > self.start)


class AllocationRow(NamedTuple):
    """One allocation as it is told."""

    node: str
    hold: Hold

    @property
    def key(self) -> tuple[str, int]:
        """Return what makes it the same allocation when it is told again."""
        return self.node, self.hold.start

    def told(self) -> dict[str, str]:
        """Return what may be said otherwise, as text; empty where it lasts."""
        end = self.hold.end
        ends = "" if end is None else instant_of(end).isoformat()
        return {"customer": self.hold.customer, "to": ends}


def row_of(record: Record) -> AllocationRow:
    """Return the row.

    raises   Flaw: it ends before it holds anything
    """
    start, end = seconds_of(record.required_instant("from")), record.instant("to")
    ends = None if end is None else seconds_of(end)
    if ends is not None and ends <= start:
        raise Flaw("to", "it does not lie after the start", _ORDER)
    return AllocationRow(record.text("node"), Hold(record.text("customer"), start, ends))


def same_row(row: AllocationRow) -> str:
    """Return the identity of the row: one node is given once at one instant."""
    return identity_of("", row.node, str(row.hold.start))


def ahead(hold: Hold, now: int) -> Flaw | None:
    """Return the objection to what has not come yet, or None."""
    remedy = "The books say what is, not what is planned: tell it when it has come."
    for field, at in (("from", hold.start), ("to", hold.end)):
        if at is not None and at > now:
            return Flaw(field, f"{instant_of(at).isoformat()} has not come yet", remedy)
    return None


def overlapping(held: Mapping[int, Hold], wanted: Mapping[int, Hold]) -> dict[int, Hold]:
    """Return which of one node's wanted holds cannot stand, with what each meets.

    held, wanted   by their start; a wanted one takes the place of the held one of its start
    returns        without these, and with what they would have replaced, no two holds meet; as far
                   as those that are held do not
    """
    against: dict[int, Hold] = {}
    while True:
        kept = {start: hold for start, hold in wanted.items() if start not in against}
        found = _overlapping_once({**held, **kept}, kept)
        if not found:
            return against
        against |= found  # what these would have replaced stands again, and is looked at too


def _overlapping_once(holds: Mapping[int, Hold], wanted: Mapping[int, Hold]) -> dict[int, Hold]:
    against: dict[int, Hold] = {}
    last: Hold | None = None
    for hold in (holds[start] for start in sorted(holds)):
        if hold.end == hold.start:
            continue
        if last is None or not last.meets(hold):
            last = hold
        elif hold.start in wanted:
            against[hold.start] = last
        elif last.start in wanted:
            against[last.start], last = hold, hold
        elif last.end is not None and (hold.end is None or hold.end > last.end):
            last = hold
    return against
