"""Facts seen from outside, read."""

from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.signals import Signal
from scuderia.loop.nouns import Power, SignalId
from scuderia.loop.queries.access import may, scopes_with
from scuderia.loop.queries.lineage import known_lineage


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One fact as it was stored."""

    id: SignalId
    kind: str
    subject: SubjectRef
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    source: str
    payload: JsonObject


def list_signals(
    actor: Actor, *, subject: SubjectRef | None = None, limit: int = 100
) -> tuple[SignalRow, ...]:
    """Return facts within the actor's reach, newest first.

    subject   only facts about exactly this; without it a scoped reader sees those about the
              scopes themselves, since a signal does not keep what its subject hung under
    """
    found = Signal.objects.all()
    if subject is not None:
        if not may(actor, Power.READ, known_lineage(subject)):
            return ()
        found = found.filter(subject=str(subject))
    else:
        scopes = scopes_with(actor, Power.READ)
        if str(EVERYTHING) not in scopes:
            found = found.filter(subject__in=sorted(scopes))
    return tuple(
        row_from(
            SignalRow, signal, id=SignalId(signal.id), subject=SubjectRef.parse(signal.subject)
        )
        for signal in found.order_by("-occurred_at", "-pk")[:limit]
    )
