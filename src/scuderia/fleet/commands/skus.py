"""`scuderia fleet sku`: node types and their stated prices."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.options import AsJson, WhyCorrected
from scuderia.fleet.operations.skus import SkuChanges, add_sku, edit_sku
from scuderia.loop.commands.command_actor import for_actor, handed, now
from scuderia.loop.commands.output import print_done

app = typer.Typer(no_args_is_help=True, help="Node types, their GPUs and their stated price.")


def _told(
    gpus: Annotated[int | None, typer.Option("--gpus", help="GPUs in a node.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="The GPU's name.")] = None,
    price_cents: Annotated[
        int | None,
        typer.Option(
            "--price-cents", help="US cents a GPU-hour; 0, or none given: none is stated."
        ),
    ] = None,
) -> SkuChanges:
    """Return what is said of a node type."""
    return SkuChanges(gpus_per_node=gpus, gpu_model=model, cents_per_gpu_hour=price_cents)


with_told = handed("told", _told)
"""Hand a command its keyword `told`: the GPUs of a node type, and their price."""


@app.command("add")
@for_actor
@with_told
def add(
    name: str,
    *,
    told: SkuChanges,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Bring a node type onto the books; without a price none is stated."""
    made = add_sku(actor=actor, name=name, sku=told, now=now())
    words = "is on the books" if made else "was on the books just so; nothing changed"
    print_done({"sku": name, "changed": made}, f"The SKU {name} {words}.", as_json=as_json)


@app.command("edit")
@for_actor
@with_told
def edit(
    name: str,
    *,
    told: SkuChanges,
    reason: WhyCorrected = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Correct a node type, for all of the past too."""
    changed = edit_sku(actor=actor, name=name, changes=told, reason=reason, now=now())
    words = "is corrected" if changed else "stands like that already"
    print_done({"sku": name, "changed": changed}, f"The SKU {name} {words}.", as_json=as_json)
