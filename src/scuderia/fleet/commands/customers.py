"""`scuderia fleet customers`: what each was promised, and the nodes it holds."""

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.formats import percent
from scuderia.fleet.commands.options import AsJson
from scuderia.fleet.queries.customers import list_customers
from scuderia.loop.commands.command_actor import for_actor
from scuderia.loop.commands.output import print_rows


@for_actor
def customers(*, actor: Actor, as_json: AsJson = False) -> None:
    """List the customers, what each was promised, and the nodes each holds."""
    found = list_customers(actor)
    print_rows(
        found,
        {
            "customer": lambda row: row.name,
            "target": lambda row: percent(row.target),
            "zone": lambda row: row.time_zone,
            "nodes": lambda row: row.nodes_held,
        },
        empty="No customer is on the books yet.",
        as_json=as_json,
    )
