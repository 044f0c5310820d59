"""`scuderia datasets verify`: whether a release is what was released, by file and row."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.errors import Refused
from scuderia.datasets.queries.release_checks import ReleaseCheck, check_release
from scuderia.loop.commands.output import plain, print_json, print_table, say

app = typer.Typer(help="Check a release.")


class ReleaseBroken(Refused):
    """Something of the release is not as it was released."""

    code = "DATA-086"
    remedy = "Take the release anew from where it was made; what differs is named above."


@app.command("datasets verify")
def verify(
    folder: Annotated[Path, typer.Argument(help="The folder of the release.")],
    *,
    version: Annotated[
        str, typer.Option(help="What it should be, v-...: known from elsewhere.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="What was checked, as JSON.")] = False,
) -> None:
    """Hold each file, row and line of a release against what it was; needs no home."""
    check = check_release(folder, version=version)
    if as_json:
        print_json({**_told(check), "whole": check.is_whole})
    else:
        _say(check)
    if not check.is_whole:
        many = "1 thing differs" if check.faults_total == 1 else f"{check.faults_total:,} differ"
        raise ReleaseBroken(f"{folder}: {many}", faults=check.faults_total)
    if not as_json:
        counts = ", ".join(f"{many:,} {what}" for what, many in check.checked.items())
        say(f"{check.version} is whole: {counts}; root {check.root}")


def _told(check: ReleaseCheck) -> dict[str, object]:
    told = plain(check)
    return dict(told) if isinstance(told, dict) else {}


def _say(check: ReleaseCheck) -> None:
    if check.is_whole:
        return
    cells = ((one.file, one.at or "", one.row, one.what) for one in check.faults)
    print_table(["file", "row or line", "key", "what"], cells, empty="")
    if check.faults_total > len(check.faults):
        say(f"and {check.faults_total - len(check.faults):,} more")
