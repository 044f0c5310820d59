"""Labels that nodes bear: a key with a value, each key once a node."""

from django.db import models

from scuderia.fleet.engine.labels import KEY_MAX
from scuderia.fleet.engine.labels import NAME_MAX as VALUE_MAX
from scuderia.fleet.models.inventory import Node


class NodeLabel(models.Model):
    """One label of a node, as it stands."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="labels")
    key = models.CharField(max_length=KEY_MAX)
    value = models.CharField(max_length=VALUE_MAX, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "key"], name="node_bears_a_key_once"),
        ]
        indexes = [models.Index(fields=["key"], name="node_label_by_key")]

    def __str__(self) -> str:
        return f"{self.node}: {self.key}={self.value}"
