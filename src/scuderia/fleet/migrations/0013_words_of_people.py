"""Promises and prices that a person stated are told from those of a source."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fleet", "0012_exclusions"),
    ]

    operations = [
        migrations.AddField(
            model_name="sladefinition",
            name="by_person",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="price",
            name="by_person",
            field=models.BooleanField(default=False),
        ),
    ]
