"""Which workers are alive: their heartbeats, where several machines share the tables."""

from django.db import models


class Heartbeat(models.Model):
    """One worker process, in wall time; `incarnation` differs after every restart."""

    executor_id = models.CharField(max_length=80, primary_key=True)
    incarnation = models.CharField(max_length=40)
    beat_at = models.DateTimeField()
    host = models.CharField(max_length=120, default="", blank=True)
    pid = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.executor_id
