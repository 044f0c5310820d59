"""What the gate was asked and what it answered, every time; and what became of it."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.freeze.models.zones import ACTOR_MAX, NAME_MAX, one_of
from scuderia.freeze.nouns import UpdateOutcome


class GateDecision(models.Model):
    """One answer of the gate, written once.

    update          as asked: nodes, class, start and lengths in seconds; `key` where it stands on
                    the calendar; of a batch its size
    objections      every one, as they stood: ground, zone and words
    zones_version   which state of the zones was asked
    local_times     how local times that clocks skip or show twice were read
    opened_by       the break-glass that let it through; "" where none did
    root            of a batch: the Merkle root over all of its decisions, in hex
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    via = models.CharField(max_length=64, default="", blank=True)
    update = models.JSONField()
    allowed = models.BooleanField()
    ground = models.CharField(max_length=16, default="", blank=True)
    objections = models.JSONField(default=list)
    not_before = models.DateTimeField(null=True)
    zones_version = models.PositiveBigIntegerField()
    local_times = models.CharField(max_length=32)
    opened_by = models.CharField(max_length=36, default="", blank=True)
    root = models.CharField(max_length=64, default="", blank=True)

    def __str__(self) -> str:
        return f"{'yes' if self.allowed else 'no'} to {self.asked_by}"


class GateReport(models.Model):
    """What the deployer that asked says became of the update, written once."""

    decision = models.OneToOneField(GateDecision, on_delete=models.PROTECT, related_name="report")
    outcome = models.CharField(max_length=12)
    ended_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=ACTOR_MAX)
    via = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = [one_of("outcome", UpdateOutcome, of="report")]

    def __str__(self) -> str:
        return f"{self.outcome} says {self.reported_by}"


class GateDecisionNode(models.Model):
    """A node that a decided update touches over [starts_at, ends_at): to find decisions by."""

    decision = models.ForeignKey(GateDecision, on_delete=models.PROTECT, related_name="touched")
    node = models.CharField(max_length=NAME_MAX)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["node", "ends_at"], name="freeze_decision_by_node")]

    def __str__(self) -> str:
        return f"{self.node} of {self.decision_id}"
