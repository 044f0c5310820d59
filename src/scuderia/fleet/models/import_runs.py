"""Imports under way: what they staged is seen by no reader until they are published."""

from typing import Any, TypeVar

from django.db import models
from django.db.models import Q, QuerySet

from scuderia.fleet.models.columns import InstantField

RowT = TypeVar("RowT", bound=models.Model)


class ImportRun(models.Model):
    """One import from its first staged row to its last step; at most one is open.

    is_open       nothing of it is seen; clearing this is what publishes it
    is_disturbed  somebody changed a row that it is about to replace: it is never published
    is_settled    after its publishing: what it replaced is gone, and each amendment is audited
    held_by       the machine and the process that carry it out; touched_at in wall time
    actor         whose words the audit of each amendment names: kind, name, via
    """

    is_open = models.BooleanField(default=True)
    is_disturbed = models.BooleanField(default=False)
    is_settled = models.BooleanField(default=False)
    held_by = models.CharField(max_length=120)
    touched_at = InstantField()
    actor = models.JSONField()
    batch = models.ForeignKey("fleet.ImportBatch", on_delete=models.SET_NULL, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_open"], condition=Q(is_open=True), name="one_import_is_open"
            ),
        ]

    def __str__(self) -> str:
        return f"import run {self.pk}"


def is_published(run: str = "run") -> Q:
    """Keep the rows that no open import staged."""
    return Q(**{f"{run}__isnull": True}) | ~Q(**{f"{run}__in": _open()})


def stands(outage: str = "") -> Q:
    """Keep the outages that are published, and replaced by no published import."""
    replaced = f"{outage}replaced_in"
    kept = Q(**{f"{replaced}__isnull": True}) | Q(**{f"{replaced}__in": _open()})
    return is_published(f"{outage}run") & kept


def _open() -> QuerySet[Any, Any]:
    return ImportRun.objects.filter(is_open=True).values("pk")


class EveryRow(models.Manager[RowT]):
    """What is staged too: for imports, and for what must not collide with them."""


class Published(models.Manager[RowT]):
    """Every read goes through it: an import is seen whole from one instant on, or not at all.

    rule   which rows stand
    """

    def __init__(self, rule: Any = is_published) -> None:
        super().__init__()
        self._rule = rule

    def get_queryset(self) -> QuerySet[RowT]:
        """Return the rows that stand."""
        return super().get_queryset().filter(self._rule())
