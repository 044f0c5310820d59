"""Costs and severities carry their unit; unlike things are ranked by one stated conversion."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from scuderia.basics.units import Quantity
from scuderia.loop.engine.finding_anchors import FindingMarks
from scuderia.loop.operations.findings import file_finding
from scuderia.loop.operations.proposal_filing import file_proposal
from scuderia.loop.pages.display import total_of
from scuderia.loop.ports import UnknownUnit, registry
from scuderia.loop.queries.proposals import list_queue
from tests.loop.factories import NOW, finding_draft, make_cast, person, proposal_draft


def test_the_queue_ranks_unlike_costs_by_what_one_of_each_is_worth(hall):
    make_cast()
    registry.register_unit("valves", worth=10.0)
    for name, cost in (("v1", Quantity(5, "litres")), ("v2", Quantity(1, "valves"))):
        file_proposal(proposal_draft(name, cost_of_delay=cost), agent="plumber", now=NOW)
    queue = list_queue(person("omar"), NOW)
    assert [row.cost_of_delay for row in queue] == [Quantity(1, "valves"), Quantity(5, "litres")]


def test_a_unit_that_nobody_values_is_refused_before_anything_is_filed(hall):
    make_cast()
    wish = proposal_draft(cost_of_delay=Quantity(1, "sighs"))
    with pytest.raises(UnknownUnit, match="sighs"):
        file_proposal(wish, agent="plumber", now=NOW)
    with pytest.raises(UnknownUnit):
        file_finding(
            finding_draft(severity=Quantity(1, "sighs")),
            raised_by="plumber",
            now=NOW,
            marks=FindingMarks(),
        )
    assert list_queue(person("omar"), NOW) == ()


def test_a_total_adds_like_to_like_alone():
    costs = [Quantity(1, "litres"), Quantity(2, "valves"), Quantity(0.5, "litres")]
    assert total_of(costs) == "1.5 litres and 2 valves"
    assert total_of([]) == "nothing"


pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_what_was_stored_before_keeps_its_amount_its_unit_and_its_guards():
    """Back to the tables before units, a row of then, forward again."""
    executor = MigrationExecutor(connection)
    executor.migrate([("loop", "0002_guards")])
    old = executor.loader.project_state([("loop", "0002_guards")]).apps
    old.get_model("loop", "Proposal").objects.create(
        kind="k", kind_version=1, filed_by="agent:a", title="t", targets=[], digest="d",
        plan_digest="p", rehearsed_for="p", policy="p", rehearsal={}, dedup_key="k",
        blast={"count": 1, "denominator_count": 2, "unit": "u", "gpus": 8, "customers": ["ada"]},
        regret_gpu_hours_per_day=16.8, state="pending", serial=1, filed_at=NOW, expires_at=NOW,
    )  # fmt: skip
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    from scuderia.loop.models.proposals import Proposal

    kept = Proposal.objects.get()
    assert (kept.cost_of_delay_amount, kept.cost_of_delay_unit) == (16.8, "GPU-hours")
    assert kept.cost_of_delay_rank == 16.8
    assert kept.blast["details"] == ["8 GPUs"]
    assert kept.blast["affected"] == ["ada"]
    with pytest.raises(Exception, match="illegal move"):
        Proposal.objects.filter(pk=kept.pk).update(state="nonsense")
    with connection.schema_editor() as editor:  # the guards forbid emptying the tables
        from scuderia.loop.models import triggers

        triggers.remove(editor)
        Proposal.objects.all().delete()
        triggers.install(editor)
