"""`scuderia audit`: verify the chain of who did what, list it, and take it away."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.commands.command_actor import AsJson, for_actor
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_json, say
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit, audit_heads
from scuderia.loop.ports import registry
from scuderia.loop.queries.audit import AuditRow, list_audit

app = typer.Typer(no_args_is_help=True, help="Verify and export the chain of who did what.")


class AuditBroken(Refused):
    """The chain does not hold: an entry was changed, removed or put in, or the tail was cut."""

    code = "CLI-005"
    remedy = "Keep the database as it is, and compare it with the last export or back-up."


@app.command("verify")
@for_actor
def verify(
    *,
    head: Annotated[
        str, typer.Option(help="A head exported earlier (a file, or seq:hash): finds a cut tail.")
    ] = "",
    heads: Annotated[
        Path | None, typer.Option(help="A file of heads that was kept outside, a line a head.")
    ] = None,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Read every entry and say whether the chain holds, and what is kept of it outside."""
    found = audit_heads.verify_for(
        actor,
        audit.read_head(_head_text(head)) if head else None,
        heads=audit_heads.read_heads_file(heads) if heads else (),
        wall=registry.wall.now(),
    )
    verdict = found.verdict
    if as_json:
        print_json(found.told())
    if not verdict.holds:
        at = verdict.broken_at
        broken = "the chain is whole, but" if at is None else f"the chain breaks at entry {at}:"
        raise AuditBroken(f"{broken} {verdict.said}", broken_at=at)
    if not as_json:
        but = f"; {verdict.said}" if verdict.said else ""
        say(f"the chain holds: {verdict.entries} entries, head {verdict.head.hash[:12]}{but}")
        for store in found.stores:
            say(f"outside: {store.words}")
        for words in found.unread:
            say(f"not held against {words}")
        if not found.stores:
            say("outside: no head is kept, so that a chain rewritten whole goes unseen")


@app.command("export")
@for_actor
def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; else standard output.")] = (
        None
    ),
    *,
    actor: Actor,
) -> None:
    """Write every entry as one JSON line, and the head as the last."""
    access.require(actor, Power.VERIFY_AUDIT, EVERYTHING)
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


def _entries(
    actor: Actor,
    *,
    subject: Annotated[str, typer.Option(help="Only entries about this subject.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> Sequence[AuditRow]:
    return list_audit(actor, subject=subject, limit=limit)


app.command("list")(
    listing(
        "List the last entries, newest first.",
        _entries,
        {
            "no.": lambda row: row.seq,
            "at": lambda row: row.at,
            "who": lambda row: row.actor,
            "did": lambda row: row.verb,
            "to": lambda row: row.subject,
            "why": lambda row: row.reason,
        },
        empty="nothing has happened yet",
    )
)


def _head_text(text: str) -> str:
    path = Path(text)
    if not path.is_file():
        return text
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
