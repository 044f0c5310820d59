"""Where two people are asked for, by whom and why, until a person ends it."""

from django.db import models

from scuderia.basics.ids import new_id


class ApprovalRule(models.Model):
    """That whoever files or edits a proposal of this sort may not be who approves it.

    kind         an action kind, or "" for every kind but the safe direction
    cents_from   only what costs as much or whose cost is not known; None for whatever cost
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64, default="", blank=True)
    scope = models.CharField(max_length=161)
    cents_from = models.BigIntegerField(null=True)
    reason = models.TextField()
    set_by = models.CharField(max_length=80)
    set_at = models.DateTimeField()
    ended_by = models.CharField(max_length=80, default="", blank=True)
    ended_at = models.DateTimeField(null=True, db_index=True)
    end_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(set_by__startswith="person:"), name="loop_approvalrule_by_person"
            ),
        ]

    def __str__(self) -> str:
        return f"two people for {self.kind or 'every kind'} on {self.scope}"
