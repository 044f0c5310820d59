"""Sends the gate's answers to the systems that asked: to allowed hosts, a few times, then never.

A system's instants are the wall's. What came with the question to answer it by is forgotten with
the answer, sent or not.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from scuderia.basics.canonical import JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import ScuderiaError
from scuderia.freeze.engine.adapters import github
from scuderia.freeze.models.adapters import AdapterDelivery
from scuderia.freeze.models.callbacks import Callback
from scuderia.freeze.nouns import AdapterName, CallbackState
from scuderia.freeze.operations.adapter_secrets import read_secrets
from scuderia.freeze.operations.adapters import app_key, hosts_of
from scuderia.loop.operations.outbound import (
    NotSent,
    OutboundAnswer,
    OutboundRequest,
    allowed_address,
    send,
)

TRIES_MAX = 6
FIRST_WAIT, WAIT_TIMES = timedelta(seconds=5), 3
HELD_FOR = timedelta(minutes=2)
"""How long a callback is one sender's alone; longer than a try of it takes."""
AT_ONCE = 20
KEPT_FOR = timedelta(days=30)
AGENT = "scuderia"


@dataclass(frozen=True, slots=True)
class CallbackAsked:
    """One answer to be sent.

    secret   the bearer token of it; "" where one is bought for the installation `app`
    lasts    after which nobody waits for it any more
    """

    adapter: AdapterName
    method: str
    url: str
    body: Mapping[str, JsonValue]
    lasts: timedelta
    content_type: str = "application/json"
    secret: str = ""
    app: int = 0

    def require_allowed(self) -> None:
        """Return where its host is allowed.

        raises   HostNotAllowed
        """
        allowed_address(self.url, hosts_of(self.adapter))


def queue_callback(asked: CallbackAsked, *, decision: UUID | None, wall: AwareDatetime) -> UUID:
    """Have an answer be sent soon, in the caller's transaction."""
    kept = Callback.objects.create(
        adapter=asked.adapter.value,
        decision_id=decision,
        method=asked.method,
        url=asked.url,
        body=dict(asked.body),
        content_type=asked.content_type,
        secret=asked.secret,
        app=asked.app,
        made_at=wall,
        next_at=wall,
        expires_at=wall + asked.lasts,
    )
    return kept.pk


def send_callbacks(wall: AwareDatetime) -> int:
    """Send those that are due; return how many were taken by the other side."""
    due = Q(state=CallbackState.WAITING, next_at__lte=wall)
    found = Callback.objects.filter(due).order_by("next_at").values_list("pk", flat=True)
    return sum(_try(pk, wall) for pk in list(found[:AT_ONCE]))


@transaction.atomic
def forget_deliveries(wall: AwareDatetime) -> int:
    """Forget what was delivered, and what was sent about it, a month ago."""
    old = wall - KEPT_FOR
    done = Callback.objects.exclude(state=CallbackState.WAITING).filter(made_at__lt=old)
    return done.delete()[0] + AdapterDelivery.objects.filter(at__lt=old).delete()[0]


def _try(pk: UUID, wall: AwareDatetime) -> bool:
    """Send one, held by nobody else meanwhile; what is said of it is kept."""
    held = Callback.objects.filter(pk=pk, state=CallbackState.WAITING, next_at__lte=wall).update(
        next_at=wall + HELD_FOR
    )
    if not held:
        return False
    callback = Callback.objects.get(pk=pk)
    if wall >= callback.expires_at:
        _end(callback, CallbackState.FAILED, "nobody waits for it any more")
        return False
    try:
        answer = _sent(callback, wall)
    except NotSent as error:
        _again(callback, error.message, wall)
    except ScuderiaError as error:
        _end(callback, CallbackState.FAILED, error.message)
    else:
        if answer.is_success:
            _end(callback, CallbackState.SENT, "")
            return True
        said = f"it answered {answer.status}"
        if answer.may_be_tried_again:
            _again(callback, said, wall)
        else:
            _end(callback, CallbackState.FAILED, said)
    return False


def _sent(callback: Callback, wall: AwareDatetime) -> OutboundAnswer:
    """Return what the other side answered.

    raises   HostNotAllowed, NotSent, AppKeyMissing, BadPayload
    """
    hosts = hosts_of(AdapterName(callback.adapter))
    secret = callback.secret or _bought(callback, hosts, wall)
    request = OutboundRequest(
        callback.method,
        callback.url,
        json.dumps(callback.body).encode(),
        _headers(secret) | {"Content-Type": callback.content_type},
    )
    return send(request, allowed=hosts)


def _bought(callback: Callback, hosts: tuple[str, ...], wall: AwareDatetime) -> str:
    """Return a token of GitHub's installation, good for an hour."""
    held = read_secrets(AdapterName.GITHUB)
    token = github.app_token(held.app_id, app_key(held.app_key), int(wall.timestamp()))
    url = github.token_url(callback.url, callback.app)
    answer = send(OutboundRequest("POST", url, b"", _headers(token)), allowed=hosts)
    try:
        found = json.loads(answer.body)["token"] if answer.is_success else None
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str):
        raise NotSent(f"no token of installation {callback.app}: it answered {answer.status}")
    return found


def _headers(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json",
        "User-Agent": AGENT,
    }


def _again(callback: Callback, said: str, wall: AwareDatetime) -> None:
    tries = callback.tries + 1
    later = wall + FIRST_WAIT * WAIT_TIMES ** (tries - 1)
    if tries >= TRIES_MAX or later >= callback.expires_at:
        _end(callback, CallbackState.FAILED, said)
        return
    Callback.objects.filter(pk=callback.pk).update(tries=tries, next_at=later, said=said[:300])


def _end(callback: Callback, state: CallbackState, said: str) -> None:
    Callback.objects.filter(pk=callback.pk).update(
        state=state, tries=callback.tries + 1, said=said[:300], secret=""
    )
