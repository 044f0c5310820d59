"""What each customer was promised, from which day on."""

from django.db import models
from django.db.models import Q

from scuderia.fleet.models.customers import Customer
from scuderia.fleet.nouns import BEGINNING


class SlaDefinition(models.Model):
    """What one customer is promised per day of a time zone, from a day of that zone on.

    It holds until the customer's next one begins.
    by_person   a person or a person's file said it: no source's word replaces it
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="slas")
    first_day = models.DateField(default=BEGINNING)
    target = models.FloatField()
    time_zone = models.CharField(max_length=64)
    by_person = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target__gt=0) & Q(target__lte=1), name="sla_target_is_a_share"
            ),
            models.UniqueConstraint(fields=["customer", "first_day"], name="sla_begins_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.target:.2%} per day in {self.time_zone}"
