"""Stays out of service as their sources told them, and the files that told of them."""

from django.db import models
from django.db.models import F, Q

from scuderia.fleet.models.columns import CAUSE_MAX, NAME_MAX, InstantField, ends_after_start
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.import_runs import EveryRow, ImportRun, Published, stands
from scuderia.fleet.models.inventory import Node, Site

KEY_MAX = 120
INDICES_MAX = 4_000


class ImportBatch(models.Model):
    """One file that was imported, by its content; the same file again changes nothing.

    site, customer, fleet_size   those that the file stood up; None where its nodes stood already
    source                       who sends such files; facts are restated within one source alone
    """

    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    trace_format = models.CharField(max_length=32)
    source = models.CharField(max_length=40, default="")
    profile = models.JSONField(default=dict)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, null=True, related_name="imports")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="imports"
    )
    fleet_size = models.PositiveIntegerField(null=True)
    records = models.PositiveIntegerField()
    outages = models.PositiveIntegerField()
    known_before = models.PositiveIntegerField()
    quarantined = models.PositiveIntegerField()
    starts_at = InstantField()
    ends_at = InstantField()
    imported_at = InstantField()
    imported_by = models.CharField(max_length=NAME_MAX + 16)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "site", "source"], name="file_is_imported_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="import_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.outages} outages)"


class Outage(models.Model):
    """One stay out of service as its source told it; overlapping ones are merged when read.

    run           the import that staged the row; None where it came otherwise
    replaced_in   the import that says otherwise of it: from its publishing on, the row is no more
    version       1 while the row that this one replaces stands beside it
    gpus_lost     how many of the node's GPUs it takes; None: the whole node
    gpu_indices   which ones, rising from 0, with commas: "0,3"; "" where nobody named them
    severity      what its source calls it, a value of nouns.Severity
    """

    node = models.ForeignKey(  # the indexes that begin with it serve the foreign key too
        Node, on_delete=models.PROTECT, related_name="outages", db_index=False
    )
    start = InstantField()
    end = InstantField(null=True)
    detected_at = InstantField(null=True)
    cause = models.CharField(max_length=CAUSE_MAX, default="")
    planned = models.BooleanField(default=False)
    source_key = models.CharField(max_length=KEY_MAX)
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, null=True, related_name="outage_rows"
    )
    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, null=True, related_name="outages")
    replaced_in = models.ForeignKey(
        ImportRun, on_delete=models.PROTECT, null=True, related_name="replaced", db_index=False
    )
    version = models.PositiveSmallIntegerField(default=0)
    gpus_lost = models.PositiveSmallIntegerField(null=True)
    gpu_indices = models.CharField(max_length=INDICES_MAX, default="", db_default="")
    severity = models.CharField(max_length=12, default="", db_default="")

    objects = Published(stands)
    every = EveryRow()

    class Meta:
        constraints = [
            ends_after_start("outage"),
            models.CheckConstraint(
                condition=Q(detected_at__isnull=True) | Q(detected_at__gte=F("start")),
                name="outage_is_detected_after_start",
            ),
            models.CheckConstraint(
                condition=Q(gpus_lost__isnull=True) | Q(gpus_lost__gte=1),
                name="outage_takes_a_gpu_at_least",
            ),
            models.UniqueConstraint(
                fields=["node"],
                condition=Q(end__isnull=True, replaced_in__isnull=True),
                name="node_has_one_open_outage",
            ),
            models.UniqueConstraint(fields=["source_key", "version"], name="outage_is_kept_once"),
        ]
        indexes = [
            models.Index(fields=["node", "start"], name="outage_by_node"),
            models.Index(fields=["node", "end"], name="outage_by_node_end"),
            models.Index(fields=["start"], name="outage_by_start"),
            models.Index(fields=["end"], name="outage_by_end"),
            models.Index(
                fields=["replaced_in"],
                condition=Q(replaced_in__isnull=False),
                name="outage_by_replacement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node} out since {self.start:%Y-%m-%d %H:%M}"
