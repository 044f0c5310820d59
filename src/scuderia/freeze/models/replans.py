"""Drafts of the update calendar around a zone; one of them may be adopted, by a person."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.freeze.models.zones import ACTOR_MAX, Zone


class Replan(models.Model):
    """A draft: nothing is moved before a person adopts it, and it is adopted as it was shown.

    calendar     digest of all that it was planned from; another one since, and it is not adopted
    is_landing   it keeps the landing rule after the zone
    moves        [{"key", "from", "to"}], instants as text
    unplaced     [{"key", "certainty", "binding", "relax", "waits_for"}]
    facts        objective, greedy, displaced, planned, violations
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="replans")
    calendar = models.CharField(max_length=64)
    is_landing = models.BooleanField()
    moves = models.JSONField()
    unplaced = models.JSONField()
    facts = models.JSONField()
    made_by = models.CharField(max_length=ACTOR_MAX)
    made_at = models.DateTimeField()
    adopted_by = models.CharField(max_length=ACTOR_MAX, default="", blank=True)
    adopted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(adopted_by="") | models.Q(adopted_by__startswith="person:"),
                name="freeze_replan_by_person",
            )
        ]
        indexes = [models.Index(fields=["zone", "made_at"], name="freeze_replan_by_zone")]

    def __str__(self) -> str:
        return f"replan of {len(self.moves)} updates"
