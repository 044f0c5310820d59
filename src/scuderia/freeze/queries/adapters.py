"""The systems that ask the gate by a webhook, and how their answers fare; no secret is told."""

from dataclasses import dataclass

from django.db.models import Count, Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.freeze.models.adapters import Adapter
from scuderia.freeze.models.callbacks import Callback
from scuderia.freeze.nouns import AdapterName, CallbackState
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import may


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What a deployment to one place touches."""

    name: str
    nodes: str
    update_class: str
    work_s: int
    bake_s: int
    rollback_s: int


@dataclass(frozen=True, slots=True)
class AdapterRow:
    """One system that asks.

    failed        of the last thirty days: how many answers did not arrive
    last_failure  what was said of the newest of them
    """

    name: AdapterName
    person: str
    token: str
    hosts: tuple[str, ...]
    targets: tuple[TargetRow, ...]
    waiting: int
    sent: int
    failed: int
    last_failure: str
    set_by: str
    set_at: AwareDatetime


def list_adapters(actor: Actor) -> tuple[AdapterRow, ...]:
    """Return those that were set up, to whoever manages people; nothing to anybody else."""
    if not may(actor, Power.MANAGE_PEOPLE, frozenset({EVERYTHING})):
        return ()
    return tuple(_row(one) for one in Adapter.objects.order_by("name"))


def _row(one: Adapter) -> AdapterRow:
    found = Callback.objects.filter(adapter=one.name)
    counts = found.aggregate(
        **{state.value: Count("pk", filter=Q(state=state)) for state in CallbackState}
    )
    last = found.filter(state=CallbackState.FAILED).order_by("-made_at").first()
    targets = tuple(
        TargetRow(at.name, at.nodes, at.update_class, at.work_s, at.bake_s, at.rollback_s)
        for at in one.targets.order_by("name")
    )
    return AdapterRow(
        name=AdapterName(one.name),
        person=one.person,
        token=one.token,
        hosts=tuple(one.hosts),
        targets=targets,
        **counts,
        last_failure=last.said if last else "",
        set_by=one.set_by,
        set_at=one.set_at,
    )
