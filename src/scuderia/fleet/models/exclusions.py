"""Which downtime of a customer does not count against its promise, and why."""

from django.db import models
from django.db.models import F, Q

from scuderia.fleet.models.columns import CAUSE_MAX, InstantField
from scuderia.fleet.models.customers import Customer


class Exclusion(models.Model):
    """Downtime of [start, end) that does not count; end None, with a cause alone: it lasts.

    cause       only of outages whose cause is of that class; "" of all
    time_zone   the clocks by which the stretch was agreed
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="exclusions")
    start = InstantField()
    end = InstantField(null=True)
    cause = models.CharField(max_length=CAUSE_MAX, default="")
    time_zone = models.CharField(max_length=64)
    reason = models.CharField(max_length=CAUSE_MAX)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gt=F("start")),
                name="exclusion_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(end__isnull=False) | ~Q(cause=""),
                name="exclusion_without_end_has_a_cause",
            ),
            models.UniqueConstraint(
                fields=["customer", "start", "cause"], name="exclusion_starts_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.cause or 'everything'} from {self.start}"
