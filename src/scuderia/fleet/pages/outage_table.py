"""One node's outages as a table, newest first."""

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import HOUR_S
from scuderia.fleet.nouns import OutageRecord
from scuderia.fleet.pages.display import share_words
from scuderia.fleet.queries.nodes import NodeTimeline
from scuderia.web.components import Cell
from scuderia.web.tables import Facet, Source, TableColumn, TableSpec, rows_in_memory


def outages_of(
    told: NodeTimeline, now: AwareDatetime
) -> tuple[TableSpec[OutageRecord], Source[OutageRecord]]:
    """Return the outages, as columns and rows; those that last are counted until `now`."""

    def hours(row: OutageRecord) -> float:
        return ((row.end or now) - row.start).total_seconds() / HOUR_S

    spec: TableSpec[OutageRecord] = TableSpec(
        caption="Outages, newest first",
        columns=(
            TableColumn("from", "From", lambda row: Cell("", "instant", at=row.start),
                        lambda row: row.start, first="-"),
            TableColumn("to", "To", _end, lambda row: row.end, first="-"),
            TableColumn("hours", "Out, hours", lambda row: Cell(f"{hours(row):,.1f}"), hours,
                        numeric=True, first="-"),
            TableColumn("share", "GPUs out",
                        lambda row: Cell(share_words(row.gpus_lost, row.gpu_indices, told.gpus)),
                        lambda row: row.gpus_lost or told.gpus, first="-"),
            TableColumn("kind", "Kind", _kind, lambda row: row.planned),
            TableColumn("cause", "Cause, in the source's words",
                        lambda row: Cell(row.cause or "unknown", "words"),
                        lambda row: row.cause or None),
        ),
        key=lambda row: row.source_key,
        version=lambda row: f"{row.end} {row.gpus_lost} {row.gpu_indices}",
        facets=(Facet("kind", "Kind", (("planned", "Planned"), ("unplanned", "Unplanned")),
                      lambda row: "planned" if row.planned else "unplanned"),),
        searched="Cause",
        size=25,
    )  # fmt: skip
    return spec, rows_in_memory(spec, told.outages)


def _end(row: OutageRecord) -> Cell:
    return Cell("", "instant", at=row.end) if row.end else Cell("lasts")


def _kind(row: OutageRecord) -> Cell:
    if row.planned:
        return Cell("Planned", "state", state="hold")
    return Cell("Unplanned", "state", state="bad")
