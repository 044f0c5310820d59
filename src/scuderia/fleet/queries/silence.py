"""Since when the source behind a subject does not answer."""

from collections.abc import Iterable, Mapping, Sequence

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.nouns import NodeState

_COLUMNS = {
    "node": "node__name",
    "rack": "node__rack__name",
    "cluster": "node__rack__cluster__name",
    "site": "node__rack__cluster__site__name",
}


class FleetSilence:
    """Fills loop.ports.SilenceOf: a node's own source, and of the rest any node under it."""

    kinds = frozenset({*_COLUMNS, "customer"})

    def silent_since(self, subjects: Sequence[SubjectRef]) -> Mapping[SubjectRef, AwareDatetime]:
        """Return the subjects of which a part at least is silent, and since when."""
        sources = silent_sources()
        if not sources:
            return {}
        found: dict[SubjectRef, AwareDatetime] = {}
        for kind in {subject.kind for subject in subjects}:
            names = [subject.name for subject in subjects if subject.kind == kind]
            for name, source in _silent(kind, names, sources):
                ref, since = SubjectRef(kind, name), sources[source]
                found[ref] = min(since, found.get(ref, since))
        return found


def silent_sources() -> dict[str, AwareDatetime]:
    """Return the sources that do not answer, and since when."""
    silent = ObservationCursor.objects.filter(silent_since__isnull=False)
    rows = silent.values_list("source", "silent_since")
    return {source: since for source, since in rows if since is not None}


def _silent(kind: str, names: list[str], sources: Iterable[str]) -> Iterable[tuple[str, str]]:
    if kind == "customer":
        held = Allocation.objects.filter(
            end__isnull=True,
            customer__name__in=names,
            node__latest__state=NodeState.UNKNOWN,
            node__latest__source__in=list(sources),
        )
        return held.values_list("customer__name", "node__latest__source").distinct()
    column = _COLUMNS[kind]
    unknown = LatestObservation.objects.filter(
        state=NodeState.UNKNOWN, source__in=list(sources), **{f"{column}__in": names}
    )
    return unknown.values_list(column, "source").distinct()
