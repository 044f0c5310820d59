"""The update calendar, and drafts of it, as an actor may read them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.queries.access import readable_scopes, sees_everything
from scuderia.freeze.models.updates import MaintenanceWindow, Update, UpdateCap, UpdateNode
from scuderia.freeze.nouns import AskedUpdate, UpdateState
from scuderia.freeze.queries.zone_scope import scope_nodes

ROWS_MAX = 2_000
AHEAD = (UpdateState.PLANNED.value, UpdateState.OUT.value)


@dataclass(frozen=True, slots=True)
class UpdateRowView:
    """One update of the calendar.

    nodes    how many it touches, of those within the reader's reach
    binding  why it was left out of the last plan, in words; "" if it was not
    """

    key: str
    title: str
    update_class: str
    state: str
    start: AwareDatetime
    p50_s: int
    p95_s: int
    bake_s: int
    rollback_s: int
    nodes: int
    campaign: str
    ring: int
    severity: str
    due: AwareDatetime | None
    deadline: AwareDatetime | None
    owner: str
    deployer: str
    binding: str

    @property
    def end(self) -> AwareDatetime:
        """When it is over for certain: its work at p95, its baking and a rollback."""
        return self.start + timedelta(seconds=self.p95_s + self.bake_s + self.rollback_s)


@dataclass(frozen=True, slots=True)
class WindowRow:
    """When a site may be worked on, on its own clocks; `weekdays` 0 is Monday."""

    site: str
    time_zone: str
    opens: str
    closes: str
    weekdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CapRow:
    """How many nodes updates may have down together there."""

    subject: str
    nodes: int


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """One update of the calendar as the gate is asked for it, over all of its nodes.

    start       when it is planned to begin
    is_ahead    it is planned, and has a start: not done, cancelled or left out
    is_whole    every node that it touches lies within the reader's reach
    """

    key: str
    start: AwareDatetime
    asked: AskedUpdate
    is_ahead: bool
    is_whole: bool


def planned_update(actor: Actor, now: AwareDatetime, key: str) -> PlannedUpdate | None:
    """Return the update of that key; None where it touches no node within the actor's reach.

    raises   NotFound: the actor may read nothing at all
    """
    within = nodes_within(actor, now, "")
    found = Update.objects.filter(key=key).first()
    if found is None:
        return None
    nodes = tuple(found.touched.order_by("node").values_list("node", flat=True))
    if within is not None and within.isdisjoint(nodes):
        return None
    asked = AskedUpdate(
        nodes=nodes,
        update_class=found.update_class,
        start=int(found.start_at.timestamp()),
        work_s=found.p95_s,
        bake_s=found.bake_s,
        rollback_s=found.rollback_s,
    )
    is_whole = within is None or within.issuperset(nodes)
    is_ahead = found.state == UpdateState.PLANNED
    return PlannedUpdate(key, found.start_at, asked, is_ahead, is_whole)


def list_updates(
    actor: Actor,
    now: AwareDatetime,
    *,
    since: AwareDatetime | None = None,
    before: AwareDatetime | None = None,
    under: str = "",
    past: bool = False,
    limit: int = ROWS_MAX,
) -> tuple[UpdateRowView, ...]:
    """Return the updates that touch a node within the actor's reach, the first to start first.

    since, before   of their starts
    under           a customer, site, cluster, rack or node, e.g. site:rome; "" is all
    past            those that are done or cancelled too
    raises          NotFound: the actor may read nothing at all
    """
    names = nodes_within(actor, now, under)
    found = Update.objects.order_by("start_at", "key")
    if names is not None:
        found = found.filter(pk__in=_touching(names))
    if not past:
        found = found.filter(state__in=AHEAD)
    if since is not None:
        found = found.filter(start_at__gte=since)
    if before is not None:
        found = found.filter(start_at__lt=before)
    rows = list(found[: min(limit, ROWS_MAX)])
    counts = _counts([one.pk for one in rows], names)
    return tuple(_row(one, counts[one.pk]) for one in rows)


def nodes_within(actor: Actor, now: AwareDatetime, under: str) -> frozenset[str] | None:
    """Return the names of the nodes there that the actor may read of; None: no bound on any.

    raises   NotFound: the actor may read nothing at all
    """
    scopes = readable_scopes(actor)
    if not scopes:
        raise NotFound("nothing by that name is visible to you")
    whole = sees_everything(actor)
    if whole and not under:
        return None
    return frozenset(
        one.node
        for one in scope_nodes(now)
        if (whole or not scopes.isdisjoint(one.subjects)) and (not under or under in one.subjects)
    )


def list_windows(actor: Actor) -> tuple[WindowRow, ...]:
    """Return when each site may be worked on; one that is not named always may be."""
    scopes = readable_scopes(actor)
    return tuple(
        WindowRow(one.site, one.time_zone, one.opens, one.closes, tuple(one.weekdays))
        for one in MaintenanceWindow.objects.order_by("site")
        if str(EVERYTHING) in scopes or f"site:{one.site}" in scopes
    )


def list_caps(actor: Actor) -> tuple[CapRow, ...]:
    """Return the caps that were set."""
    scopes = readable_scopes(actor)
    return tuple(
        CapRow(one.subject, one.nodes)
        for one in UpdateCap.objects.order_by("subject")
        if str(EVERYTHING) in scopes or one.subject in scopes
    )


def _touching(names: Collection[str]) -> "QuerySet[UpdateNode, UUID]":
    return UpdateNode.objects.filter(node__among=names).values_list("update_id", flat=True)


def _counts(updates: list[UUID], names: frozenset[str] | None) -> "Counter[UUID]":
    rows = UpdateNode.objects.filter(update__in=updates).values_list("update_id", "node")
    return Counter(pk for pk, node in rows if names is None or node in names)


def _row(one: Update, nodes: int) -> UpdateRowView:
    return UpdateRowView(
        key=one.key,
        title=one.title,
        update_class=one.update_class,
        state=one.state,
        start=one.start_at,
        p50_s=one.p50_s,
        p95_s=one.p95_s,
        bake_s=one.bake_s,
        rollback_s=one.rollback_s,
        nodes=nodes,
        campaign=one.campaign,
        ring=one.ring,
        severity=one.severity,
        due=one.due_at,
        deadline=one.deadline_at,
        owner=one.owner,
        deployer=one.deployer,
        binding=one.binding,
    )
