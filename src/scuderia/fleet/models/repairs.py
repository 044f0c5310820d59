"""The phases of an outage."""

from django.db import models
from django.db.models import Q

from scuderia.fleet.models.columns import InstantField, ends_after_start
from scuderia.fleet.models.import_runs import EveryRow, Published, stands
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.nouns import NodeState


class Repair(models.Model):
    """One phase of an outage: in repair, waiting for parts, or validating, over [start, end)."""

    outage = models.ForeignKey(Outage, on_delete=models.CASCADE, related_name="repairs")
    state = models.CharField(max_length=16)
    start = InstantField()
    end = InstantField(null=True)

    objects = Published(lambda: stands("outage__"))
    every = EveryRow()

    class Meta:
        constraints = [
            ends_after_start("repair"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        NodeState.IN_REPAIR.value,
                        NodeState.WAITING_PARTS.value,
                        NodeState.VALIDATING.value,
                    ]
                ),
                name="repair_state_is_a_phase",
            ),
            models.UniqueConstraint(
                fields=["outage"], condition=Q(end__isnull=True), name="outage_has_one_open_phase"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outage}: {self.state}"
