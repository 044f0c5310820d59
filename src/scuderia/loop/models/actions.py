"""Durable runs of approved proposals, what each used, and the requests to run them."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.grants import Grant
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import ActionState

LIVE = (ActionState.QUEUED.value, ActionState.RUNNING.value)
OPEN = models.Q(state__in=LIVE) | models.Q(state=ActionState.HALTED.value, resumable=True)
"""A run that may still have an effect: it waits, it runs, or a person may let it go on."""
UNANSWERED = models.Q(state=ActionState.FAILED.value, acknowledged_at__isnull=True)
"""A run that failed, and of which nobody has taken note."""


class Action(models.Model):
    """The durable run of one approved proposal; its id begins the key of every effect.

    resumable   a halted action that a person may resume; False once it went back as a proposal
    attempt     the number of the run; a resume starts the next one
    acknowledged_at   when a person took note that it failed; None where nobody has, or need
    worker      the executor that began it, for adoption after its heartbeat stops
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="actions")
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="action")
    grant = models.ForeignKey(Grant, null=True, on_delete=models.PROTECT, related_name="actions")
    kind = models.CharField(max_length=64)
    agent = models.CharField(max_length=64, default="", blank=True)
    targets = models.JSONField()
    params = models.JSONField(default=dict)
    snapshot = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    safe_direction = models.BooleanField(default=False)
    targets_count = models.IntegerField()
    cost_cents = models.BigIntegerField(null=True)
    state = models.CharField(max_length=16, default=ActionState.QUEUED.value)
    resumable = models.BooleanField(default=False)
    attempt = models.IntegerField(default=1)
    steps_total = models.IntegerField(default=0)
    worker = models.CharField(max_length=80, default="", blank=True)
    said = models.TextField(default="", blank=True)
    queued_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    undo_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="undo_actions"
    )

    class Meta:
        constraints = [
            one_of("state", ActionState, name="loop_action_state"),
            models.UniqueConstraint(
                fields=["proposal"],
                condition=OPEN,
                name="loop_action_one_live",
            ),
            models.UniqueConstraint(
                fields=["undo_of"],
                condition=OPEN,
                name="loop_action_one_open_undo",
            ),
        ]
        indexes = [models.Index(fields=["state", "queued_at"], name="loop_action_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class DecisionUse(models.Model):
    """That a decision has been used; the row can exist once, for ever."""

    decision = models.OneToOneField(
        Decision, primary_key=True, on_delete=models.PROTECT, related_name="use"
    )
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="uses")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.decision_id} used at {self.used_at:%Y-%m-%d %H:%M}"


class RunRequest(models.Model):
    """The outbox: one run to be started, written in the transaction that approved it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="runs")
    attempt = models.IntegerField(default=1)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "attempt"], name="loop_run_once")]

    def __str__(self) -> str:
        return f"{self.action_id} run {self.attempt}"
