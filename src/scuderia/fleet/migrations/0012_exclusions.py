"""Downtime that does not count against a promise stands beside it."""

import django.db.models.deletion
import scuderia.fleet.models.columns
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0011_degraded_nodes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", scuderia.fleet.models.columns.InstantField()),
                ("end", scuderia.fleet.models.columns.InstantField(null=True)),
                ("cause", models.CharField(default="", max_length=200)),
                ("time_zone", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=200)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exclusions",
                        to="fleet.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end__isnull", True), ("end__gt", models.F("start")), _connector="OR"
                        ),
                        name="exclusion_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end__isnull", False),
                            models.Q(("cause", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="exclusion_without_end_has_a_cause",
                    ),
                    models.UniqueConstraint(
                        fields=("customer", "start", "cause"), name="exclusion_starts_once"
                    ),
                ],
            },
        ),
    ]
