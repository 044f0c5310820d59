"""What was seen and claimed: signals, findings, and what each agent brought back."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.nouns import FindingState


class Signal(models.Model):
    """A fact seen from outside; append-only, and the same fact is stored once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=161)
    occurred_at = models.DateTimeField(db_index=True)
    received_at = models.DateTimeField()
    source = models.CharField(max_length=64)
    dedup_key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Finding(models.Model):
    """A claim about a subject, with its evidence; one is open per `dedup_key`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=161, db_index=True)
    claim = models.TextField()
    confidence = models.FloatField()
    severity_gpu_hours = models.FloatField()
    evidence = models.JSONField(default=list)
    dedup_key = models.CharField(max_length=200)
    raised_by = models.CharField(max_length=80)
    state = models.CharField(max_length=16, default=FindingState.OPEN.value)
    opened_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("state", FindingState, name="loop_finding_state"),
            models.UniqueConstraint(
                fields=["dedup_key"],
                condition=models.Q(state=FindingState.OPEN.value),
                name="loop_finding_open_once",
            ),
        ]
        indexes = [models.Index(fields=["raised_by", "state"], name="loop_finding_by_agent")]

    def __str__(self) -> str:
        return self.claim[:80]


class FindingScope(models.Model):
    """One subject that the finding hangs under; who may read it is asked of these rows."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="scopes")
    scope = models.CharField(max_length=161)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "scope"], name="loop_finding_scope_once")
        ]
        indexes = [models.Index(fields=["scope"], name="loop_finding_scope")]

    def __str__(self) -> str:
        return self.scope


class AgentRound(models.Model):
    """What one agent brought back from one look, or how it failed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agent = models.CharField(max_length=64)
    at = models.DateTimeField()
    duration_ms = models.IntegerField()
    error = models.TextField(default="", blank=True)
    considered = models.JSONField(default=list)
    findings = models.IntegerField(default=0)
    proposals = models.IntegerField(default=0)
    filed = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["agent", "-at"], name="loop_round_by_agent")]

    def __str__(self) -> str:
        return f"{self.agent} {self.at:%Y-%m-%d %H:%M}"
