"""The newest word on each node, and how far each source was read."""

from django.db import models
from django.db.models import Q

from scuderia.fleet.models.columns import CAUSE_MAX, NAME_MAX, InstantField
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.nouns import NodeState

CURSOR_MAX = 500


class LatestObservation(models.Model):
    """What a source last said of a node; replaced by each newer word."""

    node = models.OneToOneField(Node, on_delete=models.CASCADE, related_name="latest")
    at = InstantField()
    state = models.CharField(max_length=16)
    cause = models.CharField(max_length=CAUSE_MAX, default="")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True)
    spare = models.BooleanField(default=False)
    source = models.CharField(max_length=NAME_MAX, default="", db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in NodeState]),
                name="observation_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node}: {self.state}"


class ObservationCursor(models.Model):
    """How far a source has been read, until when it has spoken, and since when it is silent."""

    source = models.CharField(max_length=NAME_MAX, unique=True)
    cursor = models.CharField(max_length=CURSOR_MAX, default="")
    as_of = InstantField(null=True)
    silent_since = InstantField(null=True)
    error = models.CharField(max_length=CAUSE_MAX, default="")

    def __str__(self) -> str:
        return f"{self.source} up to {self.as_of}"
