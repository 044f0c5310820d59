"""`scuderia fleet`: describe a fleet, import outages, report what every customer got, prove it."""

import typer

from scuderia.fleet.commands import (
    allocations,
    amendments,
    customers,
    exclusions,
    lemons,
    nodes,
    outages,
    prices,
    reports,
    shared_parts,
    skus,
    slas,
    sources,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Import outages; report what every customer got; prove it with an evidence packet.",
)
app.command("import-faults")(outages.import_faults)
app.command()(amendments.amend)
app.command()(reports.report)
app.command()(nodes.nodes)
app.add_typer(nodes.app, name="node")
app.command("shared-parts")(shared_parts.shared_parts)
app.command()(lemons.lemons)
app.command("customers")(customers.customers)
app.add_typer(customers.app, name="customer")
app.add_typer(skus.app, name="sku")
app.add_typer(slas.app, name="sla")
app.add_typer(exclusions.app, name="exclusion")
app.add_typer(prices.app, name="price")
app.command()(allocations.allocate)
app.command()(allocations.deallocate)
app.command()(allocations.allocations)
app.command("sources")(sources.sources)
app.command()(reports.evidence)
app.command("evidence-verify")(reports.evidence_verify)
