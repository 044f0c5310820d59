"""`scuderia datasets project`: what customers asked for, and how far each has come."""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput
from scuderia.datasets.nouns import ProjectKind, ProjectState, Stage
from scuderia.datasets.operations import projects as operations
from scuderia.datasets.operations.projects import ProjectTerms
from scuderia.datasets.queries.projects import ProjectRow, get_project, list_projects
from scuderia.freeze.queries.asked_updates import read_bound
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, handed, now
from scuderia.loop.commands.output import print_done, print_json, print_rows, say

TEXT_MAX = 100_000
app = typer.Typer(no_args_is_help=True, help="Human-feedback projects: judged, measured, shipped.")
project_app = typer.Typer(no_args_is_help=True, help="Projects: what was asked for, by when.")
app.add_typer(project_app, name="project")

Label = Annotated[list[str] | None, typer.Option("--label", help="One of its labels; again.")]
Low = Annotated[int | None, typer.Option(help="Of a rating project: the low end of its scale.")]
High = Annotated[int | None, typer.Option(help="The high end.")]
Items = Annotated[int | None, typer.Option("--items", help="How many items are asked for.")]
PerItem = Annotated[int | None, typer.Option("--judgments-per-item", help="Of each item.")]
Due = Annotated[str, typer.Option(help='Promised for: "2026-12-18 18:00 Europe/Rome".')]
Zone = Annotated[str, typer.Option("--time-zone", help="IANA zone that counts its days.")]
Bar = Annotated[float | None, typer.Option("--quality-bar", help="Share that must be right.")]
Price = Annotated[str, typer.Option(help="For an item, e.g. 1.20.")]
Pay = Annotated[str, typer.Option(help="For a judgment, e.g. 0.15.")]
Currency = Annotated[str, typer.Option(help="Of both, e.g. EUR.")]
By = Annotated[str, typer.Option("--diversity-by", help="The attribute whose shares are planned.")]
Diversity = Annotated[str, typer.Option(help='Its shares, JSON: {"law": 0.4, "art": 0.6}.')]
Guideline = Annotated[str, typer.Option(help="The guideline's version from now on.")]
StageOf = Annotated[Stage | None, typer.Option("--stage", help="How far it is trusted.")]
Title = Annotated[str, typer.Option(help="As people call it.")]
Rubric = Annotated[Path | None, typer.Option(help="A file with the rubric, UTF-8.")]
Spec = Annotated[Path | None, typer.Option(help="A file with the specification, UTF-8.")]


def _said(
    *,
    title: Title = "",
    label: Label = None,
    low: Low = None,
    high: High = None,
    items: Items = None,
    judgments_per_item: PerItem = None,
    due: Due = "",
    time_zone: Zone = "",
    quality_bar: Bar = None,
    price: Price = "",
    pay: Pay = "",
    currency: Currency = "",
    diversity_by: By = "",
    diversity: Diversity = "",
    guideline: Guideline = "",
    stage: StageOf = None,
    spec: Spec = None,
    rubric: Rubric = None,
) -> dict[str, Any]:
    """Return the terms that were said, by their names."""
    said: dict[str, Any] = {
        "title": title,
        "labels": tuple(label or ()),
        "low": low,
        "high": high,
        "target_items": items,
        "judgments_per_item": judgments_per_item,
        "due_at": read_bound(due, "--due"),
        "time_zone": time_zone,
        "quality_bar": quality_bar,
        "price": _money(price, "--price"),
        "pay": _money(pay, "--pay"),
        "currency": currency.strip().upper(),
        "diversity_by": diversity_by,
        "diversity": _shares(diversity),
        "guideline": guideline,
        "stage": stage,
        "spec": _text_of(spec),
        "rubric": _text_of(rubric),
    }
    return {name: value for name, value in said.items() if value not in (None, "", (), {})}


for_terms = handed("terms", _said)


@project_app.command("add")
@for_terms
@for_actor
def add_command(
    name: str,
    *,
    customer: Annotated[str, typer.Option(help="Whose it is; on the books already.")],
    kind: Annotated[ProjectKind, typer.Option(help="What is asked of an item.")],
    terms: dict[str, Any],
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Bring a project onto the books."""
    said = ProjectTerms(**terms)
    operations.add_project(
        actor=actor, name=name, customer=customer, kind=kind, terms=said, now=now()
    )
    words = f"{name} is on the books. Next: scuderia datasets import {name} FILE"
    print_done({"project": name}, words, as_json=as_json)


@project_app.command("edit")
@for_terms
@for_actor
def edit_command(
    name: str, *, terms: dict[str, Any], reason: Reason = "", actor: Actor, as_json: AsJson = False
) -> None:
    """Change what is named; the rest stays."""
    changed = operations.edit_project(
        actor=actor, name=name, changes=terms, reason=reason, now=now()
    )
    words = f"{name} is changed." if changed else f"{name} stands so already."
    print_done({"project": name, "changed": changed}, words, as_json=as_json)


def _set_state(word: str, state: ProjectState, job: str) -> None:
    def command(name: str, *, reason: Reason = "", actor: Actor, as_json: AsJson = False) -> None:
        changed = operations.set_state(
            actor=actor, name=name, state=state, reason=reason, now=now()
        )
        words = f"{name} is {state}." if changed else f"{name} is {state} already."
        print_done({"project": name, "changed": changed}, words, as_json=as_json)

    command.__doc__ = job
    project_app.command(word)(for_actor(command))


_set_state("pause", ProjectState.PAUSED, "Take nothing in for a while.")
_set_state("resume", ProjectState.ACTIVE, "Take judgments in again.")
_set_state("close", ProjectState.CLOSED, "End it: delivered, or given up.")


@project_app.command("list")
@for_actor
def list_command(
    *,
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones too.")] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """List the projects, the first due first."""
    print_rows(
        list_projects(actor, now(), closed=closed),
        {
            "project": lambda row: row.name,
            "customer": lambda row: row.customer,
            "kind": lambda row: row.kind,
            "state": lambda row: row.state,
            "due (UTC)": lambda row: row.due_at,
            "judgments": lambda row: f"{row.judgments:,} of {row.target_judgments:,}",
            "progress": _share,
        },
        empty="No project is on the books. Add one: scuderia datasets project add NAME",
        as_json=as_json,
    )


@project_app.command("show")
@for_actor
def show_command(name: str, *, actor: Actor, as_json: AsJson = False) -> None:
    """Show one project."""
    view = get_project(actor, name, now())
    if as_json:
        print_json(view)
        return
    row = view.project
    say(f"{row.title} ({row.name}), {row.kind} for {row.customer}: {row.state}, {row.stage}")
    say(f"{row.judgments:,} of {row.target_judgments:,} judgments ({_share(row)})")
    say(f"{row.items:,} of {row.target_items:,} items, {row.contributors:,} contributors")
    due = "not promised" if row.due_at is None else f"promised for {row.due_at.isoformat()}"
    say(f"{due}; days counted in {row.time_zone}; guideline {row.guideline}")
    if row.quality_bar is not None:
        say(f"{row.quality_bar:.1%} must be right")


def _share(row: ProjectRow) -> str:
    """Return the progress, never rounded up to the whole."""
    return f"{int(row.progress * 1000) / 10:.1f}%"


def _money(text: str, flag: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        message = f"{flag} {text[:40]!r} is no amount"
        raise BadInput(message, remedy="Write digits and a point: 1.20.") from None


def _shares(text: str) -> dict[str, float]:
    if not text.strip():
        return {}
    try:
        said = json.loads(text)
        return {str(name): float(share) for name, share in said.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        message = f"--diversity {text[:40]!r} is no object of shares"
        raise BadInput(message, remedy='Write {"law": 0.4, "art": 0.6}.') from None


def _text_of(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}", remedy="Give a UTF-8 file.") from None
    if len(text) > TEXT_MAX:
        raise BadInput(f"{path} has over {TEXT_MAX:,} characters", remedy="Shorten it.")
    return text
