"""What was proposed: one kind, its targets and parameters, and every edit of them."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.models.findings import Finding
from scuderia.loop.nouns import ProposalState


class Proposal(models.Model):
    """What somebody wants done, bound by its digest to exactly that.

    serial          grows with every edit and every return; a decision names the serial it saw
    plan_digest     kind, targets and parameters alone: the identity of the wish
    rehearsed_for   the plan digest the rehearsal was made for; differs after an edit
    advice          filed under autonomy 1: nobody may have it carried out
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64)
    kind_version = models.IntegerField()
    filed_by = models.CharField(max_length=80)
    agent = models.CharField(max_length=64, default="", blank=True)
    title = models.CharField(max_length=200)
    targets = models.JSONField()
    params = models.JSONField(default=dict)
    snapshot = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    plan_digest = models.CharField(max_length=64)
    policy = models.CharField(max_length=64)
    serial = models.IntegerField(default=1)
    rehearsal = models.JSONField()
    rehearsed_for = models.CharField(max_length=64)
    blast = models.JSONField()
    cost_of_delay_amount = models.FloatField(default=0)
    cost_of_delay_unit = models.CharField(max_length=40, default="")
    cost_of_delay_rank = models.FloatField(default=0)
    dedup_key = models.CharField(max_length=200)
    state = models.CharField(max_length=16, default=ProposalState.PENDING.value)
    advice = models.BooleanField(default=False)
    four_eyes = models.BooleanField(default=False)
    returned_reason = models.TextField(default="", blank=True)
    filed_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True)
    undo_of = models.ForeignKey(
        "loop.Action", null=True, on_delete=models.PROTECT, related_name="undo_proposals"
    )
    findings: "models.ManyToManyField[Finding, models.Model]" = models.ManyToManyField(
        Finding, related_name="proposals"
    )

    class Meta:
        constraints = [
            one_of("state", ProposalState, name="loop_proposal_state"),
            models.UniqueConstraint(
                fields=["filed_by", "dedup_key"],
                condition=models.Q(state=ProposalState.PENDING.value),
                name="loop_proposal_pending_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "-cost_of_delay_rank", "filed_at"],
                name="loop_proposal_queue",
            ),
            models.Index(fields=["agent", "kind", "state"], name="loop_proposal_by_agent"),
        ]

    def __str__(self) -> str:
        return self.title


class ProposalScope(models.Model):
    """One subject that EVERY target hangs under; a role on any of these reaches the proposal."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="scopes")
    scope = models.CharField(max_length=161)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "scope"], name="loop_proposal_scope_once")
        ]
        indexes = [models.Index(fields=["scope"], name="loop_proposal_scope")]

    def __str__(self) -> str:
        return self.scope


class Edit(models.Model):
    """One person's change of a pending proposal, from one digest to another; append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="edits")
    edited_by = models.CharField(max_length=80)
    edited_at = models.DateTimeField()
    reason = models.TextField(default="", blank=True)
    before = models.JSONField()
    after = models.JSONField()
    digest_before = models.CharField(max_length=64)
    digest_after = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.edited_by} edited {self.proposal_id}"
