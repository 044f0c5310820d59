"""Which source spoke of a node, and since when a source is silent."""

from django.db import migrations, models

import scuderia.fleet.models.columns


def name_the_one_source(apps, schema_editor):
    """Where one source alone was ever read, every word is its."""
    cursors = apps.get_model("fleet", "ObservationCursor")
    sources = list(cursors.objects.values_list("source", flat=True)[:2])
    if len(sources) == 1:
        apps.get_model("fleet", "LatestObservation").objects.update(source=sources[0])


def keep(apps, schema_editor):
    """Going back, the names go with their column."""


class Migration(migrations.Migration):
    dependencies = [("fleet", "0001_initial")]
    operations = [
        migrations.AddField(
            "latestobservation",
            "source",
            models.CharField(
                db_index=True, default="", max_length=scuderia.fleet.models.columns.NAME_MAX
            ),
        ),
        migrations.AlterField(
            "observationcursor", "as_of", scuderia.fleet.models.columns.InstantField(null=True)
        ),
        migrations.AddField(
            "observationcursor",
            "silent_since",
            scuderia.fleet.models.columns.InstantField(null=True),
        ),
        migrations.AddField(
            "observationcursor",
            "error",
            models.CharField(default="", max_length=scuderia.fleet.models.columns.CAUSE_MAX),
        ),
        migrations.RunPython(name_the_one_source, keep),
    ]
