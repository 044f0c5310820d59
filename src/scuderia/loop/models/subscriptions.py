"""Who is told of what happens, where to, and what became of each telling."""

from django.db import models

from scuderia.basics.ids import new_id

ADDRESS_MAX = 500


class Subscription(models.Model):
    """That somebody is told of entries of the audit, as far as they may read it.

    person     whose reach bounds it
    channel    "email" or "webhook", and the `address` there
    about      a subject: entries that bear on it alone; "" is all within reach
    verbs      the beginnings of the verbs that are told of
    told_to    the number of the last entry that was considered
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.CharField(max_length=150, db_index=True)
    channel = models.CharField(max_length=16)
    address = models.CharField(max_length=ADDRESS_MAX)
    about = models.CharField(max_length=161, default="", blank=True)
    verbs = models.JSONField(default=list)
    told_to = models.BigIntegerField()
    set_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, db_index=True)
    ended_by = models.CharField(max_length=161, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.person} by {self.channel}"


class Notification(models.Model):
    """One entry on its way to one subscriber.

    tries     how often it was sent in vain
    next_at   when it is tried next, in wall time; while it is being sent, when that is given up
    said      why the last try failed
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="notifications"
    )
    entry = models.BigIntegerField()
    state = models.CharField(max_length=8, default="waiting")
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "entry"], name="loop_notification_told_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "given_up"]),
                name="loop_notification_state",
            ),
        ]
        indexes = [models.Index(fields=["state", "next_at"], name="loop_notification_due")]

    def __str__(self) -> str:
        return f"entry {self.entry} to {self.subscription_id}"
