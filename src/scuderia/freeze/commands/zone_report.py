"""`scuderia freeze report ZONE`, `freeze decision ID`: what became of it, told or signed."""

import sys

import typer

from scuderia.basics.actors import Actor
from scuderia.freeze.commands.envelopes import (
    OF,
    ByOwnWord,
    Out,
    Signed,
    deliver,
    say_report,
)
from scuderia.freeze.commands.zones import ZoneId, full_zone_id
from scuderia.freeze.operations.envelopes import sealed_report
from scuderia.freeze.operations.signing_keys import public_key, public_pem
from scuderia.freeze.queries.zone_report import zone_report
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import print_json

app = typer.Typer(cls=ByOwnWord, no_args_is_help=True, add_completion=False)

key_app = typer.Typer(add_completion=False)


@key_app.command()
@for_actor
def key(*, actor: Actor, as_json: AsJson = False) -> None:
    """Print the public key that this home's signatures are checked with: PEM, or a JSON Web Key."""
    if as_json:
        print_json(public_key(actor))
    else:
        sys.stdout.write(public_pem(actor))


@app.callback()
def report() -> None:
    """Say what became of a zone (`report ZONE`), or check what was signed (`report verify`)."""


@app.command(OF)
@for_actor
def of_zone(
    zone: ZoneId,
    *,
    out: Out = None,
    envelope: Signed = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Say what was frozen, asked, let through and seen of a zone; --out hands it over signed."""
    zone_id, at = full_zone_id(zone, actor), now()
    deliver(
        lambda: sealed_report(actor=actor, zone_id=zone_id, now=at),
        lambda: zone_report(actor, zone_id, at).told(),
        say_report,
        out=out,
        signed=envelope,
        as_json=as_json,
    )
