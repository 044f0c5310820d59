"""One open undo an action; of several that were accepted at once, the first goes on."""

from django.db import migrations, models

SAID = "another undo of the same action was accepted before it"


def halt_the_others(apps, schema_editor):
    actions = apps.get_model("loop", "Action")
    still_open = models.Q(state__in=["queued", "running"]) | models.Q(
        state="halted", resumable=True
    )
    seen = set()
    for one in actions.objects.filter(still_open, undo_of__isnull=False).order_by(
        "queued_at", "pk"
    ):
        if one.undo_of_id in seen:
            actions.objects.filter(pk=one.pk).update(state="halted", resumable=False, said=SAID)
        seen.add(one.undo_of_id)


def keep(apps, schema_editor):
    """Going back, what was halted stays halted."""


class Migration(migrations.Migration):
    dependencies = [("loop", "0003_quantities")]
    operations = [
        migrations.RunPython(halt_the_others, keep),
        migrations.AddConstraint(
            "action",
            models.UniqueConstraint(
                fields=["undo_of"],
                condition=models.Q(state__in=["queued", "running"])
                | models.Q(state="halted", resumable=True),
                name="loop_action_one_open_undo",
            ),
        ),
    ]
