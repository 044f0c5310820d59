"""What was promised otherwise for days that had begun, kept for the reports that it changes."""

from django.db import models

from scuderia.fleet.models.columns import InstantField
from scuderia.fleet.models.customers import Customer


class PromiseChange(models.Model):
    """One change of what a customer was promised for the days [first_day, last_day].

    Kept for ever: a report of those days says that they were held to something else before.
    target_after   None: nothing is promised for them any more
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="promise_changes")
    first_day = models.DateField()
    last_day = models.DateField()
    target_before = models.FloatField()
    zone_before = models.CharField(max_length=64)
    target_after = models.FloatField(null=True)
    zone_after = models.CharField(max_length=64, default="")
    reason = models.TextField()
    changed_by = models.CharField(max_length=160)
    changed_at = InstantField()

    def __str__(self) -> str:
        return f"{self.customer}: {self.first_day} to {self.last_day}, by {self.changed_by}"
