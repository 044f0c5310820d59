"""The secrets of adapters: a file of the home for each, readable by its owner alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from scuderia.basics.errors import Unable
from scuderia.freeze.nouns import AdapterName


class SecretUnreadable(Unable):
    """The file of an adapter's secrets cannot be read, so nothing signed with them is believed."""

    code = "FREEZE-081"
    remedy = "Set the secret anew: `scuderia freeze adapter secret NAME`."


@dataclass(frozen=True, slots=True)
class AdapterSecrets:
    """What an adapter and its system both know; "" where it was not set.

    signing          of the system's signatures
    app_id, app_key  of GitHub: the app, and its private key as PEM
    """

    signing: str = ""
    app_id: str = ""
    app_key: str = ""


def read_secrets(name: AdapterName) -> AdapterSecrets:
    """Return the adapter's secrets; empty ones where none were set.

    raises   SecretUnreadable
    """
    try:
        return AdapterSecrets(**json.loads(_path(name).read_bytes()))
    except FileNotFoundError:
        return AdapterSecrets()
    except (OSError, ValueError, TypeError) as error:
        raise SecretUnreadable(f"{_path(name).name}: {type(error).__name__}") from None


def write_secrets(name: AdapterName, held: AdapterSecrets) -> None:
    """Write the file, whole or not at all."""
    path = _path(name)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(held), file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _path(name: AdapterName) -> Path:
    return Path(settings.HOME.path) / f"adapter-{name.value}.secret"
