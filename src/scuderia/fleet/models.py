"""The fleet's tables: instants are whole seconds, money is whole cents, rules live elsewhere."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q

from scuderia.basics.clock import require_aware
from scuderia.fleet.nouns import NodeState

NAME_MAX = 128
CAUSE_MAX = 200
KEY_MAX = 120
CURSOR_MAX = 500

_ST = TypeVar("_ST")
_GT = TypeVar("_GT")


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


def _ends_after_start(name: str) -> models.CheckConstraint:
    """Let an interval be open or empty, never negative: sources do report zero lengths."""
    return models.CheckConstraint(
        condition=Q(end__isnull=True) | Q(end__gte=F("start")), name=f"{name}_ends_after_start"
    )


class Site(models.Model):
    """A building or a region."""

    name = models.CharField(max_length=NAME_MAX, unique=True)

    def __str__(self) -> str:
        return self.name


class Cluster(models.Model):
    """Nodes under one scheduler; its name is unique over all sites, as a subject's must be."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="clusters")
    name = models.CharField(max_length=NAME_MAX, unique=True)

    def __str__(self) -> str:
        return self.name


class Rack(models.Model):
    """Where a node stands; its name is unique over all clusters, as a subject's must be."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="racks")
    name = models.CharField(max_length=NAME_MAX, unique=True)

    def __str__(self) -> str:
        return self.name


class Sku(models.Model):
    """A node type and its stated price in US cents per GPU-hour."""

    name = models.CharField(max_length=NAME_MAX, unique=True)
    gpus_per_node = models.PositiveIntegerField()
    gpu_model = models.CharField(max_length=NAME_MAX)
    cents_per_gpu_hour = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name


class Node(models.Model):
    """A server on the books over [active_from, active_to); None while its source still speaks."""

    name = models.CharField(max_length=NAME_MAX, unique=True)
    rack = models.ForeignKey(Rack, on_delete=models.PROTECT, related_name="nodes")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="nodes")
    active_from = InstantField()
    active_to = InstantField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gt=F("active_from")),
                name="node_active_to_after_from",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Gpu(models.Model):
    """One accelerator in a slot; made with its node."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="gpus")
    slot = models.PositiveSmallIntegerField()
    serial = models.CharField(max_length=NAME_MAX, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "slot"], name="gpu_slot_holds_one"),
        ]

    def __str__(self) -> str:
        return f"{self.node} gpu {self.slot}"


class Customer(models.Model):
    """Who holds nodes and was promised something."""

    name = models.CharField(max_length=NAME_MAX, unique=True)

    def __str__(self) -> str:
        return self.name


class SlaDefinition(models.Model):
    """What one customer was promised per day of its own time zone."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="sla")
    target = models.FloatField()
    time_zone = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target__gt=0) & Q(target__lte=1), name="sla_target_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.target:.2%} per day in {self.time_zone}"


class SparePool(models.Model):
    """How many spares a cluster is meant to keep."""

    cluster = models.OneToOneField(Cluster, on_delete=models.CASCADE, related_name="spare_pool")
    target_size = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.cluster}: {self.target_size} spares"


class Allocation(models.Model):
    """A customer holds a node over [start, end); end is None while it lasts."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="allocations")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="allocations")
    start = InstantField()
    end = InstantField(null=True)

    class Meta:
        constraints = [
            _ends_after_start("allocation"),
            models.UniqueConstraint(
                fields=["node"], condition=Q(end__isnull=True), name="node_has_one_open_allocation"
            ),
            models.UniqueConstraint(fields=["node", "start"], name="allocation_starts_once"),
        ]
        indexes = [models.Index(fields=["customer", "node"], name="allocation_by_customer")]

    def __str__(self) -> str:
        return f"{self.customer} holds {self.node}"


class ImportBatch(models.Model):
    """One file that was imported, by its content; the same file again changes nothing."""

    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    trace_format = models.CharField(max_length=32)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="imports")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="imports")
    fleet_size = models.PositiveIntegerField()
    records = models.PositiveIntegerField()
    outages = models.PositiveIntegerField()
    known_before = models.PositiveIntegerField()
    quarantined = models.PositiveIntegerField()
    starts_at = InstantField()
    ends_at = InstantField()
    imported_at = InstantField()
    imported_by = models.CharField(max_length=NAME_MAX + 16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "site"], name="file_is_imported_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="import_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.outages} outages)"


class Outage(models.Model):
    """One stay out of service as its source told it; overlapping ones are merged when read."""

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="outages")
    start = InstantField()
    end = InstantField(null=True)
    detected_at = InstantField(null=True)
    cause = models.CharField(max_length=CAUSE_MAX, default="")
    planned = models.BooleanField(default=False)
    source_key = models.CharField(max_length=KEY_MAX, unique=True)
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, null=True, related_name="outage_rows"
    )

    class Meta:
        constraints = [
            _ends_after_start("outage"),
            models.CheckConstraint(
                condition=Q(detected_at__isnull=True) | Q(detected_at__gte=F("start")),
                name="outage_is_detected_after_start",
            ),
            models.UniqueConstraint(
                fields=["node"], condition=Q(end__isnull=True), name="node_has_one_open_outage"
            ),
        ]
        indexes = [
            models.Index(fields=["node", "start"], name="outage_by_node"),
            models.Index(fields=["start"], name="outage_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.node} out since {self.start:%Y-%m-%d %H:%M}"


class Repair(models.Model):
    """One phase of an outage: in repair, waiting for parts, or validating, over [start, end)."""

    outage = models.ForeignKey(Outage, on_delete=models.CASCADE, related_name="repairs")
    state = models.CharField(max_length=16)
    start = InstantField()
    end = InstantField(null=True)

    class Meta:
        constraints = [
            _ends_after_start("repair"),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        NodeState.IN_REPAIR.value,
                        NodeState.WAITING_PARTS.value,
                        NodeState.VALIDATING.value,
                    ]
                ),
                name="repair_state_is_a_phase",
            ),
            models.UniqueConstraint(
                fields=["outage"], condition=Q(end__isnull=True), name="outage_has_one_open_phase"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outage}: {self.state}"


class LatestObservation(models.Model):
    """What a source last said of a node; replaced by each newer word."""

    node = models.OneToOneField(Node, on_delete=models.CASCADE, related_name="latest")
    at = InstantField()
    state = models.CharField(max_length=16)
    cause = models.CharField(max_length=CAUSE_MAX, default="")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True)
    spare = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in NodeState]),
                name="observation_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node}: {self.state}"


class ObservationCursor(models.Model):
    """How far a source has been read, and until when it has spoken."""

    source = models.CharField(max_length=NAME_MAX, unique=True)
    cursor = models.CharField(max_length=CURSOR_MAX, default="")
    as_of = InstantField()

    def __str__(self) -> str:
        return f"{self.source} up to {self.as_of.isoformat()}"
