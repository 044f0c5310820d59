"""Signed envelopes at the command line: written, told in words, and verified without a home."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from scuderia.basics.errors import BadInput
from scuderia.freeze.commands.files import read_file
from scuderia.freeze.queries.bundle import read_keys
from scuderia.freeze.queries.envelopes import check_decision, check_report
from scuderia.loop.commands.output import print_done, print_facts, print_json, print_table, say

File = Annotated[Path, typer.Argument(help="The envelope; - reads stdin.")]
Key = Annotated[Path, typer.Option(help="The pinned public key: PEM, or JSON Web Keys.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the signed envelope there.")]
Signed = Annotated[bool, typer.Option("--envelope", help="The signed envelope, to stdout.")]
AsJson = Annotated[bool, typer.Option("--json", help="What was signed, as JSON.")]
OF = "of"
ToldT = TypeVar("ToldT")
report_app = typer.Typer(add_completion=False)
decision_app = typer.Typer(add_completion=False)


@report_app.command()
def verify_report(file: File, *, key: Key, as_json: AsJson = False) -> None:
    """Check who signed a zone's report, and say what it says; needs no home and no server."""
    told = check_report(read_file(file), read_keys(read_file(key)))
    if as_json:
        print_json(told)
        return
    say("the signature holds: every word below is as it was signed")
    say_report(told)


@decision_app.command()
def verify_decision(file: File, *, key: Key, as_json: AsJson = False) -> None:
    """Check who signed a decision of the gate, and say what it says; needs no home."""
    told = check_decision(read_file(file), read_keys(read_file(key)))
    if as_json:
        print_json(told)
        return
    say("the signature holds: every word below is as it was signed")
    say_decision(told)


def say_decision(told: Mapping[str, object]) -> None:
    """Say in words what a kept decision says."""
    print_facts({name: told[name] for name in told if told[name] not in ("", [], (), None)})


def write_whole(file: Path, raw: bytes) -> None:
    """Write the file as a whole or not at all.

    raises   BadInput: it cannot be written there
    """
    fresh = file.with_name(f".{file.name}.new")
    try:
        with fresh.open("wb") as out:
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError as error:
        remedy = "Choose a folder that is there and may be written."
        raise BadInput(f"{file}: {error.strerror}", remedy=remedy) from None


class ByOwnWord(TyperGroup):
    """A group whose first word is a thing unless it is one of its verbs: `report ZONE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # Typer's context is private
        """Read the words; what is none of the verbs goes to the one that shows the thing."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [OF, *args]
        found: list[str] = super().parse_args(ctx, args)
        return found


def deliver(
    envelope: Callable[[], bytes],
    told: Callable[[], ToldT],
    shown: Callable[[ToldT], None],
    *,
    out: Path | None,
    signed: bool,
    as_json: bool,
) -> None:
    """Write the signed envelope where that is asked for, or else say what it would say."""
    if out is not None:
        raw = envelope()
        write_whole(out, raw)
        words = f"{out} is signed: {len(raw):,} bytes"
        print_done({"file": str(out), "bytes": len(raw)}, words, as_json=as_json)
    elif signed:
        sys.stdout.write(envelope().decode() + "\n")
    elif as_json:
        print_json(told())
    else:
        shown(told())


def say_report(told: Mapping[str, object]) -> None:
    """Say in words what a report says."""
    machines, unknown = _rows(told, "machines"), _texts(told, "not_known")
    untold = told["untold"]
    more = f", and {untold} more that are not told here" if untold else ""
    print_facts(
        {
            "zone": told["zone"],
            "title": told["title"],
            "customer": told["customer"],
            "finding": f"{told['finding']}{', so far' if told['so_far'] else ''}",
            "from": told["starts_at"],
            "to": told["ends_at"] or "open",
            "told until": told["until"],
            "stops": _texts(told, "classes"),
            "machines": f"{len(machines):,} with {told['gpus']:,} GPUs{more}",
            "not known": _unknown(unknown, len(machines), begun=told["finding"] != "not begun"),
            "audit": f"entry {told['head_seq']}, {told['head_hash']}",
        }
    )
    for name in _texts(told, "only_by_restart"):
        say(f"an update of {name} shows only where a machine starts again")
    print_table(
        ["breach (UTC)", "machine", "changed", "was", "is"],
        ([one["seen"], one["node"], one["kind"], one["was"], one["value"]]
         for one in _rows(told, "breaches")),
        empty="no change was seen" if not unknown else "no change was seen of what was seen",
    )  # fmt: skip
    print_table(
        ["let through (UTC)", "machine", "changed", "asked by", "approved by", "reason"],
        ([one["seen"], one["node"], one["kind"], one["asked_by"], one["approved_by"], one["reason"]]
         for one in _rows(told, "let_through")),
        empty="no change was let through by break-glass",
    )  # fmt: skip
    print_table(
        ["asked (UTC)", "by", "class", "machines", "answer"],
        ([one["at"], one["asked_by"], one["update_class"], len(_texts(one, "nodes")), _answer(one)]
         for one in _rows(told, "decisions")),
        empty="the gate was asked about none of these machines",
    )  # fmt: skip
    print_table(
        ["refused (UTC)", "our own action", "by", "machines"],
        ([one["at"], one["kind"], one["by"], _texts(one, "targets")]
         for one in _rows(told, "refused_actions")),
        empty="none of our own actions was refused",
    )  # fmt: skip


def _unknown(names: Sequence[str], machines: int, *, begun: bool) -> str:
    if not begun:
        return "nothing was to be seen: it was never in force, or is not yet"
    if not names:
        return "every machine was seen" if machines else "no machine is told"
    return f"of {len(names):,} of {machines:,} machines whether something changed: {_some(names)}"


def _some(names: Sequence[str]) -> str:
    first = ", ".join(names[:_NAMES_TOLD])
    return first if len(names) <= _NAMES_TOLD else f"{first} and others"


def _answer(row: Mapping[str, object]) -> str:
    if not row["allowed"]:
        return f"refused: {row['ground']}"
    return f"allowed by break-glass {row['break_glass']}" if row["break_glass"] else "allowed"


def _rows(told: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    found = told[name]
    return found if isinstance(found, list) else []


def _texts(told: Mapping[str, object], name: str) -> Sequence[str]:
    found = told[name]
    return found if isinstance(found, list) else []


_NAMES_TOLD = 12
