"""`scuderia audit`: verify the chain of who did what, list it, and take it away."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.commands.command_actor import As, AsJson, Token, command_actor
from scuderia.loop.commands.output import print_json, print_table, say
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit
from scuderia.loop.queries.audit import list_audit

app = typer.Typer(no_args_is_help=True, help="Verify and export the chain of who did what.")


class AuditBroken(Refused):
    """The chain does not hold: an entry was changed, removed or put in, or the tail was cut."""

    code = "CLI-005"
    remedy = "Keep the database as it is, and compare it with the last export or back-up."


@app.command("verify")
def verify(
    *,
    head: Annotated[
        str, typer.Option(help="A head exported earlier (a file, or seq:hash): finds a cut tail.")
    ] = "",
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Read every entry and say whether the chain holds."""
    access.require_somewhere(command_actor(as_name, token), Power.VERIFY_AUDIT)
    verdict = audit.verify(audit.read_head(_head_text(head)) if head else None)
    if as_json:
        print_json(verdict)
    if not verdict.holds:
        raise AuditBroken(
            f"the chain breaks at entry {verdict.broken_at}: {verdict.said}",
            broken_at=verdict.broken_at,
        )
    if not as_json:
        say(f"the chain holds: {verdict.entries} entries, head {verdict.head.hash[:12]}")


@app.command("export")
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; else standard output.")] = (
        None
    ),
    *,
    as_name: As = "",
    token: Token = "",
) -> None:
    """Write every entry as one JSON line, and the head as the last."""
    access.require(command_actor(as_name, token), Power.VERIFY_AUDIT, EVERYTHING)
    if file is None:
        audit.export(sys.stdout)
        return
    try:
        with file.open("x", encoding="utf-8") as stream:
            head = audit.export(stream)
    except OSError as error:
        raise BadInput(
            f"cannot write {file}: {error.strerror}", remedy="Name a new file in a folder of yours."
        ) from error
    say(f"{head.seq} entries in {file}; keep its head elsewhere: {head.seq}:{head.hash}")


@app.command("list")
def list_command(
    *,
    subject: Annotated[str, typer.Option(help="Only entries about this subject.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List the last entries, newest first."""
    rows = list_audit(command_actor(as_name, token), subject=subject, limit=limit)
    if as_json:
        print_json(rows)
        return
    print_table(
        ["no.", "at", "who", "did", "to", "why"],
        ((row.seq, row.at, row.actor, row.verb, row.subject, row.reason) for row in rows),
        empty="nothing has happened yet",
    )


def _head_text(text: str) -> str:
    path = Path(text)
    if not path.is_file():
        return text
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
