"""Sets up the systems that ask the gate by a webhook, and says who asks when one is signed."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Unable
from scuderia.basics.subjects import EVERYTHING
from scuderia.freeze.engine.adapters import github, terraform
from scuderia.freeze.engine.gate import check_update
from scuderia.freeze.models.adapters import Adapter, AdapterTarget
from scuderia.freeze.nouns import AdapterName, AskedUpdate, TargetAsked
from scuderia.freeze.operations.adapter_secrets import read_secrets, write_secrets
from scuderia.freeze.operations.updates import Targets
from scuderia.intake.records import Flaw
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit
from scuderia.loop.queries.people import token_actor

SECRET_MIN, SECRET_MAX = 16, 4_096
HOSTS_MAX = 20
_HOST = re.compile(r"(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")


class BadAdapter(BadInput):
    """An adapter's secret, host, identity, key or target means nothing."""

    code = "FREEZE-082"
    remedy = "See docs/deployers.md for what each system needs."


class AppKeyMissing(Unable):
    """The app's key is not set or is none, so no review can be sent to GitHub."""

    code = "FREEZE-083"
    remedy = "Set it: `scuderia freeze adapter app-key --app-id N FILE`."


def signed_by(name: AdapterName, body: bytes, signature: str, wall: AwareDatetime) -> Actor | None:
    """Return as whom the system asks that signed the body; None where the signature does not hold.

    It is compared in constant time, and computed also where no secret was set.
    """
    secret = read_secrets(name).signing
    right = hmac.compare_digest(
        _SIGNATURES[name](body, secret.encode()).encode(), signature.encode()
    )
    return adapter_actor(name, wall) if right and secret else None


def adapter_actor(name: AdapterName, wall: AwareDatetime) -> Actor | None:
    """Return as whom the system asks; None where that token has ended or was never named."""
    adapter = Adapter.objects.filter(name=name).exclude(person="").first()
    return None if adapter is None else token_actor(adapter.person, adapter.token, wall)


def hosts_of(name: AdapterName) -> tuple[str, ...]:
    """Return where the system's answers may be sent."""
    return tuple(Adapter.objects.filter(name=name).values_list("hosts", flat=True).first() or ())


def app_key(held_key: str) -> RSAPrivateKey:
    """Return the app's private key.

    raises   AppKeyMissing
    """
    try:
        key = load_pem_private_key(held_key.encode(), None)
    except (ValueError, TypeError):
        raise AppKeyMissing("the app's key is no PEM without a password") from None
    if not isinstance(key, RSAPrivateKey):
        raise AppKeyMissing("the app's key is not RSA")
    return key


@transaction.atomic
def set_secret(
    *,
    actor: Actor,
    name: AdapterName,
    person: str,
    token: str,
    secret: str = "",
    wall: AwareDatetime,
    now: AwareDatetime,
) -> str:
    """Have the system's signature be believed, and ask as that person's token; return the secret.

    secret   what the system was given; "" makes one
    raises   NotAuthorised, NotFound; BadAdapter
    """
    _require_admin(actor)
    if name not in _SIGNATURES:
        raise BadAdapter(f"{name.value} signs nothing: it comes with an API token")
    if token_actor(person, token, wall) is None:
        raise BadAdapter(f"{person[:80]!r} has no live token {token[:64]!r}", field="token")
    made = secret or secrets.token_hex(32)
    if not SECRET_MIN <= len(made) <= SECRET_MAX or not made.isascii() or not made.isprintable():
        raise BadAdapter(f"a secret is {SECRET_MIN} to {SECRET_MAX:,} characters of ASCII")
    _keep(actor, name, now, person=person, token=token)
    _record(actor, name, "secret_set", {"person": person, "token": token}, now)
    write_secrets(name, replace(read_secrets(name), signing=made))
    return made


@transaction.atomic
def set_app_key(*, actor: Actor, app_id: str, pem: str, now: AwareDatetime) -> None:
    """Have reviews be sent to GitHub as this app.

    raises   NotAuthorised, NotFound; BadAdapter, AppKeyMissing
    """
    _require_admin(actor)
    if not app_id.isascii() or not app_id.isalnum() or len(app_id) > 64:  # noqa: PLR2004
        raise BadAdapter("an app id is digits, or the letters and digits of a client id")
    app_key(pem)
    _keep(actor, AdapterName.GITHUB, now)
    _record(actor, AdapterName.GITHUB, "app_key_set", {"app_id": app_id}, now)
    held = replace(read_secrets(AdapterName.GITHUB), app_id=app_id, app_key=pem)
    write_secrets(AdapterName.GITHUB, held)


@transaction.atomic
def set_hosts(*, actor: Actor, name: AdapterName, hosts: Sequence[str], now: AwareDatetime) -> None:
    """Let the system's answers be sent to these hosts and to no other.

    raises   NotAuthorised, NotFound; BadAdapter
    """
    _require_admin(actor)
    asked = sorted({one.strip().lower() for one in hosts})
    strange = next((one for one in asked if not _HOST.fullmatch(one)), None)
    if strange is not None or len(asked) > HOSTS_MAX:
        raise BadAdapter(f"{(strange or 'that many')[:80]!r} is no host", field="hosts")
    _keep(actor, name, now, hosts=asked)
    _record(actor, name, "hosts_set", {"hosts": list(asked)}, now)


@transaction.atomic
def set_target(*, actor: Actor, name: AdapterName, asked: TargetAsked, now: AwareDatetime) -> int:
    """Say what a deployment to one place of the system touches; return how many nodes that is.

    raises   NotAuthorised, NotFound; BadAdapter; BadUpdate
    """
    _require_admin(actor)
    if not asked.name.strip() or len(asked.name) > 300:  # noqa: PLR2004 - its column
        raise BadAdapter("a target has a name of 1 to 300 characters", field="target")
    adapter = _keep(actor, name, now)
    target = AdapterTarget(
        adapter=adapter,
        name=asked.name.lower(),
        nodes=asked.nodes,
        update_class=asked.update_class.value,
        work_s=asked.work_s,
        bake_s=asked.bake_s,
        rollback_s=asked.rollback_s,
    )
    try:
        update = update_of(target, now)
    except Flaw as flaw:
        raise BadAdapter(flaw.reason, remedy=flaw.remedy, field="nodes") from None
    check_update(update)
    AdapterTarget.objects.filter(adapter=adapter, name=target.name).delete()
    target.save()
    told: JsonObject = {**asdict(asked), "update_class": asked.update_class.value}
    _record(actor, name, "target_set", told, now)
    return len(update.nodes)


def update_of(target: AdapterTarget, now: AwareDatetime) -> AskedUpdate:
    """Return the update that a deployment to the target is, where it begins now.

    raises   Flaw: its nodes are not there
    """
    return AskedUpdate(
        nodes=Targets.at(now).named(target.nodes),
        update_class=target.update_class,
        start=int(now.timestamp()),
        work_s=target.work_s,
        bake_s=target.bake_s,
        rollback_s=target.rollback_s,
    )


def _require_admin(actor: Actor) -> None:
    access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)


def _keep(actor: Actor, name: AdapterName, now: AwareDatetime, **columns: object) -> Adapter:
    kept, _ = Adapter.objects.update_or_create(
        name=name.value, defaults={"set_by": str(actor), "set_at": now, **columns}
    )
    return kept


def _record(
    actor: Actor, name: AdapterName, what: str, detail: JsonObject, now: AwareDatetime
) -> None:
    audit.record(
        actor, f"freeze.adapter.{what}", subject=f"adapter:{name.value}", at=now, detail=detail
    )


_SIGNATURES = {
    AdapterName.GITHUB: github.signature_of,
    AdapterName.TERRAFORM: terraform.signature_of,
}
