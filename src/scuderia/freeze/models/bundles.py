"""The offline bundles that were issued: none is ever older than the one before."""

from django.db import models

from scuderia.freeze.models.zones import ACTOR_MAX


class BundleIssue(models.Model):
    """One bundle as issued; its number is the next one, whatever the clock says.

    digest   of what it holds, as it is signed
    """

    sequence = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, default="", blank=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    issued_to = models.CharField(max_length=ACTOR_MAX)

    def __str__(self) -> str:
        return f"bundle {self.sequence}"
