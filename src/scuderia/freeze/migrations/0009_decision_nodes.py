"""Keep decisions by the nodes that they touch, and what a break-glass let through a zone."""

from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models

BATCH = 2_000
NAME_MAX = 128


def find_by_node(apps, schema_editor):
    """Write down the nodes of the decisions that were kept before."""
    decisions = apps.get_model("freeze", "GateDecision")
    touched = apps.get_model("freeze", "GateDecisionNode")
    rows = []
    for decision in decisions.objects.filter(root="").iterator(chunk_size=BATCH):
        told = decision.update
        lasts = (told["work_s"], told.get("bake_s", 0), told.get("rollback_s", 0))
        starts_at = datetime.fromtimestamp(told["start"], UTC)
        ends_at = datetime.fromtimestamp(told["start"] + sum(lasts), UTC)
        rows += [
            touched(decision=decision, node=node, starts_at=starts_at, ends_at=ends_at)
            for node in dict.fromkeys(told["nodes"])
            if len(node) <= NAME_MAX
        ]
        if len(rows) >= BATCH:
            touched.objects.bulk_create(rows, batch_size=BATCH)
            rows = []
    touched.objects.bulk_create(rows, batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [
        ("freeze", "0008_adapters"),
    ]

    operations = [
        migrations.AddField(
            model_name="breach",
            name="glass",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="let_through",
                to="freeze.breakglass",
            ),
        ),
        migrations.CreateModel(
            name="GateDecisionNode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("node", models.CharField(max_length=128)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="touched",
                        to="freeze.gatedecision",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["node", "ends_at"], name="freeze_decision_by_node")
                ],
            },
        ),
        migrations.RunPython(find_by_node, migrations.RunPython.noop),
    ]
