"""The triggers that hold the table of legal moves and the append-only records in the database."""

from django.db import migrations

from scuderia.loop.models import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor)


def remove(apps, schema_editor):
    triggers.remove(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("loop", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
