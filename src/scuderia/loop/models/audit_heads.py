"""What became of telling the chain's head to each place outside."""

from django.db import models


class HeadExport(models.Model):
    """One place outside and the newest head that it took, in wall time.

    seq, at         of the head; None where it never took one
    failing_since   the first failure after the last success; None while it takes heads
    said            why it fails, in words; "" while it takes heads
    """

    store = models.CharField(max_length=200, primary_key=True)
    seq = models.BigIntegerField(null=True)
    at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    said = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"{self.store} {self.seq}"
