"""Break-glass: one update that two people let through the zones that stop it."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.freeze.models.zones import ACTOR_MAX, TITLE_MAX, Zone


class BreakGlass(models.Model):
    """One update let through some zones, once, by two people.

    zones      those that objected when it was asked for, and no other
    update     nodes, class, start and lengths in seconds
    digest     names exactly that update: nodes, class and whole interval
    starts_at, ends_at   its whole interval
    token      what the home's key signed at approval; without it nothing opens
    used_at    when it was used; the gate lets the update through from then to `expires_at`
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    zones = models.ManyToManyField(Zone, related_name="glasses")
    update = models.JSONField()
    digest = models.CharField(max_length=64)
    reason = models.TextField()
    ticket = models.CharField(max_length=TITLE_MAX)
    requested_by = models.CharField(max_length=ACTOR_MAX)
    requested_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    approved_by = models.CharField(max_length=ACTOR_MAX, default="", blank=True)
    approved_at = models.DateTimeField(null=True)
    approval_reason = models.TextField(default="", blank=True)
    token = models.TextField(default="", blank=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(requested_by__startswith="person:"),
                name="freeze_glass_by_person",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by="")
                | (
                    models.Q(approved_by__startswith="person:")
                    & ~models.Q(approved_by=models.F("requested_by"))
                ),
                name="freeze_glass_by_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | ~models.Q(approved_by=""),
                name="freeze_glass_used_once_approved",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("requested_at")),
                name="freeze_glass_expires",
            ),
        ]
        indexes = [models.Index(fields=["digest", "expires_at"], name="freeze_glass_by_update")]

    def __str__(self) -> str:
        return f"break-glass of {self.requested_by}"
