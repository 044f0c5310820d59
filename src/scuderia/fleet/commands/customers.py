"""`scuderia fleet customers`: what each was promised, and the nodes it holds."""

from scuderia.fleet.commands.formats import percent
from scuderia.fleet.commands.options import As, AsJson, Token
from scuderia.fleet.queries.customers import list_customers
from scuderia.loop.commands.command_actor import command_actor
from scuderia.loop.commands.output import print_json, print_table


def customers(as_name: As = "", token: Token = "", as_json: AsJson = False) -> None:
    """List the customers, what each was promised, and the nodes each holds."""
    found = list_customers(command_actor(as_name, token))
    if as_json:
        print_json(found)
        return
    print_table(
        ["customer", "target", "zone", "nodes"],
        ((row.name, percent(row.target), row.time_zone, row.nodes_held) for row in found),
        empty="No customer is on the books yet.",
    )
