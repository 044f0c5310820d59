"""`scuderia people`: who may come in, by which password or token, and in which role."""

from datetime import timedelta
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, now
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done, print_json, say
from scuderia.loop.nouns import Power, Role
from scuderia.loop.operations import passwords, people, single_sign_on
from scuderia.loop.ports import registry
from scuderia.loop.queries.people import list_people

app = typer.Typer(no_args_is_help=True, help="People, their roles and their tokens.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's sign-in name.")]
Scope = Annotated[str, typer.Option(help="Where: *, or a subject, kind:name.")]


app.command("list")(
    listing(
        "List people with their roles and tokens (without secrets).",
        list_people,
        {
            "name": lambda row: row.name,
            "full name": lambda row: row.full_name,
            "active": lambda row: "yes" if row.active else "no",
            "roles": lambda row: [f"{held.role.value} on {held.scope}" for held in row.roles],
            "tokens": lambda row: [one.name for one in row.tokens if one.revoked_at is None],
        },
        empty="nobody",
    )
)


@app.command("create")
@for_actor
def create(
    name: Name,
    *,
    full_name: Annotated[str, typer.Option(help="As shown to others.")] = "",
    role: Annotated[Role | None, typer.Option(help="A first role.")] = None,
    scope: Scope = "*",
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password; else only tokens let in.")
    ] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Create a person, with a first role if one is named."""
    at = now()
    typed = _ask_password() if password else None
    person = people.create_person(
        actor=actor, name=name, full_name=full_name, password=typed, role=role,
        scope=SubjectRef.parse(scope), now=at,
    )  # fmt: skip
    _report({"person": person.name, "role": role, "scope": scope if role else ""}, as_json=as_json)


@app.command("role")
@for_actor
def give_role(
    name: Name,
    role: Annotated[Role, typer.Argument()],
    *,
    scope: Scope = "*",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Make a person this on a scope, in place of any role held there."""
    people.give_role(
        actor=actor,
        person=name,
        role=role,
        scope=SubjectRef.parse(scope),
        now=now(),
    )
    _report({"person": name, "role": role, "scope": scope}, as_json=as_json)


@app.command("unrole")
@for_actor
def take_role(
    name: Name,
    *,
    scope: Scope = "*",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Take a person's role on a scope."""
    people.take_role(actor=actor, person=name, scope=SubjectRef.parse(scope), now=now())
    _report({"person": name, "role": None, "scope": scope}, as_json=as_json)


@app.command("password")
@for_actor
def set_password(name: Name, *, actor: Actor, as_json: AsJson = False) -> None:
    """Set a person's password anew (it is asked for); their sessions end."""
    passwords.set_password(actor=actor, person=name, password=_ask_password(), now=now())
    _report({"person": name, "password": "set"}, as_json=as_json)


@app.command("deactivate")
@for_actor
def deactivate(name: Name, *, reason: Reason, actor: Actor, as_json: AsJson = False) -> None:
    """Let a person in no more: sessions and tokens end at once, the password is forgotten."""
    ended = people.deactivate_person(
        actor=actor, person=name, reason=reason, now=now(), wall=registry.wall.now()
    )
    facts = {"sessions_ended": ended.sessions, "tokens_ended": ended.tokens}
    _report({"person": name, "active": "no", **facts}, as_json=as_json)


@app.command("reactivate")
@for_actor
def reactivate(name: Name, *, actor: Actor, as_json: AsJson = False) -> None:
    """Let a person in again, with the roles of before; set a new password next."""
    people.reactivate_person(actor=actor, person=name, now=now())
    _report({"person": name, "active": "yes"}, as_json=as_json)


@app.command("unbind")
@for_actor
def unbind(name: Name, *, reason: Reason, actor: Actor, as_json: AsJson = False) -> None:
    """Forget which account at the provider the person is; the next sign-in binds one anew."""
    single_sign_on.unbind(actor=actor, person=name, reason=reason, now=now())
    _report({"person": name, "bound": "no"}, as_json=as_json)


@app.command("token")
@for_actor
def issue_token(
    name: Name,
    *,
    label: Annotated[str, typer.Option(help="What the token is for; shown in the audit.")],
    power: Annotated[list[str] | None, typer.Option(help="What it may; else only read.")] = None,
    scope: Scope = "*",
    days: Annotated[int, typer.Option(min=1, max=366, help="Until it expires.")] = 30,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Issue a token for a person and print its secret, this once."""
    at = registry.wall.now()  # a token lives in wall time
    issued = people.issue_token(
        actor=actor,
        person=name,
        name=label,
        powers=power or [Power.READ],
        scope=SubjectRef.parse(scope),
        expires_at=at + timedelta(days=days),
        now=at,
    )
    if as_json:
        print_json(issued)
    else:
        say(issued.secret)


@app.command("revoke")
@for_actor
def revoke_token(
    name: Name,
    label: Annotated[str, typer.Argument(help="The token's label.")],
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """End a token at once."""
    people.revoke_token(actor=actor, person=name, name=label, now=registry.wall.now())
    _report({"person": name, "revoked": label}, as_json=as_json)


def _ask_password() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _report(facts: dict[str, object], *, as_json: bool) -> None:
    words = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    print_done(facts, words, as_json=as_json)
