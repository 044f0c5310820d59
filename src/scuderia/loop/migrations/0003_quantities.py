"""Costs and severities in the unit of the room that measures them; what was stored is GPU-hours."""

from django.db import migrations, models
from django.db.models import F

from scuderia.loop.models import triggers

UNIT = "GPU-hours"
BATCH = 500


def name_units(apps, schema_editor):
    findings, proposals = apps.get_model("loop", "Finding"), apps.get_model("loop", "Proposal")
    findings.objects.update(severity_amount=F("severity_rank"), severity_unit=UNIT)
    proposals.objects.update(cost_of_delay_amount=F("cost_of_delay_rank"), cost_of_delay_unit=UNIT)
    for proposal in proposals.objects.only("pk", "blast").iterator(chunk_size=BATCH):
        blast = dict(proposal.blast)
        if "details" not in blast:
            gpus, customers = blast.pop("gpus", 0), blast.pop("customers", [])
            blast |= {"details": [f"{gpus:,} GPUs"] if gpus else [], "affected": customers}
            proposals.objects.filter(pk=proposal.pk).update(blast=blast)


def install_guards(apps, schema_editor):
    triggers.install(schema_editor)  # SQLite makes a table anew to change it: its triggers went


def keep(apps, schema_editor):
    """Going back, the units are dropped with their columns."""


class Migration(migrations.Migration):
    dependencies = [("loop", "0002_guards")]
    operations = [
        migrations.RemoveIndex("proposal", "loop_proposal_queue"),
        migrations.RenameField("finding", "severity_gpu_hours", "severity_rank"),
        migrations.RenameField("proposal", "regret_gpu_hours_per_day", "cost_of_delay_rank"),
        migrations.AddField("finding", "severity_amount", models.FloatField(default=0)),
        migrations.AddField(
            "finding", "severity_unit", models.CharField(default="", max_length=40)
        ),
        migrations.AddField("proposal", "cost_of_delay_amount", models.FloatField(default=0)),
        migrations.AddField(
            "proposal", "cost_of_delay_unit", models.CharField(default="", max_length=40)
        ),
        migrations.AddIndex(
            "proposal",
            models.Index(
                fields=["state", "-cost_of_delay_rank", "filed_at"], name="loop_proposal_queue"
            ),
        ),
        migrations.RunPython(name_units, keep),
        migrations.RunPython(install_guards, keep),
    ]
