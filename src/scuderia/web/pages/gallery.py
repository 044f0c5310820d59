"""The gallery: every component in every state, in both themes, so that looks are reviewed there."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from scuderia.web.base_views import page, show
from scuderia.web.charts import Spec, cause_bars, daily_line
from scuderia.web.components import (
    Blast,
    Card,
    Cell,
    Column,
    Crumb,
    Entry,
    Evidence,
    Field,
    GateLine,
    Pager,
    Refusal,
    Row,
    Step,
    Tab,
    Table,
    Tile,
    TileGroup,
)
from scuderia.web.svg import UNKNOWN, Effect, Spark, StripPart, effect, sparkline, strip

AT = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
STATES = ("ok", "warn", "bad", "hold", "unknown")
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@dataclass(frozen=True, slots=True)
class EmptyKind:
    """One way of having nothing to show.

    kind           well, nothing_yet, nothing_matches, cannot_know or not_allowed; sets the mark
    href, action   where the button leads, and its words; both "" for no button
    """

    kind: str
    title: str
    words: str
    href: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class GalleryPage:
    """One example of everything."""

    states: tuple[str, ...] = STATES
    looks: tuple[str, ...] = ("", "primary", "danger", "quiet")
    cards: tuple[Card, ...] = ()
    table: Table | None = None
    empties: tuple[EmptyKind, ...] = ()
    fields: tuple[Field, ...] = ()
    timeline: tuple[Entry, ...] = ()
    shares: tuple[tuple[float, str], ...] = ()
    sparks: tuple[Spark | None, ...] = ()
    effect: Effect | None = None
    strip: tuple[StripPart, ...] = ()
    blast: Blast | None = None
    gates: tuple[GateLine, ...] = ()
    digest: str = DIGEST
    tracks: tuple[tuple[Step, ...], ...] = ()
    tabs: tuple[Tab, ...] = ()
    crumbs: tuple[Crumb, ...] = ()
    pagers: tuple[Pager, ...] = ()
    countdowns: tuple[float | None, ...] = (None, 180_000, 7_200, -1)
    evidence: tuple[Evidence, ...] = ()
    refusal: Refusal | None = None
    groups: tuple[TileGroup, ...] = ()
    charts: tuple[tuple[str, str, Spec], ...] = ()
    at: datetime = AT
    numbers: tuple[float | None, ...] = field(default=(0, None, 3.14159, 12.5, 1234567))


@page
def gallery(request: HttpRequest) -> HttpResponse:
    """Render the gallery."""
    return show(request, "web/gallery.html", _examples())


def _examples() -> GalleryPage:
    return replace(
        _shown(),
        blast=Blast(
            1,
            48,
            "crates of the same owner",
            1 / 48,
            ("8 shelves",),
            ("aurora",),
            "at most 2 crates and 5%",
        ),
        gates=(
            GateLine("brake", yes=True),
            GateLine("grant", yes=False, reasons=("the grant for this kind was revoked",)),
            GateLine(
                "budget",
                yes=False,
                reasons=("2 of 2 actions used today",),
                not_before=AT + timedelta(hours=14),
            ),
        ),
        tracks=_tracks(),
        tabs=(
            Tab("Open", "?tab=open", current=True),
            Tab("Decided", "?tab=decided"),
            Tab("All", "?tab=all"),
        ),
        crumbs=(
            Crumb("Depot", reverse("gallery")),
            Crumb("s03", f"{reverse('gallery')}?shelf=s03"),
            Crumb("s03-c11"),
        ),
        pagers=(
            Pager(1, 50, 612, "", "?page=2"),
            Pager(51, 100, None, "?page=1", "?page=3"),
            Pager(0, 0, 0),
        ),
        evidence=_evidence(),
        refusal=Refusal(
            "LOOP-000",
            "the crate changed since you looked",
            "Look at the proposal again; it carries the new state and a new digest.",
        ),
        groups=_groups(),
        charts=_charts(),
    )


def _shown() -> GalleryPage:
    return GalleryPage(
        cards=(
            Card("Owner-days at target", "112", "of 120", "93.3%, target 95%", "warn"),
            Card("Availability", "97.68%"),
            Card("Crates lost", "0", note="zero is written 0", state="ok"),
            Card("Time to detect", UNKNOWN, note="unknown is a dash, never blank"),
            Card("Worst day", "91.95%", note="2 Feb", state="bad"),
        ),
        table=_table(),
        empties=_empties(),
        fields=_fields(),
        timeline=_timeline(),
        shares=((0.0, ""), (0.25, "ok"), (0.5, "warn"), (0.9, "bad"), (1.0, "hold")),
        sparks=(
            sparkline((3, 5, 4, 8, 6, 9, 12, 7), words="rising, then falling"),
            sparkline((4, 4, 4), words="flat"),
            sparkline((1,), words="one point is no line"),
        ),
        effect=effect(
            do_nothing=182,
            expected=61,
            low=34,
            high=96,
            unit="crate-hours in 28 days",
            better="lower",
        ),
        strip=strip(
            [
                (0, 40, "ok", "up"),
                (40, 46, "bad", "down"),
                (46, 60, "warn", "in repair"),
                (60, 90, "ok", "up"),
                (90, 100, "hold", "planned"),
            ],
            start=0,
            end=100,
        ),
    )


def _table() -> Table:
    columns = (
        Column("Crate", sort="?sort=crate", sorted="ascending"),
        Column("State"),
        Column("Cause"),
        Column("Down, hours", numeric=True, sort="?sort=hours"),
        Column("Share of downtime"),
        Column("Since"),
    )
    rows = tuple(
        Row(
            (
                Cell(f"r03-n{index:02}", "code", href=reverse("gallery")),
                Cell("", "state", state=state),
                Cell(
                    "HBM uncorrectable ECC, row remap pending, seen by the vendor's own test",
                    "words",
                ),
                Cell(str(index * 37)),
                Cell(f"{index * 17}%", "bar", state="bad", share=index * 0.17),
                Cell("", "instant", at=AT - timedelta(hours=index * 37)),
            ),
            key=f"n{index}",
        )
        for index, state in enumerate(STATES)
    )
    return Table("Absences, longest first", columns, rows)


def _empties() -> tuple[EmptyKind, ...]:
    return (
        EmptyKind(
            "well",
            "Nothing needs you",
            "Four agents looked a minute ago and found nothing worth a decision.",
        ),
        EmptyKind(
            "nothing_yet",
            "No absences on the books yet",
            "Import a fault trace first.",
            reverse("gallery"),
            "How to import",
        ),
        EmptyKind(
            "nothing_matches",
            "No crate matches",
            "No crate of aurora is absent.",
            reverse("gallery"),
            "Clear the filter",
        ),
        EmptyKind(
            "cannot_know",
            "The depot is silent",
            "No word from it since 14:02; what stands here is older.",
            reverse("gallery"),
            "The connector",
        ),
        EmptyKind("not_allowed", "Not yours to see", "A lead of site-a can give you a role here."),
    )


def _fields() -> tuple[Field, ...]:
    return (
        Field("crate", "Crate", required=True, value="s03-c11", help="As its label says."),
        Field("days", "Days", "number", value="-3", error="Days must be 0 or more.", minimum="0"),
        Field(
            "other", "Another", "select", choices=(("a", "s01-c00"), ("b", "s01-c01")), value="b"
        ),
        Field("reason", "Reason", "area"),
    )


def _timeline() -> tuple[Entry, ...]:
    return (
        Entry(AT, "Returned to service", "validated for 24 h", "ok"),
        Entry(AT - timedelta(days=2), "In repair", "waiting for parts since 12 March", "warn"),
        Entry(AT - timedelta(days=5), "Down", "HBM uncorrectable ECC", "bad", reverse("gallery")),
        Entry(AT - timedelta(days=9), "Frozen", "training run of aurora-labs", "hold"),
        Entry(AT - timedelta(days=12), "Given to aurora-labs"),
    )


def _tracks() -> tuple[tuple[Step, ...], ...]:
    names = ("Signal", "Finding", "Proposal", "Decision", "Action", "Outcome")
    stages = (
        ("done", "done", "now", "ahead", "ahead", "ahead"),
        ("done", "done", "done", "done", "failed", "ahead"),
        ("done", "done", "done", "done", "held", "ahead"),
        ("done",) * 6,
    )
    return tuple(
        tuple(
            Step(name, stage, "s03-c11 failed 3 times in 28 days", AT if stage == "done" else None)
            for name, stage in zip(names, row, strict=True)
        )
        for row in stages
    )


def _evidence() -> tuple[Evidence, ...]:
    value = (("absences", "3"), ("days", "28"))
    return (
        Evidence(
            "Three absences in 28 days; 3 of 400 crates have as many.",
            "depot.absences_of_crate",
            value,
            reverse("gallery"),
            "?again=0",
        ),
        Evidence(
            "The same, run again just now.",
            "depot.absences_of_crate",
            value,
            "",
            "?again=1",
            (("absences", "4"), ("days", "28")),
        ),
    )


def _groups() -> tuple[TileGroup, ...]:
    looks = (*STATES, "ready", "ok", "ok")
    words = (
        "Healthy",
        "In repair",
        "Down",
        "Planned work",
        "No data",
        "Ready",
        "Healthy",
        "Healthy",
    )
    faces = tuple(zip(looks, words, strict=True))
    return tuple(
        TileGroup(
            name, "2 need care", tuple(_tile(name, i, *faces[i % 8], dim=dim) for i in range(16))
        )
        for name, dim in (("r01", False), ("r02", True))
    )


def _tile(shelf: str, index: int, look: str, word: str, *, dim: bool) -> Tile:
    return Tile(f"{shelf}-c{index:02}", reverse("gallery"), look, word, dim=dim and index % 3 == 0)


def _charts() -> tuple[tuple[str, str, Spec], ...]:
    days = [{"day": f"2026-02-{n:02}", "value": 1 - (n * 7 % 11) / 150} for n in range(1, 29)]
    causes = [
        {"cause": "HBM", "value": 120},
        {"cause": "NIC", "value": 64},
        {"cause": "unknown", "value": 40},
    ]
    return (
        (
            "chart-days",
            "Availability by day, 28 days",
            daily_line(days, title="availability", target=0.95),
        ),
        ("chart-causes", "Downtime by cause", cause_bars(causes, unit="crate-hours")),
    )
