"""The chain of who did what to what, when and why, and its head."""

from django.db import models


class AuditEntry(models.Model):
    """Who did what to what, when and why; each entry carries the hash of the one before.

    detail   canonical JSON as text, so that the hash is over what is stored
    reach    the subject's lineage as |a|b|*|, for asking who may read the entry
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=80)
    via = models.CharField(max_length=80, default="", blank=True)
    verb = models.CharField(max_length=80)
    subject = models.CharField(max_length=161, db_index=True)
    reason = models.TextField(default="", blank=True)
    detail = models.TextField(default="{}")
    reach = models.TextField(default="|*|")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.actor} {self.verb} {self.subject}"


class AuditHead(models.Model):
    """The last entry's number and hash; its row is the lock of the one writer.

    findings_from   the first entry that vouches for findings; None before there was one
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    findings_from = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="loop_audit_one_head")]

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"
