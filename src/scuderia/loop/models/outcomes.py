"""What was promised beside what was measured."""

from django.db import models

from scuderia.loop.models.actions import Action
from scuderia.loop.nouns import OutcomeVerdict


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
