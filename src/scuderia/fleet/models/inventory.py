"""What stands where: sites, clusters, racks, SKUs, nodes and their GPUs."""

from django.db import models
from django.db.models import F, Q

from scuderia.fleet.models.columns import NAME_MAX, InstantField, Named
from scuderia.fleet.models.import_runs import EveryRow, ImportRun, Published


class Site(Named):
    """A building or a region."""


class Cluster(Named):
    """Nodes under one scheduler; its name is unique over all sites, as a subject's must be."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="clusters")


class Rack(Named):
    """Where a node stands; its name is unique over all clusters, as a subject's must be."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="racks")


class Sku(Named):
    """A node type."""

    gpus_per_node = models.PositiveIntegerField()
    gpu_model = models.CharField(max_length=NAME_MAX)


class Node(Named):
    """A server on the books over [active_from, active_to); None while its source still speaks.

    run   the import that stood it up, None where no file did
    """

    rack = models.ForeignKey(Rack, on_delete=models.PROTECT, related_name="nodes")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="nodes")
    active_from = InstantField()
    active_to = InstantField(null=True)
    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, null=True, related_name="nodes")

    objects = Published()
    every = EveryRow()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gt=F("active_from")),
                name="node_active_to_after_from",
            ),
        ]


class Gpu(models.Model):
    """One accelerator in a slot; made with its node."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="gpus")
    slot = models.PositiveSmallIntegerField()
    serial = models.CharField(max_length=NAME_MAX, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "slot"], name="gpu_slot_holds_one"),
        ]

    def __str__(self) -> str:
        return f"{self.node} gpu {self.slot}"
