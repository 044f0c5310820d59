"""What each agent brought back, look by look."""

from django.db import models

from scuderia.basics.ids import new_id


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
