"""Systems that ask the gate by a webhook: as whom, what each deployment touches, what was sent."""

from django.db import models

from scuderia.freeze.models.zones import ACTOR_MAX, NAME_MAX, one_of
from scuderia.freeze.nouns import AdapterName


class Adapter(models.Model):
    """One system that asks; its secrets stand in a file of the home.

    person, token   it asks as this person, narrowed by that API token of theirs
    hosts           where its answers may be sent: `host` or `host:port`
    """

    name = models.CharField(max_length=16, unique=True)
    person = models.CharField(max_length=150, default="", blank=True)
    token = models.CharField(max_length=64, default="", blank=True)
    hosts = models.JSONField(default=list)
    set_by = models.CharField(max_length=ACTOR_MAX)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [one_of("name", AdapterName, of="adapter")]

    def __str__(self) -> str:
        return f"{self.name} as {self.person}"


class AdapterTarget(models.Model):
    """What a deployment to one place of that system touches, as an admin says it.

    name    as the system calls it, e.g. owner/repository:environment
    nodes   hostlists and places, e.g. `rack:r01 r02-n[01-16]`
    """

    adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, related_name="targets")
    name = models.CharField(max_length=300)
    nodes = models.TextField()
    update_class = models.CharField(max_length=20)
    work_s = models.PositiveIntegerField()
    bake_s = models.PositiveIntegerField(default=0)
    rollback_s = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["adapter", "name"], name="freeze_target_once")
        ]

    def __str__(self) -> str:
        return self.name


class AdapterDelivery(models.Model):
    """Something that was sent and answered; the same is not answered again.

    key      what its system calls the delivery
    digest   SHA-256 of its body: a key of another name does not make it new
    """

    adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=NAME_MAX)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["adapter", "key"], name="freeze_delivery_key_once"),
            models.UniqueConstraint(fields=["adapter", "digest"], name="freeze_delivery_once"),
        ]

    def __str__(self) -> str:
        return self.key
