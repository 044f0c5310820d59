"""Who stands where: the scopes on which an actor holds a power, and where a subject hangs."""

from django.contrib.auth import get_user_model
from django.db.models import Q

from scuderia.basics.actors import Actor
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef, covers
from scuderia.loop.engine.powers import POWERS_OF_MACHINES, roles_with
from scuderia.loop.models.people import ApiToken, Membership
from scuderia.loop.nouns import Power
from scuderia.loop.ports import sockets


def scopes_with(actor: Actor, power: Power) -> frozenset[str]:
    """Return every scope on which the actor holds the power; empty for a stranger.

    A person who came with an API token holds only what the token leaves of the person's powers.
    """
    if not actor.is_person:
        held = power in POWERS_OF_MACHINES[actor.kind]
        return frozenset({str(EVERYTHING)}) if held else frozenset()
    scopes = frozenset(
        Membership.objects.filter(
            person__username=actor.name,
            person__is_active=True,
            taken_at__isnull=True,
            role__in=[role.value for role in roles_with(power)],
        ).values_list("scope", flat=True)
    )
    return _narrowed(actor, power, scopes) if actor.by_token else scopes


def may(actor: Actor, power: Power, lineage: Lineage) -> bool:
    """Say whether the actor holds the power on a scope that covers the lineage."""
    return any(covers(SubjectRef.parse(scope), lineage) for scope in scopes_with(actor, power))


def lineage_of(subject: SubjectRef) -> Lineage:
    """Return where the subject hangs; a subject nobody knows hangs under EVERYTHING alone.

    raises   NotFound: its room knows no such subject
    """
    source = sockets.lineages.get(subject.kind)
    if source is None:
        return frozenset({subject, EVERYTHING})
    return source.lineage(subject) | {subject, EVERYTHING}


def known_lineage(subject: SubjectRef) -> Lineage:
    """Return where the subject hangs, or under EVERYTHING alone while its room does not know it."""
    try:
        return lineage_of(subject)
    except Refused:
        return frozenset({subject, EVERYTHING})


def common_lineage(targets: tuple[SubjectRef, ...]) -> Lineage:
    """Return what EVERY target hangs under; a role must stand on one of these to reach them."""
    lineages = [lineage_of(target) for target in targets] or [frozenset({EVERYTHING})]
    return frozenset.intersection(*lineages)


def union_lineage(targets: tuple[SubjectRef, ...]) -> Lineage:
    """Return what ANY target hangs under; a brake on one of these stops them all."""
    return frozenset({EVERYTHING}).union(*(lineage_of(target) for target in targets))


def in_reach(scopes: frozenset[str], *, path: str) -> Q:
    """Return the filter for rows whose scope rows, at `path`, hold one of these scopes."""
    if str(EVERYTHING) in scopes:
        return Q()
    return Q(**{f"{path}__in": sorted(scopes)})


def person_named(name: str) -> object | None:
    """Return the Django user of that name, if any."""
    return get_user_model().objects.filter(username=name).first()


def _narrowed(actor: Actor, power: Power, scopes: frozenset[str]) -> frozenset[str]:
    """Return what the token leaves of `scopes`: the narrower of the two, pair by pair."""
    token = ApiToken.objects.filter(
        person__username=actor.name, name=actor.via, revoked_at__isnull=True
    ).first()
    if token is None or power.value not in token.powers:
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
