"""`scuderia import KIND FILE`: a user's file, looked at, mapped, set aside or booked.

The kinds come from the rooms; each brings its own flags beside those that every kind has.
"""

import sys
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from scuderia.basics.actors import Actor
from scuderia.config.cli.import_flags import flags, parameter, profile_of, profile_path
from scuderia.config.cli.import_output import as_json, show_import, show_preview
from scuderia.config.home import current_home
from scuderia.intake.archives import Source
from scuderia.intake.importers import Importer, importers
from scuderia.intake.pipeline import ImportOptions, ImportReport, OnError, run_import
from scuderia.intake.profiles import Profile, ProfileUnreadable, save_profile
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.output import print_json, say

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Import a user's file: --dry-run shows what it would mean; nothing is guessed silently.",
)
STANDARD_INPUT = "-"
_OWN: dict[str, tuple[Any, Any]] = {
    "profile": (
        Annotated[str, typer.Option(help="How the source writes: a saved profile, or its file.")],
        "",
    ),
    "save_profile": (
        Annotated[bool, typer.Option("--save-profile", help="Save the flags to --profile.")],
        False,
    ),
    "dry_run": (
        Annotated[bool, typer.Option("--dry-run", help="Show what it would mean; book nothing.")],
        False,
    ),
    "on_error": (Annotated[OnError, typer.Option(help="What a bad record does.")], OnError.ABORT),
    "accept_bad": (
        Annotated[int | None, typer.Option(help="The exact number of bad records, over 1%.")],
        None,
    ),
    "is_json": (Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")], False),
}


@app.callback()
def _group() -> None:
    """Stand for the group, so that the kind is typed even while there is one."""


def command_of(importer: Importer) -> Callable[..., None]:
    """Return the command of one kind: FILE, every profile's flag, and the kind's own."""
    file = Annotated[str, typer.Argument(metavar="FILE|-", help="A file, or - for standard input.")]
    own = {
        parameter(setting.name): (
            Annotated[str, typer.Option(f"--{setting.name}", help=setting.job)],
            "",
        )
        for setting in importer.settings
        if not setting.is_place
    }
    places = {
        parameter(setting.name): Annotated[
            str, typer.Argument(metavar=setting.name.upper(), help=setting.job)
        ]
        for setting in importer.settings
        if setting.is_place
    }
    offered = {**flags(), **own, **_OWN}

    def command(*, actor: Actor, **given: Any) -> None:
        _import(importer, given, actor)

    kind = Parameter.KEYWORD_ONLY
    typed = {**places, "file": file}
    parameters = [Parameter(name, kind, annotation=one) for name, one in typed.items()]
    for name, (annotation, default) in offered.items():
        parameters.append(Parameter(name, kind, annotation=annotation, default=default))
    parameters.append(Parameter("actor", kind, annotation=Actor))
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
    return for_actor(command)


for _importer in importers():
    app.command(_importer.name, help=_importer.job)(command_of(_importer))


def _import(importer: Importer, given: Mapping[str, Any], actor: Actor) -> None:
    path = _profile_path(given)
    profile = profile_of(path, given, may_be_new=given["save_profile"])
    at = now()
    said = {setting.name: given[parameter(setting.name)] for setting in importer.settings}
    kind = importer.begin(said, actor=actor, now=at)
    options = ImportOptions(
        on_error=given["on_error"], dry_run=given["dry_run"], accept_bad=given["accept_bad"]
    )
    with _bar() as bar:
        task = bar.add_task("read", total=None)

        def tell(stage: str, done: int, whole: int) -> None:
            bar.update(task, description=stage, completed=done, total=whole)

        report = run_import(
            kind, _source(given["file"]), profile, options, actor=actor, now=at, on_progress=tell
        )
    if given["save_profile"] and path is not None:
        _save(profile, path)
    _show(importer, report, path, given)


def _profile_path(given: Mapping[str, Any]) -> Path | None:
    if given["profile"]:
        return profile_path(given["profile"], current_home().path / "profiles")
    if given["save_profile"]:
        raise ProfileUnreadable(
            "--save-profile has no name to save under", remedy="Say --profile NAME too."
        )
    return None


def _source(file: str) -> Source:
    if file == STANDARD_INPUT:
        return Source("standard input", stream=sys.stdin.buffer)
    return Source.of_path(Path(file))


def _bar() -> Progress:
    """Return a bar on standard error; a pipe gets none, so that an error stays one JSON object."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _save(profile: Profile, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    save_profile(profile, path)


def _show(
    importer: Importer, report: ImportReport, path: Path | None, given: Mapping[str, Any]
) -> None:
    saved = str(path) if given["save_profile"] else ""
    if given["is_json"]:
        print_json({"kind": importer.name, "profile_file": saved, **as_json(report)})
        return
    if given["dry_run"]:
        show_preview(report, importer.name)
    else:
        show_import(report, importer.name)
    if saved:
        say(f"The profile is saved: {saved}")
