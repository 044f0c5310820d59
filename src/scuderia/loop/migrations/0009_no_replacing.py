"""No row takes another's place unseen: SQLite's REPLACE asks no trigger of removal."""

from django.db import migrations

from scuderia.loop.models import triggers


def install_guards(apps, schema_editor):
    triggers.install(schema_editor)


def let_replace(apps, schema_editor):
    triggers.let_replace(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("loop", "0008_brake_pulls")]
    operations = [migrations.RunPython(install_guards, let_replace)]
