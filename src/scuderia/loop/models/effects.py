"""One keyed change of the world by one step; done once."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.actions import Action
from scuderia.loop.models.columns import one_of
from scuderia.loop.nouns import EffectState


class Effect(models.Model):
    """One effect in the world under its idempotency key; UNKNOWN from the claim on.

    claimed_by   executor and incarnation that may perform it; nobody else does before observing
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="effects")
    step = models.IntegerField()
    key = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=16, default=EffectState.UNKNOWN.value)
    claimed_by = models.CharField(max_length=160)
    tries = models.IntegerField(default=1)
    looks = models.IntegerField(default=0)
    claimed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        constraints = [
            one_of("state", EffectState, name="loop_effect_state"),
            models.UniqueConstraint(fields=["action", "step"], name="loop_effect_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"
