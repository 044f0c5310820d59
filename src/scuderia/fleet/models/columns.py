"""What the fleet's tables share: instants of whole seconds, lengths of text, names, intervals."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q, QuerySet

from scuderia.basics.clock import AwareDatetime, require_aware

NAME_MAX = 128
CAUSE_MAX = 200
CHUNK = 500


_ST = TypeVar("_ST")
_GT = TypeVar("_GT")
ItemT = TypeVar("ItemT")


if TYPE_CHECKING:

    class _Column(models.Field[_ST, _GT]): ...

else:

    class _Column(models.Field):
        """Django's field, which takes no type arguments while running."""

        def __class_getitem__(cls, _types: object) -> type:
            return cls


class InstantField(_Column[_ST, _GT]):
    """An instant kept as whole Unix seconds, so that ledgers are integers and reads are cheap.

    Fractions of a second are dropped: the books hold whole seconds.
    """

    _pyi_private_set_type: datetime
    _pyi_private_get_type: datetime
    _pyi_lookup_exact_type: datetime

    def get_internal_type(self) -> str:
        """Return the column type: a 64-bit integer on every database."""
        return "BigIntegerField"

    def from_db_value(
        self, value: int | None, _expression: object, _connection: BaseDatabaseWrapper
    ) -> datetime | None:
        """Return the stored second as an aware datetime in UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)

    def to_python(self, value: Any) -> datetime | None:
        """Read a datetime or whole seconds."""
        if value is None or isinstance(value, datetime):
            return value
        return datetime.fromtimestamp(int(value), UTC)

    def get_prep_value(self, value: Any) -> int | None:
        """Return the second this instant falls in; a naive datetime is refused."""
        if value is None or isinstance(value, int):
            return value
        return int(require_aware(value, field=self.name).timestamp() // 1)

    def value_to_string(self, obj: models.Model) -> str:
        """Return the instant as text."""
        value = self.value_from_object(obj)
        return "" if value is None else str(value)


class Named(models.Model):
    """What has a name of its own, unique over all of its kind, as a subject's must be."""

    name = models.CharField(max_length=NAME_MAX, unique=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


def ends_after_start(name: str) -> models.CheckConstraint:
    """Let an interval be open or empty, never negative: sources do report zero lengths."""
    return models.CheckConstraint(
        condition=Q(end__isnull=True) | Q(end__gte=F("start")), name=f"{name}_ends_after_start"
    )


def lasting(rows: QuerySet[Any], at: AwareDatetime | int) -> QuerySet[Any]:
    """Keep the rows whose [start, end) holds `at`, found by their end: the past is not read.

    at   an instant, or its second
    """
    return _start_hidden(rows.filter(still_at(at))).filter(begun__lte=_second_of(at))


def begun_before(rows: QuerySet[Any], at: AwareDatetime | int) -> QuerySet[Any]:
    """Keep the rows that began before the second of `at`, and hide that from the planner.

    Most rows did, and few of them end late: an index by the start would read the whole past.
    """
    return _start_hidden(rows).filter(begun__lt=_second_of(at))


def _start_hidden(rows: QuerySet[Any]) -> QuerySet[Any]:
    hidden = models.Func(
        F("start"), template="%(expressions)s + 0", output_field=models.BigIntegerField()
    )
    found: QuerySet[Any] = rows.alias(begun=hidden)
    return found


def _second_of(at: AwareDatetime | int) -> int:
    return at if isinstance(at, int) else int(at.timestamp() // 1)


def still_at(at: AwareDatetime | int) -> Q:
    """Keep the rows that end after `at`, or not at all."""
    return Q(end__isnull=True) | Q(end__gt=at)


def chunks(names: Iterable[ItemT], *, size: int = CHUNK) -> Iterator[list[ItemT]]:
    """Yield the items in lists that a database takes in one question."""
    listed = list(names)
    for place in range(0, len(listed), size):
        yield listed[place : place + size]


def touching(start: AwareDatetime, end: AwareDatetime) -> Q:
    """Keep the rows whose [start, end) shares an instant with this one."""
    return Q(start__lt=end) & (Q(end__isnull=True) | Q(end__gt=start))
