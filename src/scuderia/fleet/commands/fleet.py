"""`scuderia fleet`: import outages, report what every customer got, and prove it."""

import typer

from scuderia.fleet.commands import amendments, customers, lemons, nodes, outages, reports, sources

app = typer.Typer(
    no_args_is_help=True,
    help="Import outages; report what every customer got; prove it with an evidence packet.",
)
app.command("import-faults")(outages.import_faults)
app.command()(amendments.amend)
app.command()(reports.report)
app.command()(nodes.nodes)
app.command()(nodes.node)
app.command()(lemons.lemons)
app.command("customers")(customers.customers)
app.command("sources")(sources.sources)
app.command()(reports.evidence)
app.command("evidence-verify")(reports.evidence_verify)
