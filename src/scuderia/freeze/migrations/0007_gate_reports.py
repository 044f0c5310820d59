"""What deployers say became of the updates that they asked for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("freeze", "0006_break_glass"),
    ]

    operations = [
        migrations.CreateModel(
            name="GateReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("outcome", models.CharField(max_length=12)),
                ("ended_at", models.DateTimeField()),
                ("reported_at", models.DateTimeField()),
                ("reported_by", models.CharField(max_length=80)),
                ("via", models.CharField(blank=True, default="", max_length=64)),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report",
                        to="freeze.gatedecision",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__in", ["succeeded", "failed", "rolled_back", "not_started"])
                        ),
                        name="freeze_report_outcome",
                    )
                ],
            },
        ),
    ]
