"""Which customer held which node, and when."""

from django.db import models
from django.db.models import Q

from scuderia.fleet.models.columns import InstantField, ends_after_start
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node


class Allocation(models.Model):
    """A customer holds a node over [start, end); end is None while it lasts."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="allocations")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="allocations")
    start = InstantField()
    end = InstantField(null=True)

    class Meta:
        constraints = [
            ends_after_start("allocation"),
            models.UniqueConstraint(
                fields=["node"], condition=Q(end__isnull=True), name="node_has_one_open_allocation"
            ),
            models.UniqueConstraint(fields=["node", "start"], name="allocation_starts_once"),
        ]
        indexes = [
            models.Index(fields=["customer", "node"], name="allocation_by_customer"),
            models.Index(fields=["node", "end"], name="allocation_by_node_end"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} holds {self.node}"
