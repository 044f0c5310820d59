"""What the gate was asked and what it answered."""

import scuderia.basics.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("freeze", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="GateDecision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=scuderia.basics.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=80)),
                ("via", models.CharField(blank=True, default="", max_length=64)),
                ("update", models.JSONField()),
                ("allowed", models.BooleanField()),
                ("ground", models.CharField(blank=True, default="", max_length=16)),
                ("objections", models.JSONField(default=list)),
                ("not_before", models.DateTimeField(null=True)),
                ("zones_version", models.PositiveBigIntegerField()),
                ("local_times", models.CharField(max_length=32)),
                ("root", models.CharField(blank=True, default="", max_length=64)),
            ],
        ),
    ]
