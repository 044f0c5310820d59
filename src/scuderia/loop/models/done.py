"""What was decided, done and measured: decisions, actions, effects, runs, outcomes."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.models.given import Grant
from scuderia.loop.models.proposed import Proposal
from scuderia.loop.nouns import ActionState, Answer, EffectState, OutcomeVerdict

LIVE = (ActionState.QUEUED.value, ActionState.RUNNING.value)


class Decision(models.Model):
    """A person, or a grant, says yes or no to one digest; append-only, a yes is used once."""

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


class Action(models.Model):
    """The durable run of one approved proposal; its id begins the key of every effect.

    resumable   a halted action that a person may resume; False once it went back as a proposal
    attempt     the number of the run; a resume starts the next one
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
    undo_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="undo_actions"
    )

    class Meta:
        constraints = [
            one_of("state", ActionState, name="loop_action_state"),
            models.UniqueConstraint(
                fields=["proposal"],
                condition=models.Q(state__in=LIVE)
                | models.Q(state=ActionState.HALTED.value, resumable=True),
                name="loop_action_one_live",
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


class Outcome(models.Model):
    """The measured effect beside the expected one; a verdict, once given, is final."""

    action = models.OneToOneField(
        Action, primary_key=True, on_delete=models.PROTECT, related_name="outcome"
    )
    metric = models.CharField(max_length=64)
    unit = models.CharField(max_length=32)
    better = models.CharField(max_length=8)
    do_nothing = models.FloatField()
    expected = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    acted_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    value = models.FloatField(null=True)
    measured_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=16, null=True)  # noqa: DJ001 - null is "not yet"
    note = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verdict__isnull=True)
                | models.Q(verdict__in=[word.value for word in OutcomeVerdict]),
                name="loop_outcome_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric}: {self.verdict or 'open'}"
