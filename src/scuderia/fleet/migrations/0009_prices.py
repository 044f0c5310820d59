"""Prices begin on a day; those of old hold from the beginning."""

import datetime
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

BEGINNING = datetime.date(1900, 1, 1)


def keep_prices(apps: Any, _schema_editor: Any) -> None:
    """Have each stated price hold from the beginning."""
    price = apps.get_model("fleet", "Price")
    for sku, cents in (
        apps.get_model("fleet", "Sku")
        .objects.filter(cents_per_gpu_hour__gt=0)
        .values_list("pk", "cents_per_gpu_hour")
    ):
        price.objects.create(sku_id=sku, first_day=BEGINNING, cents_per_gpu_hour=cents)


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0008_dated_slas"),
    ]

    operations = [
        migrations.CreateModel(
            name="Price",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_day", models.DateField()),
                ("cents_per_gpu_hour", models.PositiveIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="fleet.customer",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="fleet.sku",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                condition=models.Q(("customer__isnull", True)),
                fields=("sku", "first_day"),
                name="price_of_a_sku_begins_once_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                condition=models.Q(("customer__isnull", False)),
                fields=("sku", "customer", "first_day"),
                name="price_of_a_customer_begins_once_a_day",
            ),
        ),
        migrations.RunPython(keep_prices, migrations.RunPython.noop),
    ]
