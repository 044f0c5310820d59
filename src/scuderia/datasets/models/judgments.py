"""What is judged, who judges, what they said, and the imports that it came by."""

from typing import Any, TypeVar

from django.db import models
from django.db.models import Q, QuerySet

from scuderia.basics.ids import new_id
from scuderia.datasets.models.columns import ACTOR_MAX, KEY_MAX, NAME_MAX, VALUE_MAX, one_of
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ContributorKind

RowT = TypeVar("RowT", bound=models.Model)


class DataImport(models.Model):
    """One file of items or judgments, from its first staged row on; a project has one open at most.

    kind      what it holds: items, or judgments of a kind
    is_open   nothing of it is seen; clearing this is what publishes it
    held_by   the machine and the process that carry it out; touched_at in wall time
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    kind = models.CharField(max_length=10)
    file = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    is_open = models.BooleanField(default=True)
    held_by = models.CharField(max_length=120)
    touched_at = models.DateTimeField()
    by = models.CharField(max_length=ACTOR_MAX)
    at = models.DateTimeField()
    added = models.PositiveIntegerField(default=0)
    amended = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(is_open=True), name="datasets_one_import_is_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file} of {self.at:%Y-%m-%d}"


def _open_imports() -> QuerySet[Any, Any]:
    return DataImport.objects.filter(is_open=True).values("pk")


class Published(models.Manager[RowT]):
    """Every read goes through it: an import is seen whole from one instant on, or not at all."""

    def get_queryset(self) -> QuerySet[RowT]:
        """Return the rows that no open import staged, and that no published one replaced."""
        replaced = Q(replaced_in__isnull=True) | Q(replaced_in__in=_open_imports())
        return super().get_queryset().filter(~Q(came_in__in=_open_imports()) & replaced)


class Imported(models.Model):
    """A row that came by an import, and may be replaced by a later one.

    version   how often the same fact was told otherwise before
    """

    came_in = models.ForeignKey(DataImport, on_delete=models.CASCADE, related_name="+")
    replaced_in = models.ForeignKey(
        DataImport, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class ProjectItem(Imported):
    """One thing to judge.

    content      its texts: prompt, a, b, text, or the options of a ranking
    attributes   what it is about, e.g. {"topic": "law"}
    gold         the known answer, "" where nobody knows it
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_MAX)
    content = models.JSONField(default=dict)
    attributes = models.JSONField(default=dict)
    gold = models.CharField(max_length=VALUE_MAX, default="", blank=True)

    objects = Published["ProjectItem"]()
    every = models.Manager["ProjectItem"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "key"],
                condition=Q(replaced_in__isnull=True),
                name="datasets_one_item_of_a_key",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class PseudonymKey(models.Model):
    """The secret from which the pseudonyms of one customer's contributors are made."""

    customer = models.CharField(max_length=NAME_MAX, unique=True)
    secret = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.customer


class Contributor(models.Model):
    """Who judges, by a pseudonym; the same for all projects of a customer, another beside it.

    attributes   what the contributor consented to have kept, e.g. {"language": "de"}
    """

    customer = models.CharField(max_length=NAME_MAX)
    pseudonym = models.CharField(max_length=32)
    kind = models.CharField(max_length=8, default=ContributorKind.PERSON)
    attributes = models.JSONField(default=dict)

    class Meta:
        constraints = [
            one_of("kind", ContributorKind, of="contributor"),
            models.UniqueConstraint(
                fields=["customer", "pseudonym"], name="datasets_one_contributor_of_a_pseudonym"
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class Judgment(Imported):
    """What one contributor said of one item.

    key         the source's own key, or what the judgment is about
    value       a, b or tie; a label; a number; or the options, best first, apart by " > "
    guideline   the version of the guideline that it was made under
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    item_key = models.CharField(max_length=KEY_MAX)
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_MAX)
    value = models.CharField(max_length=VALUE_MAX)
    reason = models.TextField(default="", blank=True)
    guideline = models.CharField(max_length=32)
    started_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)

    objects = Published["Judgment"]()
    every = models.Manager["Judgment"]()

    class Meta:
        indexes = [models.Index(fields=["project", "item_key"], name="datasets_judgment_item")]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "key"],
                condition=Q(replaced_in__isnull=True),
                name="datasets_one_judgment_of_a_key",
            ),
        ]

    def __str__(self) -> str:
        return self.key
