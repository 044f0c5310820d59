"""People, for who manages them: their roles, sessions and tokens; added, let in no more, again."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.nouns import Power, Role
from scuderia.loop.operations import access, passwords, people, single_sign_on
from scuderia.loop.pages.forms import BadForm, carry_out
from scuderia.loop.pages.people_table import PEOPLE
from scuderia.loop.pages.sign_ins import passwords_open
from scuderia.loop.ports import registry
from scuderia.loop.queries.people import PersonCard, TokenRow, get_person, list_people
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Crumb, Field
from scuderia.web.request_context import RequestContext, form_value, request_context
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, open_table, rows_in_memory

ROLE_WORDS = {
    Role.VIEWER: "viewer: reads",
    Role.OPERATOR: "operator: decides, undoes, pulls the brake",
    Role.LEAD: "lead: also grants, sets rules, lets the brake go",
    Role.ADMIN: "admin: also manages people",
}


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Everyone, and the form that adds somebody; `passwords` is whether any opens the pages."""

    people: DataTable
    fields: tuple[Field, ...]
    passwords: bool


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token as its line shows it; `state` is open, ended or expired."""

    token: TokenRow
    state: str


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person, and what may be done about them.

    link      an address over which they choose a password, shown this once; "" for none
    link_ends when that address opens nothing any more
    is_you    whoever looks is this person
    passwords whether a password opens the pages
    """

    card: PersonCard
    tokens: tuple[TokenLine, ...]
    crumbs: tuple[Crumb, ...]
    fields: tuple[Field, ...]
    is_you: bool
    passwords: bool
    link: str = ""
    link_ends: AwareDatetime | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@page
def everyone(request: HttpRequest) -> HttpResponseBase:
    """Show everyone, or add somebody."""
    asked = _asked(request)
    if request.method == "POST":
        return _added(request, asked)
    rows = rows_in_memory(PEOPLE, lambda: list_people(asked.actor))
    return csv_answer(PEOPLE, rows, request) or _everyone_shown(request)


@require_safe
@page
def person(request: HttpRequest, name: str) -> HttpResponse:
    """Show one person."""
    _asked(request)
    return _shown(request, name)


@require_POST
@page
def give_role(request: HttpRequest, name: str) -> HttpResponse:
    """Give a role on a scope, in place of any held there."""
    asked = _asked(request)

    def doing() -> str:
        role, scope = _role(request), _scope(request)
        if role is None:
            raise BadForm("no role was chosen")
        people.give_role(actor=asked.actor, person=name, role=role, scope=scope, now=asked.now)
        return f"{name} is {role.value} on {scope}."

    return _acted(request, name, doing)


@require_POST
@page
def take_role(request: HttpRequest, name: str) -> HttpResponse:
    """Take the role on a scope."""
    asked = _asked(request)

    def doing() -> str:
        scope = _scope(request)
        people.take_role(actor=asked.actor, person=name, scope=scope, now=asked.now)
        return f"{name} has no role on {scope} any more."

    return _acted(request, name, doing)


@require_POST
@page
def give_link(request: HttpRequest, name: str) -> HttpResponse:
    """Give a link over which the person chooses a password; it is shown in the answer alone."""
    asked = _asked(request)
    link = passwords.give_link(
        actor=asked.actor, person=name, now=asked.now, wall=registry.wall.now()
    )
    return _shown(request, name, link)


@require_POST
@page
def deactivate(request: HttpRequest, name: str) -> HttpResponse:
    """Let the person in no more."""
    asked = _asked(request)

    def doing() -> str:
        reason = form_value(request, "reason")
        if not reason:
            raise BadForm("no reason was given")
        ended = people.deactivate_person(
            actor=asked.actor, person=name, reason=reason, now=asked.now, wall=registry.wall.now()
        )
        return (
            f"{name} is let in no more: {_counted(ended.sessions, 'session')} and "
            f"{_counted(ended.tokens, 'token')} have ended."
        )

    return _acted(request, name, doing)


@require_POST
@page
def reactivate(request: HttpRequest, name: str) -> HttpResponse:
    """Let the person in again."""
    asked = _asked(request)

    def doing() -> str:
        people.reactivate_person(actor=asked.actor, person=name, now=asked.now)
        return f"{name} may come in again."

    return _acted(request, name, doing)


@require_POST
@page
def unbind(request: HttpRequest, name: str) -> HttpResponse:
    """Forget which account at a provider the person is."""
    _asked(request)
    return carry_out(
        request,
        single_sign_on.unbind,
        f"The next sign-in as {name} binds an account anew.",
        then=reverse("person", args=[name]),
        again=lambda: _shown(request, name),
        person=name,
    )


@require_POST
@page
def revoke_token(request: HttpRequest, name: str) -> HttpResponse:
    """End one of the person's tokens."""
    asked = _asked(request)

    def doing() -> str:
        token = form_value(request, "token")
        people.revoke_token(actor=asked.actor, person=name, name=token, now=registry.wall.now())
        return f"The token {token} opens nothing any more."

    return _acted(request, name, doing)


def _asked(request: HttpRequest) -> RequestContext:
    """Return who asks, if they manage people; others are told as for any page of no theirs."""
    asked = request_context(request)
    access.require(asked.actor, Power.MANAGE_PEOPLE, EVERYTHING)
    return asked


def _acted(request: HttpRequest, name: str, doing: Callable[[], str]) -> HttpResponse:
    then = reverse("person", args=[name])
    return act(request, doing, then=then, again=lambda: _shown(request, name))


def _added(request: HttpRequest, asked: RequestContext) -> HttpResponse:
    name = form_value(request, "name")

    def doing() -> str:
        people.create_person(
            actor=asked.actor, name=name, full_name=form_value(request, "full_name"),
            role=_role(request), scope=_scope(request), now=asked.now,
        )  # fmt: skip
        return f"{name} is added."

    then = f"{reverse('people')}/{quote(name, safe='')}"
    return act(request, doing, then=then, again=lambda: _everyone_shown(request))


def _role(request: HttpRequest) -> Role | None:
    text = form_value(request, "role")
    try:
        return Role(text) if text else None
    except ValueError:
        raise BadForm(f"there is no role {text[:40]!r}") from None


def _scope(request: HttpRequest) -> SubjectRef:
    return SubjectRef.parse(form_value(request, "scope") or str(EVERYTHING))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _everyone_shown(request: HttpRequest) -> HttpResponse:
    asked = request_context(request)
    rows = rows_in_memory(PEOPLE, list_people(asked.actor))
    table = open_table(PEOPLE, rows, request, path=reverse("people"))
    fields = (
        Field("name", "Sign-in name", value=form_value(request, "name"), required=True,
              help="Letters, digits, dots, dashes and @; it cannot be changed later.", longest=128),
        Field("full_name", "Full name", value=form_value(request, "full_name"), longest=200),
        *_role_fields(request, none="no role yet"),
    )  # fmt: skip
    return show(request, "loop/people.html", PeoplePage(table, fields, passwords_open()))


def _role_fields(request: HttpRequest, *, none: str = "") -> tuple[Field, Field]:
    choices = tuple((role.value, words) for role, words in ROLE_WORDS.items())
    return (
        Field("role", "Role", "select", value=form_value(request, "role"),
              choices=((("", none), *choices) if none else choices)),
        Field("scope", "Where", value=form_value(request, "scope") or str(EVERYTHING),
              required=True, help="* is everything; else a subject, kind:name.", longest=161),
    )  # fmt: skip


def _shown(
    request: HttpRequest, name: str, link: passwords.PasswordLink | None = None
) -> HttpResponse:
    asked, wall = request_context(request), registry.wall.now()
    card = get_person(asked.actor, name, wall=wall)
    context = PersonPage(
        card=card,
        tokens=tuple(_token_line(token, wall) for token in card.row.tokens[::-1]),
        crumbs=(Crumb("People", reverse("people")), Crumb(card.row.name)),
        fields=_role_fields(request),
        is_you=asked.actor.name == card.row.name,
        passwords=passwords_open(),
        link=_address(request, link) if link else "",
        link_ends=link.ends_at if link else None,
    )
    return show(request, "loop/person.html", context)


def _address(request: HttpRequest, link: passwords.PasswordLink) -> str:
    path = reverse("password-link", args=[link.person, link.secret])
    return request.build_absolute_uri(path)


def _token_line(token: TokenRow, wall: AwareDatetime) -> TokenLine:
    if token.revoked_at is not None:
        return TokenLine(token, "ended")
    return TokenLine(token, "open" if wall < token.expires_at else "expired")
