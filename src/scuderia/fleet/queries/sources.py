"""What each source last said, and since when it is silent."""

from dataclasses import dataclass

from django.db.models import Count

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.queries.access import require_reach


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source of observations.

    spoke_at       until when it has spoken; None: never
    silent_since   None while it answers
    error          its last failure, in its own words
    """

    source: str
    spoke_at: AwareDatetime | None
    silent_since: AwareDatetime | None
    error: str
    nodes: int


def list_sources(actor: Actor) -> tuple[SourceStatus, ...]:
    """Return every source that was ever read, to whoever may read the whole fleet.

    raises   NotFound
    """
    require_reach(actor, EVERYTHING)
    counts = dict(LatestObservation.objects.values_list("source").annotate(Count("pk")).order_by())
    return tuple(
        SourceStatus(row.source, row.as_of, row.silent_since, row.error, counts.get(row.source, 0))
        for row in ObservationCursor.objects.order_by("source")
    )
