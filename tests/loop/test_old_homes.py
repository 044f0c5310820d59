"""What a home of an earlier version may hold, after its tables were brought up to date."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from scuderia.loop.models import triggers
from scuderia.loop.models.actions import Action
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.proposals import Proposal
from tests.loop.factories import NOW, later

BEFORE = [("loop", "0003_quantities")]


def _old_action(apps, serial, **columns):
    """Make one approved action as the tables before `BEFORE` hold it."""
    get = apps.get_model
    proposal = get("loop", "Proposal").objects.create(
        kind="k", kind_version=1, filed_by="agent:a", title="t", targets=[], digest="d",
        plan_digest="p", rehearsed_for="p", policy="p", rehearsal={}, blast={},
        dedup_key=f"k{serial}", state="pending", serial=serial, filed_at=NOW, expires_at=NOW,
    )  # fmt: skip
    decision = get("loop", "Decision").objects.create(
        proposal=proposal, serial=serial, digest="d", answer="yes", decided_by="person:omar",
        decided_at=NOW, expires_at=NOW,
    )  # fmt: skip
    return get("loop", "Action").objects.create(
        proposal=proposal, decision=decision, kind="k", targets=[], digest="d", targets_count=1,
        **{"queued_at": NOW, **columns},
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_of_several_open_undos_the_first_goes_on_and_the_others_end():
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    apps = executor.loader.project_state(BEFORE).apps
    done = _old_action(apps, 1)
    undos = [_old_action(apps, 2 + n, undo_of=done, queued_at=later(n)) for n in range(3)]
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    found = [Action.objects.get(pk=one.pk) for one in undos]
    assert [(one.state, one.resumable) for one in found] == [
        ("queued", False),
        ("halted", False),
        ("halted", False),
    ]
    assert "another undo" in found[1].said
    with connection.schema_editor() as editor:  # the guards forbid emptying the tables
        triggers.remove(editor)
    Action.objects.filter(undo_of__isnull=False).delete()
    for model in (Action, Decision, Proposal):
        model.objects.all().delete()
    with connection.schema_editor() as editor:
        triggers.install(editor)
