"""Break-glass, and which one let an update through."""

import scuderia.basics.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("freeze", "0005_breaches"),
    ]

    operations = [
        migrations.AddField(
            model_name="gatedecision",
            name="opened_by",
            field=models.CharField(blank=True, default="", max_length=36),
        ),
        migrations.CreateModel(
            name="BreakGlass",
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
                ("update", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("reason", models.TextField()),
                ("ticket", models.CharField(max_length=200)),
                ("requested_by", models.CharField(max_length=80)),
                ("requested_at", models.DateTimeField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("approved_by", models.CharField(blank=True, default="", max_length=80)),
                ("approved_at", models.DateTimeField(null=True)),
                ("approval_reason", models.TextField(blank=True, default="")),
                ("token", models.TextField(blank=True, default="")),
                ("used_at", models.DateTimeField(null=True)),
                ("zones", models.ManyToManyField(related_name="glasses", to="freeze.zone")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["digest", "expires_at"], name="freeze_glass_by_update")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("requested_by__startswith", "person:")),
                        name="freeze_glass_by_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by", ""),
                            models.Q(
                                ("approved_by__startswith", "person:"),
                                models.Q(("approved_by", models.F("requested_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="freeze_glass_by_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True),
                            models.Q(("approved_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="freeze_glass_used_once_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("requested_at"))),
                        name="freeze_glass_expires",
                    ),
                ],
            },
        ),
    ]
