"""What software and firmware each node was seen with, and since when."""

from django.db import models

from scuderia.fleet.models.columns import NAME_MAX, InstantField
from scuderia.fleet.nouns import VersionKind

VALUE_MAX = 200


class NodeVersion(models.Model):
    """A node was seen with this version of something over [since, seen_at]; one row each stretch.

    since     when it was first seen so; another version was seen before, or none ever was
    seen_at   when it was last seen so; of the latest row, how old the knowledge is
    source    who saw it last
    """

    node = models.CharField(max_length=NAME_MAX)
    kind = models.CharField(max_length=12)
    value = models.CharField(max_length=VALUE_MAX)
    since = InstantField()
    seen_at = InstantField()
    source = models.CharField(max_length=NAME_MAX)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "kind", "since"], name="node_version_begins_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[one.value for one in VersionKind]),
                name="node_version_kind",
            ),
        ]
        indexes = [models.Index(fields=["since"], name="node_version_by_since")]

    def __str__(self) -> str:
        return f"{self.node}: {self.kind} {self.value}"
