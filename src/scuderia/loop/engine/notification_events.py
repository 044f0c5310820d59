"""An entry of the audit as subscribers are told of it: a CloudEvents 1.0 event, or words.

CloudEvents 1.0 (cloudevents/spec): `id`, `source`, `specversion` and `type` are required, `source`
with `id` is unique, an event stays under 64 KiB and its attributes hold no secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime

SPEC = "1.0"
REASON_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationEvent:
    """One entry: its number and hash in the chain, who did what to what, when and why."""

    home_id: str
    seq: int
    hash: str
    at: AwareDatetime
    actor: str
    verb: str
    subject: str
    reason: str

    @property
    def source(self) -> str:
        """Which home tells it."""
        return f"urn:scuderia:{self.home_id or 'home'}"

    @property
    def words(self) -> str:
        """Say it in a line."""
        what = self.verb.replace("_", " ")
        why = f": {self.reason[:REASON_CHARACTERS_MAX]}" if self.reason else ""
        return f"{self.at:%Y-%m-%d %H:%M} UTC  {self.actor}  {what}  {self.subject}{why}"

    def cloud_event(self) -> JsonObject:
        """Return it in CloudEvents' structured JSON."""
        return {
            "specversion": SPEC,
            "id": str(self.seq),
            "source": self.source,
            "type": f"scuderia.{self.verb}",
            "subject": self.subject,
            "time": self.at.isoformat(),
            "datacontenttype": "application/json",
            "data": {
                "actor": self.actor,
                "reason": self.reason[:REASON_CHARACTERS_MAX],
                "audit_entry": self.seq,
                "audit_hash": self.hash,
            },
        }


@dataclass(frozen=True, slots=True)
class NotificationMessage:
    """What goes to one address at once.

    subscription   its id, from which a webhook's signature is made
    events         oldest first, one at least
    """

    subscription: str
    address: str
    events: Sequence[NotificationEvent]
