"""Coming in by a provider's word: the account is bound to one person, and refusals are audited."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.models.people import Identity
from scuderia.loop.nouns import OutsideIdentity, Power, Role
from scuderia.loop.operations import access, audit, people, sign_ins
from scuderia.loop.operations.patience import waiting_at_most
from scuderia.loop.operations.sign_ins import SIGN_IN, TURN_WITHIN_S

BY = "single sign-on"
"""How the audit tells these sign-ins from those by password."""


class UnknownPerson(NotAuthorised):
    """Nobody here is called what the provider calls the account, so nobody was let in."""

    code = "SSO-005"
    remedy = "Ask an admin to add you under that name."


class Deactivated(NotAuthorised):
    """The person is let in no more."""

    code = "SSO-006"
    remedy = "Ask an admin to let you in again."


class BoundElsewhere(NotAuthorised):
    """The person of that name has come in by another account of the provider before."""

    code = "SSO-007"
    remedy = "Ask an admin to unbind the account of before, if this is the same person."


def come_in(
    *, identity: OutsideIdentity, newcomers: Role | None, address: str, now: AwareDatetime
) -> Actor:
    """Return the person that the account is, and put on record that they came in.

    The first time, an account is bound to the person who bears its name, in whatever case; from
    then on it is that person, whatever it is called. A refusal binds nothing.

    newcomers   what somebody unknown becomes on everything; None: they are refused
    raises      UnknownPerson, Deactivated, BoundElsewhere, people.BadPerson
    """
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():
        user = _bound(identity) or _bind(identity, newcomers, now)
        if not user.is_active:
            raise Deactivated(f"{user.get_username()} is let in no more")
        actor = Actor(ActorKind.PERSON, user.get_username())
        sign_ins.record(actor, "person.signed_in", actor.name, address, now, by=BY)
    return actor


@transaction.atomic
def unbind(*, actor: Actor, person: str, reason: str, now: AwareDatetime) -> None:
    """Forget which accounts a person is; the next sign-in under their name binds one anew.

    raises   NotAuthorised, NotFound
    """
    access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    ended, _ = Identity.objects.filter(person=people.user_named(person)).delete()
    if not ended:
        raise NotFound(f"{person} is bound to no account")
    audit.record(actor, "person.unbound", subject=f"person:{person}", at=now, reason=reason)


def _bound(identity: OutsideIdentity) -> User | None:
    found = Identity.objects.select_related("person").filter(
        issuer=identity.issuer, subject=identity.subject
    )
    return next((one.person for one in found), None)


def _bind(identity: OutsideIdentity, newcomers: Role | None, now: AwareDatetime) -> User:
    named = list(get_user_model().objects.filter(username__iexact=identity.name)[:2])
    if len(named) > 1:
        raise UnknownPerson(f"more than one person here is called {identity.name[:80]!r}")
    if not named and newcomers is None:
        raise UnknownPerson(f"nobody here is called {identity.name[:80]!r}")
    user = named[0] if named else _newcomer(identity, newcomers or Role.VIEWER, now)
    name = user.get_username()
    if not user.is_active:
        raise Deactivated(f"{name} is let in no more")
    if Identity.objects.filter(person=user, issuer=identity.issuer).exists():
        raise BoundElsewhere(f"{name} is another account of the provider")
    Identity.objects.create(
        person=user, issuer=identity.issuer, subject=identity.subject, bound_at=now
    )
    audit.record(
        SIGN_IN, "person.bound", subject=f"person:{name}", at=now,
        detail={"issuer": identity.issuer, "account": identity.subject},
    )  # fmt: skip
    return user


def _newcomer(identity: OutsideIdentity, role: Role, now: AwareDatetime) -> User:
    user = people.make_person(
        actor=SIGN_IN, name=identity.name, full_name=identity.full_name, password=None, now=now
    )
    people.put_role(actor=SIGN_IN, user=user, role=role, scope=EVERYTHING, now=now)
    return user
