"""What people and files corrected on the books: what stood there, what does now, who and why."""

from django.db import models

from scuderia.fleet.models.columns import InstantField
from scuderia.fleet.models.import_runs import EveryRow, ImportRun, Published
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import KEY_MAX, ImportBatch


class OutageAmendment(models.Model):
    """One correction of one outage; kept for ever, also when the outage is retracted.

    after   None where the outage was retracted: its source's key is then never booked again
    batch   the file that said so; None where a person amended it by hand
    """

    source_key = models.CharField(max_length=KEY_MAX, db_index=True)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="amendments")
    before = models.JSONField()
    after = models.JSONField(null=True)
    reason = models.TextField()
    amended_by = models.CharField(max_length=160)
    amended_at = InstantField()
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, null=True, related_name="amendments"
    )
    run = models.ForeignKey(
        ImportRun, on_delete=models.PROTECT, null=True, related_name="amendments"
    )

    objects = Published()
    every = EveryRow()

    class Meta:
        indexes = [models.Index(fields=["node", "amended_at"], name="amendment_by_node")]

    def __str__(self) -> str:
        return f"{self.source_key} by {self.amended_by}"
