"""What stood before the decider is kept with the decision; of older ones it is not known."""

from django.db import migrations, models

from scuderia.loop.models import triggers


def install_guards(apps, schema_editor):
    triggers.install(schema_editor)  # SQLite makes a table anew to change it: its triggers went


class Migration(migrations.Migration):
    dependencies = [("loop", "0004_one_open_undo")]
    operations = [
        migrations.AddField("decision", "shown", models.JSONField(default=dict)),
        migrations.RunPython(install_guards, migrations.RunPython.noop),
    ]
