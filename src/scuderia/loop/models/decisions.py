"""A yes or a no to one digest; append-only."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.models.grants import Grant
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import Answer


class Decision(models.Model):
    """A person, or a grant, says yes or no to one digest; append-only, a yes is used once.

    shown   what stood before the decider: title, plan, forecast and findings with their evidence
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="decisions")
    serial = models.IntegerField()
    digest = models.CharField(max_length=64)
    answer = models.CharField(max_length=8)
    decided_by = models.CharField(max_length=80)
    via = models.CharField(max_length=80, default="", blank=True)
    grant = models.ForeignKey(Grant, null=True, on_delete=models.PROTECT, related_name="decisions")
    reason = models.TextField(default="", blank=True)
    gate_verdicts = models.JSONField(default=list)
    shown = models.JSONField(default=dict)
    decided_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("answer", Answer, name="loop_decision_answer"),
            models.UniqueConstraint(fields=["proposal", "serial"], name="loop_decision_once"),
            models.CheckConstraint(
                condition=models.Q(decided_by__startswith="person:")
                | models.Q(grant__isnull=False, decided_by__startswith="grant:"),
                name="loop_decision_by_person_or_grant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decided_by}: {self.answer}"
