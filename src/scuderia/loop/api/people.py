"""People and their tokens."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema, Status

from scuderia.basics.actors import Actor
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api import common
from scuderia.loop.api.row_schemas import made_from
from scuderia.loop.operations import passwords, people, single_sign_on
from scuderia.loop.operations.people import IssuedToken
from scuderia.loop.ports import registry
from scuderia.loop.queries.people import PersonRow, TokenRow, list_people

router = Router(tags=["people"])


@made_from(PersonRow, leave_out={"tokens"})
class PersonOut(Schema):
    """One person and the roles held; tokens are told to their owner alone."""


@made_from(PersonRow, leave_out={"tokens"}, usual=False)
class MeOut(Schema):
    """Who came in, by which token if any, and the domain's instant."""

    via: str
    now: datetime
    fleet_now: datetime = Field(deprecated=True)


class TokenIn(Schema):
    """A token for oneself: at most these powers, on at most this scope, until then (wall time)."""

    name: common.Name
    powers: list[common.Name] = Field(min_length=1, max_length=20)
    scope: common.SubjectText = "*"
    expires_at: common.Instant


class TokenNameIn(Schema):
    """Which of one's own tokens."""

    name: common.Name


class PersonIn(Schema):
    """Which person, by sign-in name."""

    name: common.SubjectText


class PasswordIn(PersonIn):
    """A person's new password; it is told to nobody and kept only as a hash."""

    password: common.Words


class LinkOut(Schema):
    """An address over which a person chooses a password, told this once, and until when it opens.

    ends_at   in wall time
    """

    person: str
    address: str
    ends_at: datetime


class UnbindIn(PersonIn):
    """Whose account at a provider is to be forgotten, and why."""

    reason: common.Words = Field(min_length=1)


class DeactivateIn(PersonIn):
    """Who is to come in no more, and why."""

    reason: common.Words = Field(min_length=1)


@router.get("/me", response=common.answers(MeOut))
def me(request: HttpRequest) -> dict[str, object]:
    """Return who came in, with which roles, and the domain's instant."""
    actor, mine = common.request_actor(request), _mine(common.request_actor(request))
    return {
        "name": mine.name,
        "full_name": mine.full_name,
        "active": mine.active,
        "roles": mine.roles,
        "via": actor.via,
        "now": registry.clock.now(),
        "fleet_now": registry.clock.now(),
    }


@router.get("/people", response=common.answers(common.PageOut[PersonRow]))
def get_people(request: HttpRequest, *, page: common.Page) -> Mapping[str, object]:
    """Return everyone, to those who manage people; else oneself alone."""
    return page.of(list_people(common.request_actor(request)))


@router.post("/people/password", response=common.answers(None, status=204))
def set_password(request: HttpRequest, said: PasswordIn) -> Status[None]:
    """Set another person's password anew; their sessions end. Asks for `manage_people`."""
    passwords.set_password(person=said.name, password=said.password, **common.asked_by(request))
    return Status(204, None)


@router.post("/people/password-link", response=common.answers(LinkOut, status=201))
def give_password_link(request: HttpRequest, said: PersonIn) -> Status[dict[str, object]]:
    """Give a link over which another person chooses a password, once and within a day.

    Void once they sign in, or any password of theirs is set. Asks for `manage_people`.
    """
    link = passwords.give_link(
        person=said.name, wall=registry.wall.now(), **common.asked_by(request)
    )
    path = reverse("password-link", args=[link.person, link.secret])
    address = request.build_absolute_uri(path)
    return Status(201, {"person": link.person, "address": address, "ends_at": link.ends_at})


@router.post("/people/unbind", response=common.answers(None, status=204))
def unbind_person(request: HttpRequest, said: UnbindIn) -> Status[None]:
    """Forget which account at a provider a person is; the next sign-in under their name binds anew.

    Asks for `manage_people`.
    """
    single_sign_on.unbind(person=said.name, reason=said.reason, **common.asked_by(request))
    return Status(204, None)


@router.post("/people/deactivate", response=common.answers(None, status=204))
def deactivate_person(request: HttpRequest, said: DeactivateIn) -> Status[None]:
    """Let a person in no more: their sessions and tokens end at once. Asks for `manage_people`."""
    people.deactivate_person(
        person=said.name, reason=said.reason, wall=registry.wall.now(), **common.asked_by(request)
    )
    return Status(204, None)


@router.post("/people/reactivate", response=common.answers(None, status=204))
def reactivate_person(request: HttpRequest, said: PersonIn) -> Status[None]:
    """Let a person in again; a new password is set apart. Asks for `manage_people`."""
    people.reactivate_person(person=said.name, **common.asked_by(request))
    return Status(204, None)


@router.get("/tokens", response=common.answers(common.PageOut[TokenRow]))
def list_tokens(request: HttpRequest, *, page: common.Page) -> Mapping[str, object]:
    """Return one's own tokens, without their secrets, newest first."""
    return page.of(_mine(common.request_actor(request)).tokens[::-1])


@router.post("/tokens", response=common.answers(IssuedToken, status=201))
def issue_token(request: HttpRequest, said: TokenIn) -> Status[IssuedToken]:
    """Issue a token for oneself; its secret is told once. A token cannot issue a token."""
    actor = common.request_actor(request)
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


@router.post("/tokens/revoke", response=common.answers(None, status=204))
def revoke_token(request: HttpRequest, said: TokenNameIn) -> Status[None]:
    """End one of one's own tokens at once; a token may end itself alone."""
    actor = common.request_actor(request)
    if actor.via and actor.via != said.name:
        raise NotAuthorised("a token may end itself alone", remedy="Sign in with your password.")
    people.revoke_token(actor=actor, person=actor.name, name=said.name, now=registry.wall.now())
    return Status(204, None)


def _mine(actor: Actor) -> PersonRow:
    for row in list_people(actor):
        if row.name == actor.name:
            return row
    raise NotFound("no such person")
