"""Issues an offline bundle: every zone in force or to come, in one signed, expiring file."""

import hashlib
from datetime import timedelta

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING
from scuderia.freeze.engine.bundle import Bundle, seal_bundle
from scuderia.freeze.engine.gate import INSTANT_MAX
from scuderia.freeze.models.bundles import BundleIssue
from scuderia.freeze.nouns import ZoneCover
from scuderia.freeze.operations.signing_keys import signing_key
from scuderia.freeze.queries.zone_index import zone_covers
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit

LASTS_MAX = timedelta(days=14)


class BadLifetime(BadInput):
    """A bundle would last for no time, or for longer than zones may stay unheard of."""

    code = "FREEZE-049"
    remedy = "Let it last from one minute to 14 days, e.g. --lasts 72h."


def export_bundle(*, actor: Actor, lasts: timedelta, now: AwareDatetime) -> bytes:
    """Return a signed bundle of the zones as they stand, and write down that it was issued.

    What it holds is read before its number is drawn: of two that are made at once, the one with
    the higher number may hold what is older by a moment, never what is undone.
    raises   NotAuthorised, NotFound: it tells every zone, so it is for who reads everything
             BadLifetime, KeyUnreadable, BadBundle
    """
    access.require(actor, Power.READ, EVERYTHING)
    if not timedelta(minutes=1) <= lasts <= LASTS_MAX:
        raise BadLifetime(f"it would last {lasts}")
    key = signing_key()
    with transaction.atomic():
        expires = now + lasts
        issue = BundleIssue.objects.create(issued_at=now, expires_at=expires, issued_to=str(actor))
        covers, nodes = zone_covers(now)
        sealed = seal_bundle(
            Bundle(
                sequence=issue.pk,
                issued=int(now.timestamp()),
                expires=int(expires.timestamp()),
                nodes=nodes,
                zones=tuple(map(_bounded, covers)),
            ),
            key,
        )
        digest = hashlib.sha256(sealed).hexdigest()
        BundleIssue.objects.filter(pk=issue.pk).update(digest=digest)
        audit.record(
            actor, "freeze.bundle.issued", subject=EVERYTHING, at=now,
            detail={"sequence": issue.pk, "sha256": digest, "zones": len(covers)},
        )  # fmt: skip
    return sealed


def _bounded(cover: ZoneCover) -> ZoneCover:
    """Return the cover with ends that a verifier takes; an open one lasts as long as any can."""
    spans = tuple((start, min(end, INSTANT_MAX)) for start, end in cover.intervals)
    return ZoneCover(cover.zone, cover.nodes, cover.classes, spans)
