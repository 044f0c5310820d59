"""What a row of nodes says: where each stands, of which type, and from when to when in service."""

from collections.abc import Callable
from typing import NamedTuple

from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.engine.labels import (
    KEY_MAX,
    LABELS_MAX,
    NAME_MAX,
    BadLabel,
    labels_in,
    labels_text,
)
from scuderia.fleet.engine.shared_parts import (
    PARTS_MAX,
    TEXT_MAX,
    BadSharedPart,
    parts_in,
    parts_text,
)
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

_PLACE_MAX = 128
_FAR_AHEAD = 1 << 62

FIELDS = (
    FieldSpec(name="node", type=FieldType.NAME, needs_column=True, may_be_empty=False),
    *(
        FieldSpec(name=name, needs_column=True, may_be_empty=False, characters_max=_PLACE_MAX)
        for name in ("site", "cluster", "rack", "sku")
    ),
    FieldSpec(
        name="in_service_from", type=FieldType.INSTANT, needs_column=True, may_be_empty=False
    ),
    FieldSpec(
        name="in_service_to",
        type=FieldType.INSTANT,
        needs_column=True,
        counted_from="in_service_from",
    ),
    FieldSpec(name="labels", characters_max=LABELS_MAX * (KEY_MAX + NAME_MAX + 2)),
    FieldSpec(name="hangs_on", characters_max=PARTS_MAX * (TEXT_MAX + 2)),
)


class NodeRow(NamedTuple):
    """A node in service over [in_service_from, in_service_to), in whole Unix seconds.

    in_service_to   None: it still is
    labels          all that it bears, as `labels_text` writes them; None: it says nothing of them
    hangs_on        all its shared parts, as `parts_text` writes them; None: the same
    """

    node: str
    site: str
    cluster: str
    rack: str
    sku: str
    in_service_from: int
    in_service_to: int | None
    labels: str | None = None
    hangs_on: str | None = None

    @property
    def key(self) -> str:
        """Return what makes it the same node when it is told again."""
        return self.node

    def told(self) -> dict[str, str]:
        """Return each field but the node as text; empty where it says nothing."""
        texts = {name: getattr(self, name) for name in ("site", "cluster", "rack", "sku")}
        for name in ("in_service_from", "in_service_to"):
            at = getattr(self, name)
            texts[name] = "" if at is None else instant_of(at).isoformat()
        return texts | {"labels": self.labels or "", "hangs_on": self.hangs_on or ""}

    def flaw(self, now: int) -> Flaw | None:
        """Return the objection to dates that end before they begin or have not come, or None."""
        ends = self.in_service_to
        if ends is not None and ends <= self.in_service_from:
            said, remedy = "it does not lie after in_service_from", "Check the order and the zones."
            return Flaw("in_service_to", said, remedy)
        for name, at in (("in_service_from", self.in_service_from), ("in_service_to", ends)):
            if at is not None and at > now:
                remedy = "The books say what is, not what is planned: tell it when it has come."
                return Flaw(name, f"{instant_of(at).isoformat()} has not come yet", remedy)
        return None


def row_of(record: Record) -> NodeRow:
    """Return the row.

    raises   Flaw
    """
    ends = record.instant("in_service_to")
    row = NodeRow(
        record.text("node"),
        record.text("site"),
        record.text("cluster"),
        record.text("rack"),
        record.text("sku"),
        seconds_of(record.required_instant("in_service_from")),
        None if ends is None else seconds_of(ends),
        _read("labels", record, lambda text: labels_text(labels_in(text))),
        _read("hangs_on", record, lambda text: parts_text(parts_in(text))),
    )
    flaw = row.flaw(_FAR_AHEAD)  # what has come is known beside the books alone
    if flaw is not None:
        raise flaw
    return row


def _read(field: str, record: Record, spelled: Callable[[str], str]) -> str | None:
    """Return what the field says, as it is kept; None where the cell is empty.

    raises   Flaw
    """
    text = record.text(field)
    try:
        return spelled(text) if text.strip() else None
    except (BadLabel, BadSharedPart) as error:
        raise Flaw(field, error.message, error.remedy) from None


def same_row(row: NodeRow) -> str:
    """Return the identity of the row: a node stands in one place."""
    return identity_of("", row.node)
