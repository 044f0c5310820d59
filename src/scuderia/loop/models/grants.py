"""How far an agent may go, where, within which budget, until when."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.nouns import Autonomy, GrantState


class Grant(models.Model):
    """How far one agent may go with one kind on one scope, within a budget, until when.

    kind         an action kind, or "*" for every kind the agent proposes
    *_per_day    the most in a day of domain time; null is no limit of that sort
    closed_by    who revoked or replaced it, or the worker once it ran out; "" until then
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    scope = models.CharField(max_length=161)
    level = models.IntegerField()
    actions_per_day = models.IntegerField(null=True)
    targets_per_day = models.IntegerField(null=True)
    cents_per_day = models.BigIntegerField(null=True)
    state = models.CharField(max_length=16, default=GrantState.ACTIVE.value)
    granted_by = models.CharField(max_length=80)
    reason = models.TextField()
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_by = models.CharField(max_length=80, default="", blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("state", GrantState, name="loop_grant_state"),
            one_of("level", Autonomy, name="loop_grant_level"),
            models.CheckConstraint(
                condition=models.Q(granted_by__startswith="person:"), name="loop_grant_by_person"
            ),
            models.UniqueConstraint(
                fields=["agent", "kind", "scope"],
                condition=models.Q(state__in=[GrantState.ACTIVE.value, GrantState.SUSPENDED.value]),
                name="loop_grant_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.kind} on {self.scope}: {self.level}"
