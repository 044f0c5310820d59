"""`scuderia freeze import-argocd` and `ask-argocd`: Argo CD's sync windows, read and asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from scuderia.freeze.commands.files import read_file
from scuderia.freeze.queries.argocd import (
    AppProject,
    SyncQuestion,
    ask_windows,
    read_app_project,
    window_json,
)
from scuderia.loop.commands.output import print_json, print_rows, say

REFUSED = 3
import_app = typer.Typer(help="Read an Argo CD AppProject's sync windows.")
ask_app = typer.Typer(help="Ask an Argo CD AppProject's sync windows.")
ProjectFile = Annotated[Path, typer.Argument(help="The AppProject, YAML or JSON; - reads stdin.")]


@import_app.command("freeze import-argocd")
def import_argocd(
    file: ProjectFile,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The windows as read.")] = False,
) -> None:
    """Show the sync windows that the file holds; one with a flaw is refused, field by field."""
    project = read_app_project(read_file(file))
    if as_json:
        print_json(_project_json(project))
        return
    columns = {
        "#": lambda window: window.number,
        "kind": lambda window: window.kind,
        "schedule": lambda window: window.cron,
        "duration": lambda window: window.lasts,
        "zone": lambda window: window.zone,
        "applications": lambda window: window.applications,
        "namespaces": lambda window: window.namespaces,
        "clusters": lambda window: window.clusters,
    }
    print_rows(project.windows, columns, empty="The project has no sync window.", as_json=False)
    for caution in project.cautions:
        say(f"window {caution.window}: {caution.field} {caution.words}")


@ask_app.command("freeze ask-argocd")
def ask_argocd(
    file: ProjectFile,
    *,
    application: Annotated[str, typer.Option(help="The application's name.")],
    namespace: Annotated[str, typer.Option(help="Where it is deployed to.")] = "",
    cluster: Annotated[
        list[str] | None, typer.Option(help="The destination's name or URL; again for both.")
    ] = None,
    at: Annotated[str, typer.Option(help="When: an instant, or a wall time with its zone.")],
    manual: Annotated[bool, typer.Option("--manual", help="A person asks for the sync.")] = False,
    since: Annotated[str, typer.Option(help="It runs already, from this instant on.")] = "",
    reading: Annotated[
        str, typer.Option("--as", help="argo; or argo-with-now, with zones' offsets as of --now.")
    ] = "argo",
    now: Annotated[str, typer.Option(help="The instant of Argo CD's clock.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Decide as Argo CD does whether the application may be synced: exit code 0, or 3 if not."""
    answer = ask_windows(
        read_app_project(read_file(file)),
        SyncQuestion(
            application=application,
            namespace=namespace,
            clusters=tuple(cluster or ()),
            at=at,
            manual=manual,
            since=since,
            reading=reading,
            now=now,
        ),
    )
    if as_json:
        told = {
            "can_sync": answer.can_sync,
            "active": [window_json(window) for window in answer.active],
            "matching": [window.number for window in answer.matching],
            "reasons": answer.reasons,
        }
        print_json(told)
    else:
        say("may sync" if answer.can_sync else "may not sync")
        for reason in answer.reasons:
            say(f"  {reason}")
    if not answer.can_sync:
        raise typer.Exit(REFUSED)


def _project_json(project: AppProject) -> Mapping[str, object]:
    return {
        "name": project.name,
        "windows": [window_json(window) for window in project.windows],
        "cautions": project.cautions,
    }
