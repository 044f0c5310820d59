"""No-fly zones: what was asked for and decided, the nodes each holds, every step of its life."""

from enum import StrEnum

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.freeze.nouns import EndKind, ZoneState

NAME_MAX = 128
TITLE_MAX = 200
ACTOR_MAX = 80


def one_of(column: str, words: type[StrEnum], *, of: str) -> models.CheckConstraint:
    """Return the constraint that a column of a table holds one of these words."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__in": [word.value for word in words]}),
        name=f"freeze_{of}_{column}",
    )


class Zone(models.Model):
    """A stretch of time in which no update of some classes may touch some nodes.

    scope         as asked: {"under": [..]} or {"gpus": n, "sku": .., "site": ..}
    classes       the update classes it stops
    reach         who may read it: "|customer:x|site:y|..|", as the audit writes it
    starts_at     the first instant of it, and `ends_at` the last; None while that is open
    review_at     when an open end is looked at again
    rrule, exdates, rdates   RFC 5545, wall times in `time_zone`
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.CharField(max_length=NAME_MAX)
    title = models.CharField(max_length=TITLE_MAX)
    reason = models.TextField()
    ticket = models.CharField(max_length=TITLE_MAX, default="", blank=True)
    scope = models.JSONField()
    classes = models.JSONField()
    reach = models.TextField()
    time_zone = models.CharField(max_length=64)
    first_wall = models.CharField(max_length=19)
    until_wall = models.CharField(max_length=19, default="", blank=True)
    end_kind = models.CharField(max_length=8)
    rrule = models.CharField(max_length=2000, default="", blank=True)
    exdates = models.JSONField(default=list)
    rdates = models.JSONField(default=list)
    review_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10)
    requested_by = models.CharField(max_length=ACTOR_MAX)
    requested_at = models.DateTimeField()
    decided_by = models.CharField(max_length=ACTOR_MAX, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            one_of("state", ZoneState, of="zone"),
            one_of("end_kind", EndKind, of="zone"),
            models.CheckConstraint(
                condition=models.Q(requested_by__startswith="person:"),
                name="freeze_zone_by_person",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by="") | models.Q(decided_by__startswith="person:"),
                name="freeze_zone_decided_by_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("requested", "rejected"))
                | (~models.Q(decided_by="") & ~models.Q(decided_by=models.F("requested_by"))),
                name="freeze_zone_by_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=False) | models.Q(review_at__isnull=False),
                name="freeze_zone_open_end_has_review",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gte=models.F("starts_at")),
                name="freeze_zone_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["state", "ends_at"], name="freeze_zone_by_state")]

    def __str__(self) -> str:
        return f"{self.title} ({self.state})"


class ZoneNode(models.Model):
    """A node that a zone holds over [since, until): as previewed, then as pinned at approval.

    in_place_of   the node whose place it took by a swap; "" where it was pinned itself
    """

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="pins")
    node = models.CharField(max_length=NAME_MAX)
    gpus = models.PositiveIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    in_place_of = models.CharField(max_length=NAME_MAX, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "node"],
                condition=models.Q(until__isnull=True),
                name="freeze_zone_holds_a_node_once",
            ),
        ]
        indexes = [models.Index(fields=["node"], name="freeze_zone_by_node")]

    def __str__(self) -> str:
        return f"{self.node} in {self.zone_id}"


class ZonePart(models.Model):
    """A switch, feed or storage on which nodes of a zone hang: as previewed, pinned at approval."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="parts")
    part = models.CharField(max_length=NAME_MAX)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["zone", "part"], name="freeze_zone_holds_a_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.part} in {self.zone_id}"


class ZoneExtension(models.Model):
    """Another end that somebody asks for, until somebody else decides; `approved` None till then.

    until_wall   "" for an open end, with `review_at`
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="extensions")
    until_wall = models.CharField(max_length=19, default="", blank=True)
    review_at = models.DateTimeField(null=True)
    reason = models.TextField()
    requested_by = models.CharField(max_length=ACTOR_MAX)
    requested_at = models.DateTimeField()
    decided_by = models.CharField(max_length=ACTOR_MAX, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["zone"],
                condition=models.Q(approved__isnull=True),
                name="freeze_zone_has_one_open_extension",
            ),
            models.CheckConstraint(
                condition=~models.Q(approved=True)
                | (~models.Q(decided_by="") & ~models.Q(decided_by=models.F("requested_by"))),
                name="freeze_extension_by_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"another end of {self.zone_id}"


class ZoneStep(models.Model):
    """One step of a zone's life, written once: who, when, what and why."""

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=24)
    by = models.CharField(max_length=ACTOR_MAX)
    at = models.DateTimeField()
    reason = models.TextField(default="", blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.step} by {self.by}"


class ZoneVersion(models.Model):
    """How often the zones were changed; what was compiled of another state is compiled anew.

    token   drawn at every change, so that a number that comes again is not taken for the same
    """

    number = models.PositiveBigIntegerField(default=0)
    token = models.UUIDField(default=new_id)

    def __str__(self) -> str:
        return f"zones, version {self.number}"
