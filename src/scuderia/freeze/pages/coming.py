"""What the zones put on the page of what needs a person: countdowns, and what waits."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.freeze.nouns import ZonePower
from scuderia.freeze.operations.zones import powers_over
from scuderia.freeze.pages.display import STATE_LOOKS, countdown, waits_words
from scuderia.freeze.queries.coming_zones import ComingZone, list_coming_zones
from scuderia.web.page_chrome import Coming
from scuderia.web.templatetags.ui import plural


def coming(actor: Actor, now: datetime) -> Sequence[Coming]:
    """Return a line for each zone of which something is to be told."""
    return [_line(one, actor, now) for one in list_coming_zones(actor, now)]


def _line(one: ComingZone, actor: Actor, now: datetime) -> Coming:
    row = one.zone
    look, word = STATE_LOOKS[row.state]
    words = [countdown(row, now)]
    if row.waits_for:
        words.append(f"waits for {waits_words(row)}")
    if one.breaches:
        look, word = "bad", "Changed inside"
        words.append(f"{plural(one.breaches, 'change')} found on its machines")
    return Coming(
        at=one.at,
        title=row.title,
        href=reverse("zone", args=[row.id]),
        look=look,
        state=word,
        words="; ".join(filter(None, words)),
        is_yours=bool(row.waits_for)
        and row.requested_by != str(actor)
        and ZonePower.APPROVE in powers_over(actor, row.id),
    )
