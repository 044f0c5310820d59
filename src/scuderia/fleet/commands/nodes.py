"""`scuderia fleet nodes` and `node`: where each stands, its state, its history, its description."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scuderia.basics.actors import Actor
from scuderia.basics.clock import parse_instant
from scuderia.basics.units import format_duration
from scuderia.fleet.commands.options import (
    AsJson,
    DryRun,
    From,
    Nodes,
    Site,
    To,
    WhyCorrected,
    read_instant,
    read_period,
)
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.operations.labels import label_nodes, read_changes
from scuderia.fleet.operations.node_marks import NodesMarked
from scuderia.fleet.operations.nodes import (
    NodeFacts,
    NodesDescribed,
    add_nodes,
    edit_nodes,
    retire_nodes,
)
from scuderia.fleet.operations.shared_parts import hang_nodes
from scuderia.fleet.queries.amendments import list_amendments
from scuderia.fleet.queries.nodes import NodeStatus, get_node, get_timeline, list_nodes
from scuderia.loop.commands.command_actor import for_actor, handed, now
from scuderia.loop.commands.output import (
    print_done,
    print_facts,
    print_json,
    print_rows,
    print_table,
)
from scuderia.loop.ports import registry

KEY_SHOWN = 12
OneNode = Annotated[str, typer.Argument(metavar="NODE", help="A node, or node[001-128].")]


class ShownByName(TyperGroup):
    """A group in which what names no command of it is what `show` is asked of."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `show` before a node's name, and before options alone."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ShownByName,
    no_args_is_help=True,
    help="Show one node (`node NAME`), or describe nodes: add, edit, label, hang, retire.",
)


def _facts(
    site: Annotated[
        str | None, typer.Option("--site", help="The site; made where it is new.")
    ] = None,
    cluster: Annotated[str | None, typer.Option(help="The cluster; made where it is new.")] = None,
    rack: Annotated[str | None, typer.Option(help="The rack; made where it is new.")] = None,
    sku: Annotated[str | None, typer.Option(help="The node type: scuderia fleet sku add.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First instant in service.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="The instant after the last.")] = None,
) -> NodeFacts:
    """Return what is said of nodes."""
    return NodeFacts(
        site=site,
        cluster=cluster,
        rack=rack,
        sku=sku,
        in_service_from=read_instant(start, "--from"),
        in_service_to=read_instant(end, "--to"),
    )


with_facts = handed("facts", _facts)
"""Hand a command its keyword `facts`: where nodes stand, of which type, and in service when."""


@for_actor
def nodes(
    site: Site = None,
    at: Annotated[str | None, typer.Option("--at")] = None,
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """List every node: where it stands, its state and who holds it."""
    asked_at = read_instant(at, "--at") or registry.clock.now()
    board = list_nodes(actor, asked_at, site=site)
    print_rows(
        board.nodes,
        {
            "node": lambda row: row.place.node,
            "rack": lambda row: row.place.rack,
            "state": _state,
            "customer": lambda row: row.customer,
            "since": lambda row: row.since,
            "cause": lambda row: row.cause,
            "planned work until": lambda row: row.work.until if row.work else "",
        },
        empty="No node is on the books yet. Import a trace: scuderia fleet import-faults FILE",
        as_json=as_json,
    )


@app.command("show")
@for_actor
def show(
    name: str,
    start: From = None,
    end: To = None,
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Show one node: its state, and what happened to it."""
    period = read_period(start, end, None)
    status = get_node(actor, name, registry.clock.now())
    timeline = get_timeline(actor, name, period.start, period.end)
    if as_json:
        corrected = list_amendments(actor, name)
        print_json({"status": status, "timeline": timeline, "amendments": corrected})
        return
    print_facts(
        {
            "node": name,
            "stands": f"{status.place.site} / {status.place.cluster} / {status.place.rack}",
            "state": "records ended" if status.state is NodeState.UNKNOWN else _state(status),
            "held by": status.customer or "nobody",
            **({"planned work until": status.work.until} if status.work else {}),
            **({"labels": _labels(status)} if status.labels else {}),
            **({"hangs on": status.hangs_on} if status.hangs_on else {}),
        }
    )
    print_table(
        ["out from", "to", "for", "GPUs", "planned", "cause", "key"],
        (
            (
                row.start,
                row.end,
                format_duration((row.end or period.end) - row.start),
                "all" if row.gpus_lost is None else f"{row.gpus_lost} of {timeline.gpus}",
                row.planned,
                row.cause,
                row.source_key[-KEY_SHOWN:],
            )
            for row in timeline.outages
        ),
        empty="It was never out in this period.",
    )


def _labels(row: NodeStatus) -> tuple[str, ...]:
    return tuple(f"{key}={value}" for key, value in (row.labels or {}).items())


def _state(row: NodeStatus) -> str:
    if row.state is NodeState.DEGRADED and row.gpus_lost < row.gpus:
        return f"degraded: {row.gpus_lost} of {row.gpus} GPUs out"
    return str(row.state)


@app.command("add")
@for_actor
@with_facts
def add(
    nodes: Nodes,
    *,
    facts: NodeFacts,
    dry_run: DryRun = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Bring nodes onto the books, in service from an instant on; all of them or none."""
    done = add_nodes(
        actor=actor, nodes=expand_nodes(nodes), facts=facts, now=now(), dry_run=dry_run
    )
    _report(done, dry_run=dry_run, as_json=as_json)


@app.command("edit")
@for_actor
@with_facts
def edit(
    nodes: Nodes,
    *,
    facts: NodeFacts,
    reason: WhyCorrected = "",
    dry_run: DryRun = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Correct where nodes stand, what they are, or when they were in service, ever since."""
    done = edit_nodes(
        actor=actor, nodes=expand_nodes(nodes), facts=facts, reason=reason, now=now(),
        dry_run=dry_run,
    )  # fmt: skip
    _report(done, dry_run=dry_run, as_json=as_json)


@app.command("label")
@for_actor
def label(
    node: OneNode,
    changes: Annotated[
        list[str], typer.Argument(metavar="LABEL...", help="key=value, or key- to take it away.")
    ],
    *,
    dry_run: DryRun = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Label nodes, in Kubernetes' syntax; zones may be asked for by labels."""
    done = label_nodes(
        actor=actor, nodes=expand_nodes([node]), changes=read_changes(changes), now=now(),
        dry_run=dry_run,
    )  # fmt: skip
    _marked(done, "nodes labelled otherwise", dry_run=dry_run, as_json=as_json)


@app.command("hang")
@for_actor
def hang(
    node: OneNode,
    parts: Annotated[
        list[str],
        typer.Argument(metavar="PART...", help="switch:S, feed:F, storage:S; with - behind: off."),
    ],
    *,
    dry_run: DryRun = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Say on which switches, power feeds and storage nodes hang; zones hold these too."""
    done = hang_nodes(
        actor=actor, nodes=expand_nodes([node]), changes=parts, now=now(), dry_run=dry_run
    )
    _marked(done, "nodes hang otherwise", dry_run=dry_run, as_json=as_json)


def _marked(done: NodesMarked, words: str, *, dry_run: bool, as_json: bool) -> None:
    would = "It would be: " if dry_run else ""
    told = f"{would}{done.changed} {words}, {done.unchanged} as they were."
    facts = {"changed": done.changed, "unchanged": done.unchanged, "dry_run": dry_run}
    print_done(facts, told, as_json=as_json)


@app.command("retire")
@for_actor
def retire(
    nodes: Nodes,
    *,
    end: Annotated[str, typer.Option("--to", help="The instant after the last in service.")],
    reason: WhyCorrected = "",
    dry_run: DryRun = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Take nodes out of service at an instant; nobody may hold them any more."""
    done = retire_nodes(
        actor=actor, nodes=expand_nodes(nodes), end=parse_instant(end, field="--to"),
        reason=reason, now=now(), dry_run=dry_run,
    )  # fmt: skip
    _report(done, dry_run=dry_run, as_json=as_json)


def _report(done: NodesDescribed, *, dry_run: bool, as_json: bool) -> None:
    would = "It would be: " if dry_run else ""
    words = (
        f"{would}{done.added} nodes added, {done.amended} changed, {done.unchanged} as they were."
    )
    facts = {"added": done.added, "changed": done.amended, "unchanged": done.unchanged}
    print_done({**facts, "dry_run": dry_run}, words, as_json=as_json)
