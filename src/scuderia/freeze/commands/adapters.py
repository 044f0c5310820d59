"""`scuderia freeze adapter`: systems that ask the gate by a webhook."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.freeze.commands.files import read_file
from scuderia.freeze.nouns import AdapterName, TargetAsked, UpdateClass
from scuderia.freeze.operations import adapters
from scuderia.freeze.queries.adapters import list_adapters
from scuderia.freeze.queries.asked_updates import read_seconds
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import print_done, print_json, print_rows, say
from scuderia.loop.ports import registry

app = typer.Typer(no_args_is_help=True, help="Systems that ask the gate by a webhook.")

Name = Annotated[AdapterName, typer.Argument(metavar="NAME", help="E.g. github.")]


@app.command("secret")
@for_actor
def secret_command(
    name: Name,
    *,
    person: Annotated[str, typer.Option(help="It asks as this person ...")],
    label: Annotated[str, typer.Option(help="... narrowed by their API token of this label.")],
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the secret there; else one is made.")
    ] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Set with what a system signs, and as whom it asks; a secret that is made is told once."""
    typed = sys.stdin.readline().strip() if stdin else ""
    made = adapters.set_secret(
        actor=actor, name=name, person=person, token=label, secret=typed,
        wall=registry.wall.now(), now=now(),
    )  # fmt: skip
    if stdin:
        print_done({"adapter": name.value}, f"the secret of {name.value} is set", as_json=as_json)
    elif as_json:
        print_json({"adapter": name.value, "secret": made})
    else:
        say(made)


@app.command("app-key")
@for_actor
def app_key_command(
    file: Annotated[Path, typer.Argument(help="The app's private key, PEM; - reads stdin.")],
    *,
    app_id: Annotated[str, typer.Option(help="The GitHub app's id.")],
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Set as which GitHub app deployments are reviewed."""
    pem = read_file(file).decode(errors="replace")
    adapters.set_app_key(actor=actor, app_id=app_id, pem=pem, now=now())
    print_done({"app_id": app_id}, f"reviews are sent as the app {app_id}", as_json=as_json)


@app.command("hosts")
@for_actor
def hosts_command(
    name: Name,
    hosts: Annotated[list[str], typer.Argument(help="host, or host:port.")],
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Set to which hosts a system's answers may be sent: to these and no other."""
    adapters.set_hosts(actor=actor, name=name, hosts=hosts, now=now())
    words = f"answers of {name.value} may be sent to {', '.join(hosts)}"
    print_done({"adapter": name.value, "hosts": hosts}, words, as_json=as_json)


@app.command("target")
@for_actor
def target_command(
    name: Name,
    target: Annotated[str, typer.Argument(help="E.g. owner/repository:environment.")],
    *,
    nodes: Annotated[str, typer.Option(help='What it touches: "rack:r01 r02-n[01-16]".')],
    update_class: Annotated[UpdateClass, typer.Option(help="firmware, driver, host_os ...")],
    duration: Annotated[str, typer.Option(help="How long the work takes at most, e.g. 45m.")],
    bake: Annotated[str, typer.Option(help="How long it is watched afterwards.")] = "0s",
    rollback: Annotated[str, typer.Option(help="How long taking it back takes.")] = "0s",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Say what a deployment to one place of a system touches."""
    asked = TargetAsked(
        target, nodes, update_class, read_seconds(duration), read_seconds(bake),
        read_seconds(rollback),
    )  # fmt: skip
    held = adapters.set_target(actor=actor, name=name, asked=asked, now=now())
    words = f"a deployment to {target} is a {update_class.value} update of {held:,} nodes"
    print_done({"target": target, "nodes": held}, words, as_json=as_json)


@app.command("list")
@for_actor
def list_command(*, actor: Actor, as_json: AsJson = False) -> None:
    """List the systems that ask, without secrets, and how their answers fare."""
    print_rows(
        list_adapters(actor),
        {
            "adapter": lambda row: row.name.value,
            "asks as": lambda row: f"{row.person} by {row.token}" if row.person else None,
            "hosts": lambda row: row.hosts,
            "targets": lambda row: len(row.targets),
            "waiting": lambda row: row.waiting,
            "sent": lambda row: row.sent,
            "failed": lambda row: row.failed,
            "last failure": lambda row: row.last_failure or None,
        },
        empty="no system asks by a webhook; see docs/deployers.md",
        as_json=as_json,
    )
