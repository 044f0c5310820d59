"""`scuderia fleet sku`: node types and their stated prices."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.options import AsJson, WhyCorrected
from scuderia.fleet.operations.skus import SkuChanges, add_sku, edit_sku
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.output import print_done

app = typer.Typer(no_args_is_help=True, help="Node types, their GPUs and their stated price.")

Gpus = Annotated[int | None, typer.Option("--gpus", help="GPUs in a node.")]
Model = Annotated[str | None, typer.Option("--model", help="The GPU's name.")]
Price = Annotated[
    int | None,
    typer.Option("--price-cents", help="US cents a GPU-hour; 0, or none given: none is stated."),
]


@app.command("add")
@for_actor
def add(
    name: str,
    *,
    gpus: Gpus = None,
    model: Model = None,
    price_cents: Price = None,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Bring a node type onto the books; without a price none is stated."""
    given = SkuChanges(gpus_per_node=gpus, gpu_model=model, cents_per_gpu_hour=price_cents)
    made = add_sku(actor=actor, name=name, sku=given, now=now())
    words = "is on the books" if made else "was on the books just so; nothing changed"
    print_done({"sku": name, "changed": made}, f"The SKU {name} {words}.", as_json=as_json)


@app.command("edit")
@for_actor
def edit(
    name: str,
    *,
    gpus: Gpus = None,
    model: Model = None,
    price_cents: Price = None,
    reason: WhyCorrected = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Correct a node type, for all of the past too."""
    given = SkuChanges(gpus_per_node=gpus, gpu_model=model, cents_per_gpu_hour=price_cents)
    changed = edit_sku(actor=actor, name=name, changes=given, reason=reason, now=now())
    words = "is corrected" if changed else "stands like that already"
    print_done({"sku": name, "changed": changed}, f"The SKU {name} {words}.", as_json=as_json)
