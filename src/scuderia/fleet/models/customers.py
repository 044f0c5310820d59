"""Who holds nodes, and what each was promised."""

from django.db import models
from django.db.models import Q

from scuderia.fleet.models.columns import Named


class Customer(Named):
    """Who holds nodes and was promised something."""


class SlaDefinition(models.Model):
    """What one customer was promised per day of its own time zone."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="sla")
    target = models.FloatField()
    time_zone = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target__gt=0) & Q(target__lte=1), name="sla_target_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.target:.2%} per day in {self.time_zone}"
