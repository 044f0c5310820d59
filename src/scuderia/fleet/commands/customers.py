"""`scuderia fleet customers`: what each was promised, and the nodes it holds."""

from scuderia.fleet.commands.formats import percent
from scuderia.fleet.queries.customers import list_customers
from scuderia.loop.commands.listing import listing

customers = listing(
    "List the customers, what each was promised, and the nodes each holds.",
    list_customers,
    {
        "customer": lambda row: row.name,
        "target": lambda row: percent(row.target),
        "zone": lambda row: row.time_zone,
        "nodes": lambda row: row.nodes_held,
    },
    empty="No customer is on the books yet.",
)
