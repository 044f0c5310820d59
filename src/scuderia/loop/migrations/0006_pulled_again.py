"""When a brake was last pulled, so that nobody lets go of one that was pulled again unseen."""

from django.db import migrations, models
from django.db.models import F


def as_set(apps, schema_editor):
    apps.get_model("loop", "Brake").objects.update(pulled_at=F("set_at"))


def keep(apps, schema_editor):
    """Going back, the instant is dropped with its column."""


class Migration(migrations.Migration):
    dependencies = [("loop", "0005_what_was_shown")]
    operations = [
        migrations.AddField("brake", "pulled_at", models.DateTimeField(null=True)),
        migrations.RunPython(as_set, keep),
    ]
