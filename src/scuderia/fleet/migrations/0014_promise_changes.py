"""What was promised otherwise for days that had begun is kept for the reports that it changes."""

import django.db.models.deletion
import scuderia.fleet.models.columns
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0013_words_of_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="PromiseChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_day", models.DateField()),
                ("last_day", models.DateField()),
                ("target_before", models.FloatField()),
                ("zone_before", models.CharField(max_length=64)),
                ("target_after", models.FloatField(null=True)),
                ("zone_after", models.CharField(default="", max_length=64)),
                ("reason", models.TextField()),
                ("changed_by", models.CharField(max_length=160)),
                ("changed_at", scuderia.fleet.models.columns.InstantField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="promise_changes",
                        to="fleet.customer",
                    ),
                ),
            ],
        ),
    ]
