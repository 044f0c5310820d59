"""Changes of machines inside a zone: what nobody was let through for, and what somebody was."""

from django.db import models

from scuderia.freeze.models.break_glass import BreakGlass
from scuderia.freeze.models.zones import NAME_MAX, Zone


class Breach(models.Model):
    """A node of a zone was seen with another version while the zone was in force.

    kind          boot_id, firmware, driver, kernel or image
    was, value    as the machine told them
    last_seen     when the old one was last seen: it changed after that
    seen          when the new one was first seen
    found_at      when this was found out
    glass         the break-glass that let it through, and then it is no breach; None: nobody did
    """

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="breaches")
    node = models.CharField(max_length=NAME_MAX)
    kind = models.CharField(max_length=12)
    was = models.CharField(max_length=200)
    value = models.CharField(max_length=200)
    last_seen = models.DateTimeField()
    seen = models.DateTimeField()
    found_at = models.DateTimeField()
    glass = models.ForeignKey(
        BreakGlass, null=True, on_delete=models.PROTECT, related_name="let_through"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "node", "kind", "seen"], name="freeze_breach_is_found_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.node} in {self.zone_id}"
