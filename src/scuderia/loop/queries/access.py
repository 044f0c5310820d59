"""Who may what, where: the scopes on which an actor holds a power."""

from collections.abc import Iterable

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef, covers
from scuderia.loop.models.people import ApiToken, Membership
from scuderia.loop.ports import registry
from scuderia.loop.queries.lineage import known_lineage


def scopes_with(actor: Actor, power: str) -> frozenset[str]:
    """Return every scope on which the actor holds the power; empty for a stranger.

    A person who came with an API token holds only what the token leaves of the person's powers.
    """
    spec = registry.powers.get(power)
    if spec is None:
        return frozenset()
    if not actor.is_person:
        held = not spec.acting and actor.kind.value in spec.machines
        return frozenset({str(EVERYTHING)}) if held else frozenset()
    scopes = frozenset(
        Membership.objects.filter(
            person__username=actor.name,
            person__is_active=True,
            taken_at__isnull=True,
            role__in=spec.roles,
        ).values_list("scope", flat=True)
    )
    return _narrowed(actor, power, scopes) if actor.by_token else scopes


def may(actor: Actor, power: str, lineage: Lineage) -> bool:
    """Say whether the actor holds the power on a scope that covers the lineage."""
    return any(covers(SubjectRef.parse(scope), lineage) for scope in scopes_with(actor, power))


def may_somewhere(actor: Actor, power: str) -> bool:
    """Say whether the actor holds the power on any scope at all."""
    return bool(scopes_with(actor, power))


def concerning(readable: frozenset[str], stands_on: Iterable[str]) -> frozenset[str]:
    """Return those of the scopes on which something stands that a reader of others is told of.

    What stands under a scope that they may read is theirs to know, and what stands above one
    binds what is theirs. A scope costs what its room asks for a lineage, once however often it
    is named.
    """
    asked = frozenset(stands_on)
    if str(EVERYTHING) in readable:
        return asked
    above = frozenset().union(*(known_lineage(SubjectRef.parse(text)) for text in readable))
    binding = asked & frozenset(map(str, above))
    return binding | {
        text
        for text in asked - binding
        if not readable.isdisjoint(map(str, known_lineage(SubjectRef.parse(text))))
    }


def _narrowed(actor: Actor, power: str, scopes: frozenset[str]) -> frozenset[str]:
    """Return what the token leaves of `scopes`: the narrower of the two, pair by pair."""
    token = ApiToken.objects.filter(
        person__username=actor.name, name=actor.via, revoked_at__isnull=True
    ).first()
    if token is None or str(power) not in token.powers:
        return frozenset()
    limit = SubjectRef.parse(token.scope)
    narrowed = set()
    for text in scopes:
        scope = SubjectRef.parse(text)
        if limit == EVERYTHING or covers(limit, known_lineage(scope)):
            narrowed.add(text)
        elif covers(scope, known_lineage(limit)):
            narrowed.add(token.scope)
    return frozenset(narrowed)
