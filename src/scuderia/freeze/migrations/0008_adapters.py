"""Systems that ask the gate by a webhook, and the answers that are sent to them."""

import django.db.models.deletion
import scuderia.basics.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("freeze", "0007_gate_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Adapter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=16, unique=True)),
                ("person", models.CharField(blank=True, default="", max_length=150)),
                ("token", models.CharField(blank=True, default="", max_length=64)),
                ("hosts", models.JSONField(default=list)),
                ("set_by", models.CharField(max_length=80)),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name__in", ["github", "azure-devops", "terraform"])),
                        name="freeze_adapter_name",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AdapterDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=128)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "adapter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="freeze.adapter",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("adapter", "key"), name="freeze_delivery_key_once"
                    ),
                    models.UniqueConstraint(
                        fields=("adapter", "digest"), name="freeze_delivery_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdapterTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=300)),
                ("nodes", models.TextField()),
                ("update_class", models.CharField(max_length=20)),
                ("work_s", models.PositiveIntegerField()),
                ("bake_s", models.PositiveIntegerField(default=0)),
                ("rollback_s", models.PositiveIntegerField(default=0)),
                (
                    "adapter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="targets",
                        to="freeze.adapter",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("adapter", "name"), name="freeze_target_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Callback",
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
                ("adapter", models.CharField(max_length=16)),
                ("method", models.CharField(max_length=8)),
                ("url", models.TextField()),
                ("body", models.JSONField()),
                ("content_type", models.CharField(max_length=64)),
                ("secret", models.TextField(blank=True, default="")),
                ("app", models.PositiveBigIntegerField(default=0)),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("said", models.CharField(blank=True, default="", max_length=300)),
                (
                    "decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="callbacks",
                        to="freeze.gatedecision",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "next_at"], name="freeze_callback_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("adapter__in", ["github", "azure-devops", "terraform"])
                        ),
                        name="freeze_callback_adapter",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "sent", "failed"])),
                        name="freeze_callback_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "waiting"), ("secret", ""), _connector="OR"),
                        name="freeze_callback_forgets_its_secret",
                    ),
                ],
            },
        ),
    ]
