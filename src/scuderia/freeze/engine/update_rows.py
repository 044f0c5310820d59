"""What a row of an update calendar says: what is changed on which nodes, when, how carefully."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from scuderia.freeze.nouns import UpdateClass, UpdateSeverity
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

GRID_S = 300
"""Every planned start stands on a whole five minutes, so that plans are exact on a grid."""
WORK_MAX_S = 14 * 86_400
RING_MAX = 1_000
CVES_MAX = 50
_NAME_MAX = 128
_TITLE_MAX = 200
_TARGETS_MAX = 20_000
_CVE = re.compile(r"(CVE-\d{4}-\d{4,7})\s+(critical|high|medium|low)\s+(\d{4}-\d{2}-\d{2})")

WEIGHTS: dict[UpdateSeverity, int] = {
    UpdateSeverity.CRITICAL: 10,
    UpdateSeverity.HIGH: 6,
    UpdateSeverity.MEDIUM: 3,
    UpdateSeverity.LOW: 1,
    UpdateSeverity.NONE: 1,
}
"""What each quarter of an hour of lateness weighs, by the worst flaw that the update mends."""

_BY_NOW = FieldType.INSTANT
FIELDS = (
    FieldSpec(name="key", needs_column=True, may_be_empty=False, characters_max=_NAME_MAX),
    FieldSpec(name="title", characters_max=_TITLE_MAX),
    FieldSpec(name="class", needs_column=True, may_be_empty=False, characters_max=40),
    FieldSpec(name="nodes", needs_column=True, may_be_empty=False, characters_max=_TARGETS_MAX),
    FieldSpec(name="start", type=_BY_NOW, needs_column=True, may_be_empty=False),
    FieldSpec(name="p95_minutes", type=FieldType.WHOLE, needs_column=True, may_be_empty=False),
    *(
        FieldSpec(name=name, type=FieldType.WHOLE)
        for name in (
            "p50_minutes", "bake_minutes", "rollback_minutes", "ring", "at_once",
            "at_once_per_rack",
        )
    ),
    *(FieldSpec(name=name, type=_BY_NOW) for name in ("earliest", "due", "deadline")),
    *(
        FieldSpec(name=name, characters_max=_NAME_MAX)
        for name in ("campaign", "owner", "deployer", "severity")
    ),
    FieldSpec(name="cves", characters_max=CVES_MAX * 48),
)  # fmt: skip


class Cve(NamedTuple):
    """A published flaw that an update mends, e.g. CVE-2026-0001, high, 2026-06-01."""

    id: str
    severity: UpdateSeverity
    published: str


class UpdateRow(NamedTuple):
    """One planned update; instants in whole Unix seconds, None where nothing bounds.

    targets   as asked: hostlists, and places such as rack:r01, apart by spaces
    at_once   how many of its nodes are down together; None: all
    """

    name: str
    title: str
    update_class: UpdateClass
    targets: str
    start: int
    p50_s: int
    p95_s: int
    bake_s: int
    rollback_s: int
    earliest: int | None
    due: int | None
    deadline: int | None
    campaign: str
    ring: int
    at_once: int | None
    at_once_per_rack: int | None
    severity: UpdateSeverity
    cves: tuple[Cve, ...]
    owner: str
    deployer: str

    @property
    def key(self) -> str:
        """Return what makes it the same update when it is told again."""
        return self.name

    def told(self) -> dict[str, str]:
        """Return each field but the key as text; empty where it says nothing."""
        values = self._asdict() | {"cves": "; ".join(map(" ".join, self.cves))}
        instants = ("start", "earliest", "due", "deadline")
        values |= {name: _instant(values[name]) for name in instants}
        return {
            name: "" if value is None else str(value)
            for name, value in values.items()
            if name != "name"
        }

    def flaw(self) -> Flaw | None:
        """Return the objection to what cannot be planned, or None."""
        return _flaw_in_lengths(self) or _flaw_in_dates(self)


def _instant(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat()


def _flaw_in_lengths(row: UpdateRow) -> Flaw | None:
    lengths = (row.p50_s, row.bake_s, row.rollback_s)
    if not 0 < row.p95_s <= WORK_MAX_S or not all(0 <= one <= WORK_MAX_S for one in lengths):
        return Flaw(
            "p95_minutes",
            "it is not over 0, or a length is below 0 or over 14 days",
            "Write whole minutes; split what takes longer than 14 days.",
        )
    if row.p50_s > row.p95_s:
        return Flaw("p50_minutes", "it is more than p95_minutes", "Exchange the two columns?")
    if not 0 <= row.ring <= RING_MAX or (row.ring and not row.campaign):
        said = f"{row.ring} is no ring of a campaign"
        return Flaw("ring", said, f"Write 0 to {RING_MAX}, and the campaign whose ring it is.")
    if any(one is not None and one < 1 for one in (row.at_once, row.at_once_per_rack)):
        return Flaw("at_once", "it is below 1", "Write how many nodes may be down together.")
    return None


def _flaw_in_dates(row: UpdateRow) -> Flaw | None:
    if row.start % GRID_S:
        return Flaw(
            "start", "it stands on no whole five minutes", "Plan it at :00, :05, :10, and so on."
        )
    if row.earliest is not None and row.start < row.earliest:
        return Flaw("earliest", "it lies after the start", "Check the order and the time zones.")
    for name, at in (("due", row.due), ("deadline", row.deadline)):
        if at is not None and at < row.start + row.p95_s:
            said = "the work, by its p95, ends after it"
            return Flaw(name, said, "Plan it earlier, or write a later date.")
    return None


def row_of(record: Record) -> UpdateRow:
    """Return the row.

    raises   Flaw
    """
    p95_s = _minutes(record, "p95_minutes", 0)
    severity, cves = _severity(record)
    row = UpdateRow(
        name=record.text("key"),
        title=record.text("title"),
        update_class=_class(record.text("class")),
        targets=" ".join(record.text("nodes").split()),
        start=int(record.required_instant("start").timestamp()),
        p50_s=_minutes(record, "p50_minutes", p95_s),
        p95_s=p95_s,
        bake_s=_minutes(record, "bake_minutes", 0),
        rollback_s=_minutes(record, "rollback_minutes", 0),
        earliest=_seconds(record, "earliest"),
        due=_seconds(record, "due"),
        deadline=_seconds(record, "deadline"),
        campaign=record.text("campaign"),
        ring=record.whole("ring") or 0,
        at_once=record.whole("at_once"),
        at_once_per_rack=record.whole("at_once_per_rack"),
        severity=severity,
        cves=cves,
        owner=record.text("owner"),
        deployer=record.text("deployer"),
    )
    flaw = row.flaw()
    if flaw is not None:
        raise flaw
    return row


def same_row(row: UpdateRow) -> str:
    """Return the identity of the row: its key in the calendar it comes from."""
    return identity_of("", row.name)


def worst(severities: Sequence[UpdateSeverity]) -> UpdateSeverity:
    """Return the worst of them; none: NONE."""
    order = list(UpdateSeverity)
    return min(severities, key=order.index, default=UpdateSeverity.NONE)


def _minutes(record: Record, name: str, unsaid: int) -> int:
    found = record.whole(name)
    return unsaid if found is None else found * 60


def _seconds(record: Record, name: str) -> int | None:
    at = record.instant(name)
    return None if at is None else int(at.timestamp())


def _class(text: str) -> UpdateClass:
    try:
        return UpdateClass(text.strip().lower().replace(" ", "_").replace("-", "_"))
    except ValueError:
        known = ", ".join(UpdateClass)
        raise Flaw("class", f"{text[:40]!r} is no class of updates", f"Write {known}.") from None


def _severity(record: Record) -> tuple[UpdateSeverity, tuple[Cve, ...]]:
    cves = tuple(_cves(record.text("cves")))
    text = record.text("severity").strip().lower()
    try:
        said = UpdateSeverity(text)
    except ValueError:
        found = f"{text[:40]!r} is no severity"
        raise Flaw("severity", found, "Write critical, high, medium or low.") from None
    return worst([said, *(one.severity for one in cves)]), cves


def _cves(text: str) -> list[Cve]:
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if len(parts) > CVES_MAX:
        raise Flaw("cves", f"{len(parts)} are more than {CVES_MAX}", "Name the worst of them.")
    found = []
    for part in parts:
        match = _CVE.fullmatch(part)
        if match is None or not _is_day(match[3]):
            form = "Write id, severity and day, apart by semicolons: CVE-2026-0001 high 2026-06-01."
            raise Flaw("cves", f"{part[:60]!r} cannot be read", form)
        found.append(Cve(match[1], UpdateSeverity(match[2]), match[3]))
    return found


def _is_day(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day, in no zone
    except ValueError:
        return False
    return True
