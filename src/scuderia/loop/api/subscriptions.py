"""Who is told of what: listed, set, ended."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from scuderia.loop.api import common
from scuderia.loop.operations import subscriptions
from scuderia.loop.ports import registry
from scuderia.loop.queries.subscriptions import SubscriptionRow
from scuderia.loop.queries.subscriptions import list_subscriptions as list_rows

router = Router(tags=["subscriptions"])
Verb = Annotated[str, Field(max_length=80)]


class SubscriptionIn(Schema):
    """By "email" or "webhook"; `about` "" is all within the person's reach."""

    channel: Annotated[str, Field(max_length=16)]
    address: Annotated[str, Field(max_length=500)]
    verbs: Annotated[list[Verb], Field(max_length=20)]
    about: Annotated[str, Field(max_length=161)] = ""


class SubscriptionOut(Schema):
    """The subscription that was set; `signing_key` "" where its messages are not signed."""

    subscription_id: UUID
    signing_key: str


@router.get("/subscriptions", response=common.answers(common.PageOut[SubscriptionRow]))
def list_subscriptions(request: HttpRequest, *, page: common.Page) -> Mapping[str, object]:
    """Return the person's own; everybody's to an admin of people."""
    return page.of(list_rows(common.request_actor(request)))


@router.post("/subscriptions", response=common.answers(SubscriptionOut, status=201))
def subscribe(request: HttpRequest, said: SubscriptionIn) -> Status[dict[str, object]]:
    """Have somebody told from now on; a person in a session alone may, no token."""
    actor = common.request_actor(request)
    made = subscriptions.subscribe(
        actor=actor, channel=said.channel, address=said.address, verbs=said.verbs,
        about=said.about, now=registry.clock.now(),
    )  # fmt: skip
    key = subscriptions.signing_key(actor, made)
    return Status(201, {"subscription_id": made, "signing_key": key})


@router.post("/subscriptions/{subscription_id}/end", response=common.answers(None, status=204))
def end_subscription(request: HttpRequest, subscription_id: UUID) -> Status[None]:
    """Tell no more; what waits is not sent either."""
    subscriptions.end_subscription(
        actor=common.request_actor(request),
        subscription_id=subscription_id,
        now=registry.clock.now(),
    )
    return Status(204, None)
