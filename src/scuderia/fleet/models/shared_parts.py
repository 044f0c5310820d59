"""Which shared parts nodes hang on: switches, power feeds and storage."""

from django.db import models

from scuderia.fleet.engine.shared_parts import TEXT_MAX
from scuderia.fleet.models.inventory import Node


class NodeSharedPart(models.Model):
    """A node hangs on a part that others hang on too, as things stand; `part` is `kind:name`."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="shared_parts")
    part = models.CharField(max_length=TEXT_MAX)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "part"], name="node_hangs_on_a_part_once"),
        ]
        indexes = [models.Index(fields=["part"], name="node_shared_part_by_part")]

    def __str__(self) -> str:
        return f"{self.node} hangs on {self.part}"
