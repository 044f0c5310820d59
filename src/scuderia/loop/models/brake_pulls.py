"""Every pull of a brake, by its own id; it holds from the pull on, and is booked once."""

from django.db import models


class BrakePull(models.Model):
    """One pull; `booked_at` None while neither the brake nor the audit tells of it yet."""

    id = models.UUIDField(primary_key=True, editable=False)
    stops = models.CharField(max_length=8)
    value = models.CharField(max_length=161, default="", blank=True)
    reason = models.TextField()
    pulled_by = models.CharField(max_length=80)
    via = models.CharField(max_length=80, default="", blank=True)
    pulled_at = models.DateTimeField()
    booked_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.pulled_by} pulled {self.stops} {self.value}"
