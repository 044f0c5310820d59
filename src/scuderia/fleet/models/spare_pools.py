"""How many spares each cluster is meant to keep."""

from django.db import models

from scuderia.fleet.models.inventory import Cluster


class SparePool(models.Model):
    """How many spares a cluster is meant to keep."""

    cluster = models.OneToOneField(Cluster, on_delete=models.CASCADE, related_name="spare_pool")
    target_size = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.cluster}: {self.target_size} spares"
