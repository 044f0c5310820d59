"""Answers what a system sent by a webhook: asks the gate, keeps that it did, queues the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.freeze.engine.adapters import azure_devops, github, terraform
from scuderia.freeze.engine.adapters.payloads import BadPayload, read_object
from scuderia.freeze.models.adapters import Adapter, AdapterDelivery, AdapterTarget
from scuderia.freeze.models.zones import NAME_MAX
from scuderia.freeze.nouns import AdapterName
from scuderia.freeze.operations.adapters import update_of
from scuderia.freeze.operations.callbacks import CallbackAsked, queue_callback
from scuderia.freeze.operations.gate_decisions import GateAnswer, Judged, ask_gate
from scuderia.intake.records import Flaw
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access

REASONS_MAX = 5


class Replayed(Refused):
    """The same was delivered before, so the gate was not asked again."""

    code = "FREEZE-084"
    remedy = "Run the deployment again; what was answered is in `scuderia freeze adapter list`."


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """What a webhook is told at once; what it asked for is sent where it asked for it.

    decision_id   None where the gate could not be asked: nobody said what it touches
    """

    allowed: bool
    words: str
    decision_id: UUID | None
    callback_id: UUID | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request: its key in that system, and what makes it that one, e.g. its raw body."""

    adapter: AdapterName
    key: str
    body: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 of its body."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Answered:
    """Yes or no, in words, and the decision if the gate was asked."""

    allowed: bool
    words: str
    decision_id: UUID | None = None


def answer_github(
    *, actor: Actor, key: str, event: str, body: bytes, now: AwareDatetime, wall: AwareDatetime
) -> DeliveryAnswer:
    """Answer a deployment_protection_rule; a ping is greeted.

    raises   BadPayload, Replayed, HostNotAllowed
    """
    if event == "ping":
        read_object(body)
        return DeliveryAnswer(allowed=True, words="pong", decision_id=None, callback_id=None)
    if event != "deployment_protection_rule":
        raise BadPayload(f"the event {event[:80]!r} is none that asks the gate")
    asked = github.read_request(read_object(body))

    def callback(answer: Answered) -> CallbackAsked:
        return CallbackAsked(
            AdapterName.GITHUB,
            "POST",
            asked.callback_url,
            github.review(asked, answer.words, allowed=answer.allowed),
            lasts=timedelta(hours=24),
            app=asked.installation,
        )

    return _answer(
        Delivery(AdapterName.GITHUB, key, body),
        lambda: _of_target(actor, AdapterName.GITHUB, asked.target, now),
        callback,
        wall,
    )


def answer_terraform(
    *, actor: Actor, body: bytes, now: AwareDatetime, wall: AwareDatetime
) -> DeliveryAnswer:
    """Answer a run task of HCP Terraform; a verification is greeted.

    raises   BadPayload, Replayed, HostNotAllowed
    """
    payload = read_object(body)
    if terraform.is_verification(payload):
        return DeliveryAnswer(allowed=True, words="pong", decision_id=None, callback_id=None)
    task = terraform.read_task(payload)

    def callback(answer: Answered) -> CallbackAsked:
        return CallbackAsked(
            AdapterName.TERRAFORM,
            "PATCH",
            task.callback_url,
            terraform.result(answer.words, allowed=answer.allowed),
            lasts=timedelta(minutes=10),
            content_type=terraform.MEDIA_TYPE,
            secret=task.token,
        )

    def asked() -> Answered:
        if task.is_speculative:
            return Answered(allowed=True, words="A speculative run changes nothing.")
        return _of_target(actor, AdapterName.TERRAFORM, task.target, now)

    return _answer(Delivery(AdapterName.TERRAFORM, task.key, body), asked, callback, wall)


def answer_azure(
    *,
    actor: Actor,
    headers: Mapping[str, str],
    ask: Callable[[], GateAnswer],
    wall: AwareDatetime,
) -> DeliveryAnswer:
    """Answer a check of Azure Pipelines, whose update its own body describes.

    ask      asks the gate as that person
    raises   BadPayload, Replayed, HostNotAllowed; whatever `ask` raises
    """
    access.require_somewhere(actor, Power.READ)
    check = azure_devops.read_check(headers)

    def callback(answer: Answered) -> CallbackAsked:
        return CallbackAsked(
            AdapterName.AZURE_DEVOPS,
            "POST",
            check.callback_url,
            azure_devops.event(check, allowed=answer.allowed),
            lasts=timedelta(hours=1),
            secret=check.token,
        )

    def asked() -> Answered:
        answer = ask()
        return Answered(answer.allowed, words_of(answer), answer.decision_id)

    delivery = Delivery(AdapterName.AZURE_DEVOPS, check.key, check.key.encode())
    return _answer(delivery, asked, callback, wall)


def _answer(
    delivery: Delivery,
    ask: Callable[[], Answered],
    callback: Callable[[Answered], CallbackAsked],
    wall: AwareDatetime,
) -> DeliveryAnswer:
    """Ask the gate and queue what it said, once for each delivery."""
    callback(Answered(allowed=False, words="")).require_allowed()
    adapter = Adapter.objects.get(name=delivery.adapter)
    _refuse_replay(adapter, delivery)
    answered = ask()
    try:
        with transaction.atomic():
            AdapterDelivery.objects.create(
                adapter=adapter, key=delivery.key, digest=delivery.digest, at=wall
            )
            queued = queue_callback(callback(answered), decision=answered.decision_id, wall=wall)
    except IntegrityError:  # the same came twice at once
        raise Replayed(f"the delivery {delivery.key!r} was answered before") from None
    return DeliveryAnswer(answered.allowed, answered.words, answered.decision_id, queued)


def _refuse_replay(adapter: Adapter, delivery: Delivery) -> None:
    if not 0 < len(delivery.key) <= NAME_MAX or not delivery.key.isprintable():
        raise BadPayload("the delivery has no key of its own")
    known = AdapterDelivery.objects.filter(adapter=adapter)
    if known.filter(key=delivery.key).exists() or known.filter(digest=delivery.digest).exists():
        raise Replayed(f"the delivery {delivery.key!r} was answered before")


def _of_target(actor: Actor, name: AdapterName, target: str, now: AwareDatetime) -> Answered:
    """Ask the gate; what cannot be put to it is a no, with what is lacking."""
    found = AdapterTarget.objects.filter(adapter__name=name, name=target.lower()).first()
    if found is None:
        words = f"Nobody said what a deployment to {target!r} touches; an admin does: "
        return Answered(allowed=False, words=words + "scuderia freeze adapter target.")
    try:
        update = update_of(found, now)
    except Flaw:
        words = f"What a deployment to {target!r} touches is not in the inventory any more."
        return Answered(allowed=False, words=words)
    answer = ask_gate(actor=actor, update=update, now=now, hide_nodes=True)
    return Answered(answer.allowed, words_of(answer), answer.decision_id)


def words_of(answer: GateAnswer | Judged) -> str:
    """Return the answer as a person reads it in another system; a try bears no decision."""
    allowed = answer.allowed if isinstance(answer, GateAnswer) else answer.verdict.allowed
    lines = ["Allowed by the gate." if allowed else "Refused by the gate."]
    lines += [f"- {one.words}" for one in answer.reasons[:REASONS_MAX]]
    if len(answer.reasons) > REASONS_MAX:
        lines.append(f"- and {len(answer.reasons) - REASONS_MAX} more")
    if answer.not_before is not None:
        lines.append(f"Not before {answer.not_before:%Y-%m-%dT%H:%M:%SZ}.")
    if isinstance(answer, GateAnswer):
        lines.append(f"Decision {answer.decision_id}.")
    else:
        lines.append("A dry run: nothing was kept.")
    return "\n".join(lines)
