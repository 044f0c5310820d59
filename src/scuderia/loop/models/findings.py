"""Claims about subjects, with what they hang under."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.loop.models.columns import one_of
from scuderia.loop.nouns import FindingState


class Finding(models.Model):
    """A claim about a subject, with its evidence; one is open per `dedup_key`.

    severity_rank   the severity made comparable across units, by what the rooms say a unit is worth
    raised_by       the name of the agent or the detector; the actor's text if filed by hand
    refreshed_at    when a look last claimed it, in domain time
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=161, db_index=True)
    claim = models.TextField()
    confidence = models.FloatField()
    severity_amount = models.FloatField(default=0)
    severity_unit = models.CharField(max_length=40, default="")
    severity_rank = models.FloatField()
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
