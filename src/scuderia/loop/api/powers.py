"""Who may do what: brakes, grants, people and their tokens."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from scuderia.basics.actors import Actor
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api import shapes
from scuderia.loop.api.door import Limit, Offset, PageOut, answers, page_of, who
from scuderia.loop.nouns import BrakeScope, GrantId, Power
from scuderia.loop.operations import brakes, grants, people
from scuderia.loop.operations.people import IssuedToken
from scuderia.loop.ports import registry
from scuderia.loop.queries import brakes as brake_queries
from scuderia.loop.queries import grants as grant_queries
from scuderia.loop.queries.access import may
from scuderia.loop.queries.brakes import BrakeRow
from scuderia.loop.queries.lineage import known_lineage
from scuderia.loop.queries.people import PersonRow, list_people

router = Router(tags=["powers"])
persons = Router(tags=["people"])
_SOMEBODYS = frozenset({"customer", "node"})


@router.get("/brakes", response=answers(PageOut[shapes.BrakeOut]))
def list_brakes(
    request: HttpRequest, *, on_only: bool = True, limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return the brakes, newest first."""
    actor = who(request)
    found = brake_queries.list_brakes(actor, on_only=on_only)
    return page_of([row for row in found if _is_told(actor, row)], limit, offset)


@router.post("/brakes", response=answers(None, status=204))
def set_brake(request: HttpRequest, said: shapes.BrakeIn) -> Status[None]:
    """Stop everything, an agent, a kind or a scope; undo and un-drain stay open."""
    brakes.set_brake(
        actor=who(request),
        scope=said.stops,
        value=said.value,
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(204, None)


@router.post("/brakes/lift", response=answers(None, status=204))
def lift_brake(request: HttpRequest, said: shapes.BrakeIn) -> Status[None]:
    """Let go of a brake; what it halted waits for a person to resume it."""
    brakes.lift_brake(
        actor=who(request),
        scope=said.stops,
        value=said.value,
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(204, None)


@router.get("/grants", response=answers(PageOut[shapes.GrantOut]))
def list_grants(
    request: HttpRequest, limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return how far each agent may go, newest first."""
    return page_of(grant_queries.list_grants(who(request), now=registry.clock.now()), limit, offset)


@router.post("/grants", response=answers(shapes.GrantIdOut, status=201))
def give_grant(request: HttpRequest, said: shapes.GrantIn) -> Status[dict[str, GrantId]]:
    """Give an agent a level for a kind ("*" for all) on a scope; it replaces an open one."""
    grant_id = grants.give_grant(
        actor=who(request),
        agent=said.agent,
        kind=said.kind,
        scope=SubjectRef.parse(said.scope),
        level=said.level,
        expires_at=said.expires_at,
        budget=grants.Budget(said.actions_per_day, said.targets_per_day, said.cents_per_day),
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(201, {"grant_id": grant_id})


@router.post("/grants/{grant_id}/revoke", response=answers(None, status=204))
def revoke_grant(request: HttpRequest, grant_id: UUID, said: shapes.ReasonIn) -> Status[None]:
    """Take it back, for queued and waiting work too."""
    grants.revoke_grant(
        actor=who(request),
        grant_id=GrantId(grant_id),
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(204, None)


@persons.get("/me", response=answers(shapes.MeOut))
def me(request: HttpRequest) -> dict[str, object]:
    """Return who came in, with which roles, and the fleet's instant."""
    actor, mine = who(request), _mine(who(request))
    return {
        "name": mine.name,
        "full_name": mine.full_name,
        "active": mine.active,
        "roles": mine.roles,
        "via": actor.via,
        "fleet_now": registry.clock.now(),
    }


@persons.get("/people", response=answers(PageOut[shapes.PersonOut]))
def get_people(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> Mapping[str, object]:
    """Return everyone, to those who manage people; else oneself alone."""
    return page_of(list_people(who(request)), limit, offset)


@persons.get("/tokens", response=answers(PageOut[shapes.TokenOut]))
def list_tokens(
    request: HttpRequest, limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return one's own tokens, without their secrets, newest first."""
    return page_of(_mine(who(request)).tokens[::-1], limit, offset)


@persons.post("/tokens", response=answers(shapes.IssuedOut, status=201))
def issue_token(request: HttpRequest, said: shapes.TokenIn) -> Status[IssuedToken]:
    """Issue a token for oneself; its secret is told once. A token cannot issue a token."""
    actor = who(request)
    if actor.via:
        raise NotAuthorised("a token cannot issue a token", remedy="Sign in with your password.")
    issued = people.issue_token(
        actor=actor,
        person=actor.name,
        name=said.name,
        powers=list(dict.fromkeys(said.powers)),
        scope=SubjectRef.parse(said.scope),
        expires_at=said.expires_at,
        now=registry.wall.now(),
    )
    return Status(201, issued)


@persons.post("/tokens/revoke", response=answers(None, status=204))
def revoke_token(request: HttpRequest, said: shapes.TokenNameIn) -> Status[None]:
    """End one of one's own tokens at once; a token may end itself alone."""
    actor = who(request)
    if actor.via and actor.via != said.name:
        raise NotAuthorised("a token may end itself alone", remedy="Sign in with your password.")
    people.revoke_token(actor=actor, person=actor.name, name=said.name, now=registry.wall.now())
    return Status(204, None)


def _mine(actor: Actor) -> PersonRow:
    for row in list_people(actor):
        if row.name == actor.name:
            return row
    raise NotFound("no such person")


def _is_told(actor: Actor, brake: BrakeRow) -> bool:
    """Say whether the actor may know of it: a brake on another customer is that customer's."""
    if brake.stops is not BrakeScope.SCOPE:
        return True
    subject = SubjectRef.parse(brake.value)
    return subject.kind not in _SOMEBODYS or may(actor, Power.READ, known_lineage(subject))
