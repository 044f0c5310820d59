"""Promises begin on a day; those of old hold from the beginning."""

import datetime

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0007_shares_of_nodes"),
    ]

    operations = [
        migrations.AddField(
            model_name="sladefinition",
            name="first_day",
            field=models.DateField(default=datetime.date(1900, 1, 1)),
        ),
        migrations.AlterField(
            model_name="sladefinition",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="slas",
                to="fleet.customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="sladefinition",
            constraint=models.UniqueConstraint(
                fields=("customer", "first_day"), name="sla_begins_once_a_day"
            ),
        ),
    ]
