"""`scuderia freeze bundle verify`: believe a signed bundle of zones, and decide from it alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.clock import SystemClock
from scuderia.freeze.commands.files import read_file
from scuderia.freeze.nouns import Verdict
from scuderia.freeze.operations.bundle import accept_bundle
from scuderia.freeze.queries.bundle import CheckedBundle, UpdateAsked, ask_bundle, read_keys
from scuderia.loop.commands.output import print_json, say

REFUSED = 3
app = typer.Typer(help="Signed bundles of zones, for deployers that must decide alone.")


@app.callback()
def bundle() -> None:
    """Hold the verbs of a bundle, which needs no server."""


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="The bundle.")],
    *,
    key: Annotated[Path, typer.Option(help="The pinned public key: PEM, or JSON Web Keys.")],
    state: Annotated[
        Path | None, typer.Option(help="What was seen last; beside the bundle if not said.")
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask about an update as well.")] = False,
    node: Annotated[list[str] | None, typer.Option(help="A node; again for more.")] = None,
    update_class: Annotated[str, typer.Option(help="firmware, driver, host_os, ...")] = "",
    start: Annotated[str, typer.Option(help="When the work begins: an instant.")] = "",
    duration: Annotated[str, typer.Option(help="How long it takes at most, e.g. 45m.")] = "",
    bake: Annotated[str, typer.Option(help="How long it is watched afterwards.")] = "0",
    rollback: Annotated[str, typer.Option(help="How long a rollback takes.")] = "0",
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Check signature, age and sequence; with --ask, exit code 0 if allowed and 3 if refused."""
    now = SystemClock().now()
    seen_in = state or file.with_name(f"{file.name}.seen")
    checked = accept_bundle(read_file(file), read_keys(read_file(key)), state=seen_in)
    told = _bundle_json(checked, now)
    verdict = None
    if ask:
        asked = UpdateAsked(
            nodes=tuple(node or ()),
            update_class=update_class,
            start=start,
            duration=duration,
            bake=bake,
            rollback=rollback,
        )
        verdict = ask_bundle(checked, asked, now)
    if as_json:
        print_json({"bundle": told, **(_verdict_json(verdict) if verdict else {})})
    else:
        say(
            f"bundle {told['sequence']}: {told['zones']} zones over {told['nodes']} nodes, "
            f"{'EXPIRED' if told['expired'] else 'good until'} {told['expires']}"
        )
        _say_verdict(verdict)
    if (verdict is not None and not verdict.allowed) or (verdict is None and told["expired"]):
        raise typer.Exit(REFUSED)


def _say_verdict(verdict: Verdict | None) -> None:
    if verdict is None:
        return
    say(f"{'allowed' if verdict.allowed else 'refused'}: {verdict.ground}")
    for objection in verdict.objections:
        say(f"  {objection.zone}: {objection.words}")
    if verdict.not_before is not None:
        say(f"  not before {_told(verdict.not_before)}")


def _bundle_json(checked: CheckedBundle, now: datetime) -> Mapping[str, object]:
    return {
        "sequence": checked.bundle.sequence,
        "sha256": checked.seen.digest,
        "issued": _told(checked.bundle.issued),
        "expires": _told(checked.bundle.expires),
        "expired": checked.is_expired(now),
        "zones": len(checked.bundle.zones),
        "nodes": len(checked.bundle.nodes),
    }


def _verdict_json(verdict: Verdict) -> Mapping[str, object]:
    slots = [
        {"start": _told(slot.start), "latest_start": _told(slot.latest_start)}
        for slot in verdict.slots
    ]
    return {
        "allowed": verdict.allowed,
        "ground": verdict.ground,
        "reasons": verdict.objections,
        "not_before": _told(verdict.not_before),
        "slots": slots,
    }


def _told(at: int | None) -> str | None:
    return None if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
