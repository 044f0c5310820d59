"""`scuderia freeze`: ask for a no-fly zone, decide on it, extend and end it, see them all."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.queries.shared_parts import counted
from scuderia.freeze.nouns import ZoneAsked, ZoneScope
from scuderia.freeze.operations import zones
from scuderia.freeze.queries.zones import ZoneRow, get_zone, list_zones, zone_ids
from scuderia.loop.commands.command_actor import AsJson, for_actor, handed, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import (
    print_done,
    print_facts,
    print_json,
    print_table,
    say,
    short,
)

HIDDEN = "one that is not yours to read"
app = typer.Typer(no_args_is_help=True, help="No-fly zones: nothing is changed on which GPUs when.")

Why = Annotated[str, typer.Option("--reason", help="Why, in your words; it is kept.")]
ZoneId = Annotated[str, typer.Argument(metavar="ZONE", help="The zone's id, or its end.")]
End = Annotated[str, typer.Option("--to", help="Its end: date, time and zone, as --from.")]
OpenEnd = Annotated[bool, typer.Option("--open-end", help="No end is known; say --review.")]
Review = Annotated[str, typer.Option(help="When an open end is looked at again.")]


def _scope(
    gpus: Annotated[int | None, typer.Option(help="So many of the customer's GPUs.")] = None,
    sku: Annotated[str, typer.Option(help="With --gpus: of this node type.")] = "",
    site: Annotated[
        list[str] | None, typer.Option(help="With --gpus: at this site; else all of it.")
    ] = None,
    cluster: Annotated[list[str] | None, typer.Option(help="All of this cluster.")] = None,
    rack: Annotated[list[str] | None, typer.Option(help="All of this rack.")] = None,
    node: Annotated[list[str] | None, typer.Option(help="A node, or node[001-128].")] = None,
    hold: Annotated[
        bool,
        typer.Option("--hold", help="With --gpus and --sku: free ones, kept for its run."),
    ] = False,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="Only nodes with key=value, or key!=value; all of these."),
    ] = None,
) -> ZoneScope:
    """Return what the zone is to hold."""
    counted = gpus is not None
    under = [] if counted else [f"site:{name}" for name in site or ()]
    under += [f"cluster:{name}" for name in cluster or ()]
    under += [f"rack:{name}" for name in rack or ()]
    under += [f"node:{name}" for name in (expand_nodes(node) if node else ())]
    at = _only(site) if counted else ""
    return ZoneScope(tuple(under), gpus, sku, at, tuple(label or ()), hold)


@app.command("request")
@for_actor
@handed("scope", _scope)
def request_command(
    *,
    customer: Annotated[str, typer.Option(help="For whose sake.")],
    start: Annotated[
        str, typer.Option("--from", help='E.g. "2026-07-24 00:00 America/Los_Angeles".')
    ],
    reason: Why,
    end: End = "",
    open_end: OpenEnd = False,
    review: Review = "",
    scope: ZoneScope,
    all_nodes: Annotated[
        bool, typer.Option("--all-nodes", help="Every node that the customer holds.")
    ] = False,
    update_class: Annotated[
        list[str] | None, typer.Option("--class", help="Stop this class of updates; else all.")
    ] = None,
    title: Annotated[str, typer.Option(help="A name for people.")] = "",
    ticket: Annotated[str, typer.Option(help="Where it was asked for.")] = "",
    rrule: Annotated[str, typer.Option(help="RFC 5545: how it repeats.")] = "",
    exdate: Annotated[list[str] | None, typer.Option(help="A start left out.")] = None,
    rdate: Annotated[list[str] | None, typer.Option(help="A start beside the rule.")] = None,
    end_kind: Annotated[
        str, typer.Option(help="How ends follow where it repeats: wall, nominal, exact.")
    ] = "wall",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would hold.")] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Ask for a zone; another person approves it before it stops anything."""
    if all_nodes:
        scope = replace(scope, under=(f"customer:{customer}", *scope.under))
    asked = ZoneAsked(
        customer=customer,
        scope=scope,
        start=start,
        end=end,
        open_end=open_end,
        review=review,
        classes=tuple(update_class or ()),
        title=title,
        ticket=ticket,
        reason=reason,
        rrule=rrule,
        exdates=tuple(exdate or ()),
        rdates=tuple(rdate or ()),
        end_kind=end_kind,
    )
    made = zones.request_zone(actor=actor, asked=asked, now=now(), dry_run=dry_run)
    if as_json:
        print_json(made)
        return
    said = "would hold" if made.zone_id is None else f"zone {short(made.zone_id)} is to hold"
    held = _told(made.nodes, len(made.nodes))
    say(f"{said} {len(made.nodes):,} nodes with {made.gpus:,} GPUs: {held}")
    if made.parts:
        say(f"and {counted(made.parts)}: {_told(made.parts, len(made.parts))}")
    if made.zone_id is not None:
        say("it waits for another person: scuderia freeze approve ZONE --reason WHY")


@app.command("approve")
@for_actor
def approve_command(zone: ZoneId, *, reason: Why, actor: Actor, as_json: AsJson = False) -> None:
    """Say yes to a zone that somebody else asked for, or to its extension."""
    _decide(zones.approve_zone, "approved", zone, reason, actor, as_json=as_json)


@app.command("reject")
@for_actor
def reject_command(zone: ZoneId, *, reason: Why, actor: Actor, as_json: AsJson = False) -> None:
    """Say no to a zone, or to its extension."""
    _decide(zones.reject_zone, "rejected", zone, reason, actor, as_json=as_json)


@app.command("end")
@for_actor
def end_command(zone: ZoneId, *, reason: Why, actor: Actor, as_json: AsJson = False) -> None:
    """End a zone before its time."""
    _decide(zones.end_zone, "ended", zone, reason, actor, as_json=as_json)


@app.command("extend")
@for_actor
def extend_command(
    zone: ZoneId,
    *,
    end: End = "",
    open_end: OpenEnd = False,
    review: Review = "",
    reason: Why,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Ask for a later end; the old one holds until another person approves."""
    zone_id = full_zone_id(zone, actor)
    zones.extend_zone(
        actor=actor, zone_id=zone_id, end=end, open_end=open_end, review=review, reason=reason,
        now=now(),
    )  # fmt: skip
    words = f"zone {short(zone_id)}: the later end waits for another person"
    print_done({"zone_id": zone_id}, words, as_json=as_json)


def _state(row: ZoneRow) -> str:
    return f"{row.state.value}, {row.waits_for} waits" if row.waits_for else row.state.value


def _end(row: ZoneRow) -> AwareDatetime | str:
    if row.ends_at is not None:
        return row.ends_at
    return f"open, review {row.review_at:%Y-%m-%d %H:%M}"


def _zones(
    actor: Actor,
    *,
    past: Annotated[bool, typer.Option("--past", help="Those that are over too.")] = False,
) -> Sequence[ZoneRow]:
    return list_zones(actor, now(), past=past)


app.command("list")(
    listing(
        "List the zones, the last to start first.",
        _zones,
        {
            "zone": lambda row: short(row.id),
            "state": _state,
            "customer": lambda row: row.customer,
            "holds": lambda row: row.scope,
            "nodes": lambda row: row.nodes,
            "from (UTC)": lambda row: row.starts_at,
            "to (UTC)": _end,
            "by": lambda row: row.requested_by,
            "reason": lambda row: row.reason,
        },
        empty="no zone is in force or to come",
    )
)


@app.command("show")
@for_actor
def show_command(zone: ZoneId, *, actor: Actor, as_json: AsJson = False) -> None:
    """Show one zone: what it holds, when, and every step of its life."""
    view = get_zone(actor, full_zone_id(zone, actor), now())
    if as_json:
        print_json(view)
        return
    row = view.zone
    print_facts(
        {
            "zone": row.id,
            "title": row.title,
            "state": _state(row),
            "customer": row.customer,
            "reason": row.reason,
            "ticket": row.ticket or None,
            "holds": f"{row.scope}: {row.nodes:,} nodes with {row.gpus:,} GPUs",
            "nodes": _told(view.node_names, row.nodes),
            **({"and": f"{view.parts_held}: {', '.join(view.parts)}"} if view.parts_held else {}),
            "stops": row.classes,
            "as asked": f"{row.first} to {row.until or 'an open end'}, {row.time_zone}",
            "repeats": f"{row.rrule}, ends {row.end_kind}" if row.rrule else "once",
            "from (UTC)": row.starts_at,
            "to (UTC)": _end(row),
        }
    )
    say(f"watched at the machines: {view.watched:,} of {row.nodes:,} nodes seen in 5 minutes")
    print_table(
        ["breach (UTC)", "node", "changed", "was", "is"],
        ([one.seen, one.node or HIDDEN, one.kind, one.was, one.value] for one in view.breaches),
        empty=_quiet(row.nodes - view.watched),
    )
    print_table(
        ["at (UTC)", "step", "by", "reason"],
        ([step.at, step.step, step.by, step.reason] for step in view.steps),
        empty="no step was recorded",
    )


def _decide(
    operation: Callable[..., None],
    word: str,
    zone: str,
    reason: str,
    actor: Actor,
    *,
    as_json: bool,
) -> None:
    zone_id = full_zone_id(zone, actor)
    operation(actor=actor, zone_id=zone_id, reason=reason, now=now())
    print_done({"zone_id": zone_id}, f"zone {short(zone_id)} is {word}", as_json=as_json)


def full_zone_id(text: str, actor: Actor) -> UUID:
    """Return the id of the zone that a person means."""
    return full_id(text, lambda: zone_ids(actor), noun="zone")


def _only(names: list[str] | None) -> str:
    if names and len(names) > 1:
        raise typer.BadParameter("with --gpus, say one site", param_hint="--site")
    return names[0] if names else ""


def _quiet(unseen: int) -> str:
    """Return what is said where no breach was found: silence is no proof of quiet."""
    if unseen > 0:
        return f"no change was seen; of {unseen:,} nodes that were not seen lately nothing is known"
    return "no change of its machines was seen"


def _told(names: tuple[str, ...], in_all: int) -> str:
    """Return the first of these names, and how many nodes there are beside those."""
    more = in_all - len(names[:_NAMES_TOLD])
    told = ", ".join(names[:_NAMES_TOLD])
    return f"{told} and {more:,} more".strip() if more > 0 else told


_NAMES_TOLD = 12
