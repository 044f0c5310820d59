"""What is stopped, by whom and why, until it is let go."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.nouns import BrakeScope


class Brake(models.Model):
    """A stop: everything, one agent, one kind or one scope, until a person lifts it.

    pulled_at   when it was last pulled; a brake that is on may be pulled again, for another reason
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    stops = models.CharField(max_length=8)
    value = models.CharField(max_length=161, default="", blank=True)
    reason = models.TextField()
    set_by = models.CharField(max_length=80)
    set_at = models.DateTimeField()
    pulled_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, default="", blank=True)
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            one_of("stops", BrakeScope, name="loop_brake_stops"),
            models.CheckConstraint(
                condition=models.Q(set_by__startswith="person:"), name="loop_brake_by_person"
            ),
            models.UniqueConstraint(
                fields=["stops", "value"],
                condition=models.Q(lifted_at__isnull=True),
                name="loop_brake_one_on",
            ),
        ]

    def __str__(self) -> str:
        return f"brake on {self.stops} {self.value}"
