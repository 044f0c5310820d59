"""Answers that wait to be sent to the systems that asked."""

from django.db import models

from scuderia.basics.ids import new_id
from scuderia.freeze.models.zones import one_of
from scuderia.freeze.nouns import AdapterName, CallbackState


class Callback(models.Model):
    """One answer to be sent, tried a few times.

    decision   the gate's; None where what was asked could not be put to the gate
    secret     the bearer token that came with the question; gone as soon as it is over
    app        of GitHub: the installation whose token is bought when it is sent; 0 elsewhere
    next_at    when it is tried next; all instants by the wall's clock
    said       the last failure, in words
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    adapter = models.CharField(max_length=16)
    decision = models.ForeignKey(
        "freeze.GateDecision", on_delete=models.PROTECT, null=True, related_name="callbacks"
    )
    method = models.CharField(max_length=8)
    url = models.TextField()
    body = models.JSONField()
    content_type = models.CharField(max_length=64)
    secret = models.TextField(default="", blank=True)
    app = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=8, default=CallbackState.WAITING.value)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    said = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            one_of("adapter", AdapterName, of="callback"),
            one_of("state", CallbackState, of="callback"),
            models.CheckConstraint(
                condition=models.Q(state=CallbackState.WAITING.value) | models.Q(secret=""),
                name="freeze_callback_forgets_its_secret",
            ),
        ]
        indexes = [models.Index(fields=["state", "next_at"], name="freeze_callback_due")]

    def __str__(self) -> str:
        return f"{self.method} for {self.adapter}: {self.state}"
