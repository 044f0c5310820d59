"""Looks at past instants: asked for, made by the worker, and kept for whoever asks again."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.nouns import PastLookState


class PastLook(models.Model):
    """What the agents would have said at one instant; `told` stays until a newer look is made.

    asked_at, made_at   domain time
    claimed_by          the worker process that looks, or looked
    done, agents        how many have looked, of how many
    told                one object for each agent, each claim and proposal with its scopes
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    as_of = models.DateTimeField(unique=True)
    state = models.CharField(max_length=8)
    asked_by = models.CharField(max_length=161)
    asked_at = models.DateTimeField(db_index=True)
    claimed_by = models.CharField(max_length=121, default="", blank=True)
    done = models.IntegerField(default=0)
    agents = models.IntegerField(default=0)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    duration_ms = models.IntegerField(default=0)
    digest = models.CharField(max_length=64, default="", blank=True)
    told = models.JSONField(default=list)

    class Meta:
        constraints = [one_of("state", PastLookState, name="loop_past_look_state")]

    def __str__(self) -> str:
        return f"{self.as_of:%Y-%m-%d %H:%M} {self.state}"
