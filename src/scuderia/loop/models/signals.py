"""Facts seen from outside, each stored once."""

from django.db import models

from scuderia.basics.ids import new_id


class Signal(models.Model):
    """A fact seen from outside; append-only, and the same fact is stored once.

    entry   the audit entry that vouches for it; None where it came before entries did
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=161)
    occurred_at = models.DateTimeField(db_index=True)
    received_at = models.DateTimeField()
    source = models.CharField(max_length=64)
    dedup_key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField(default=dict)
    entry = models.BigIntegerField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
