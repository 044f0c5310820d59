"""The update calendar: planned updates, what each touches, and when a site may be worked on."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.freeze.models.zones import ACTOR_MAX, NAME_MAX, TITLE_MAX, one_of
from scuderia.freeze.nouns import UpdateClass, UpdateSeverity, UpdateState


class Update(models.Model):
    """One planned update of somebody's deployer.

    key           its name in the calendar it comes from, unique
    targets       as asked: hostlists and places; the nodes stand in UpdateNode
    start_at      when it is planned to begin; it stands on a whole five minutes
    p50_s, p95_s  how long the work takes, half of the time and nearly always
    earliest_at, due_at, deadline_at   of its start, and of its p95 end; None: no bound
    campaign, ring   it waits for every lower ring of its campaign; "" is none
    at_once, at_once_per_rack   how many of its nodes are down together; None: all
    cves          [{"id", "severity", "published"}]
    binding       why a replan left it out, in words; "" unless its state says so
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=NAME_MAX, unique=True)
    title = models.CharField(max_length=TITLE_MAX, default="", blank=True)
    update_class = models.CharField(max_length=20)
    targets = models.TextField()
    start_at = models.DateTimeField()
    p50_s = models.PositiveIntegerField()
    p95_s = models.PositiveIntegerField()
    bake_s = models.PositiveIntegerField(default=0)
    rollback_s = models.PositiveIntegerField(default=0)
    earliest_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    campaign = models.CharField(max_length=NAME_MAX, default="", blank=True)
    ring = models.PositiveSmallIntegerField(default=0)
    at_once = models.PositiveIntegerField(null=True)
    at_once_per_rack = models.PositiveIntegerField(null=True)
    severity = models.CharField(max_length=8, default="", blank=True)
    cves = models.JSONField(default=list)
    owner = models.CharField(max_length=NAME_MAX, default="", blank=True)
    deployer = models.CharField(max_length=NAME_MAX, default="", blank=True)
    state = models.CharField(max_length=9, default=UpdateState.PLANNED.value)
    binding = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            one_of("state", UpdateState, of="update"),
            one_of("update_class", UpdateClass, of="update"),
            one_of("severity", UpdateSeverity, of="update"),
            models.CheckConstraint(condition=models.Q(p95_s__gt=0), name="freeze_update_lasts"),
        ]
        indexes = [models.Index(fields=["state", "start_at"], name="freeze_update_by_start")]

    def __str__(self) -> str:
        return f"{self.key} ({self.update_class})"


class UpdateNode(models.Model):
    """A node that an update touches."""

    update = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="touched")
    node = models.CharField(max_length=NAME_MAX)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["update", "node"], name="freeze_update_has_a_node_once")
        ]
        indexes = [models.Index(fields=["node"], name="freeze_update_by_node")]

    def __str__(self) -> str:
        return f"{self.node} of {self.update_id}"


class UpdateStep(models.Model):
    """One change of an update on the calendar, written once: from when to when, who and why."""

    update = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=16)
    by = models.CharField(max_length=ACTOR_MAX)
    at = models.DateTimeField()
    reason = models.TextField(default="", blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.step} by {self.by}"


class MaintenanceWindow(models.Model):
    """When a site may be worked on, on its own clocks; a site without one always may be.

    opens, closes   HH:MM; one that closes no later than it opens does so on the next day
    weekdays        on which it opens, 0 is Monday
    """

    site = models.CharField(max_length=NAME_MAX, unique=True)
    time_zone = models.CharField(max_length=64)
    opens = models.CharField(max_length=5)
    closes = models.CharField(max_length=5)
    weekdays = models.JSONField()

    def __str__(self) -> str:
        return f"{self.site}: {self.opens} to {self.closes} {self.time_zone}"


class UpdateCap(models.Model):
    """How many nodes of a rack, a cluster or a customer updates may have down together."""

    subject = models.CharField(max_length=NAME_MAX + 16, unique=True)
    nodes = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.subject}: {self.nodes}"
