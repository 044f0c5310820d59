"""What a GPU-hour costs, from which day on: of a node type, or of one customer."""

from django.db import models
from django.db.models import Q

from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Sku


class Price(models.Model):
    """US cents per GPU-hour of a node type from a day on, until the next one; 0 states none.

    customer   whose own price it is; None: everybody's who has none
    by_person    a person or a person's file said it: no source's word replaces it
    """

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="prices")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, related_name="prices"
    )
    first_day = models.DateField()
    cents_per_gpu_hour = models.PositiveIntegerField()
    by_person = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "first_day"],
                condition=Q(customer__isnull=True),
                name="price_of_a_sku_begins_once_a_day",
            ),
            models.UniqueConstraint(
                fields=["sku", "customer", "first_day"],
                condition=Q(customer__isnull=False),
                name="price_of_a_customer_begins_once_a_day",
            ),
        ]

    def __str__(self) -> str:
        whose = "" if self.customer is None else f" for {self.customer}"
        return f"{self.sku}{whose}: {self.cents_per_gpu_hour} cents from {self.first_day}"
