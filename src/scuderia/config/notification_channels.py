"""How subscribers are told: e-mail by a server, webhooks to hosts, that an admin names."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from hashlib import sha256
from pathlib import Path
from smtplib import SMTPException

from scuderia.basics.canonical import canonical_json
from scuderia.basics.errors import BadInput, Unable
from scuderia.config.transport import SettingUnread
from scuderia.loop.engine.notification_events import NotificationMessage
from scuderia.loop.operations.outbound import LOOPBACK, OutboundRequest, allowed_address, send
from scuderia.loop.ports import NotificationChannel

SERVER = "SCUDERIA_MAIL_SERVER"
TLS = "SCUDERIA_MAIL_TLS"
USER = "SCUDERIA_MAIL_USER"
PASSWORD_FILE = "SCUDERIA_MAIL_PASSWORD_FILE"  # noqa: S105 - a variable's name
SENDER = "SCUDERIA_MAIL_FROM"
DOMAINS = "SCUDERIA_MAIL_DOMAINS"
HOSTS = "SCUDERIA_WEBHOOK_HOSTS"

WITHIN_S = 10
PASSWORD_BYTES_MAX = 4_096
PORTS = {"starttls": 587, "tls": 465, "none": 25}
MAILS_AT_ONCE = 20
EVENT_TYPE = "application/cloudevents+json"


class BadAddress(BadInput):
    """Nothing can be sent to that address."""

    code = "RUN-026"
    remedy = f"Give an address at one of the domains that {DOMAINS} names."


class NotTaken(Unable):
    """The other side did not take the message, or the settings of this channel are wrong."""

    code = "RUN-027"
    remedy = "It is tried again a few times; see what it says, and docs/settings.md."


@dataclass(frozen=True, slots=True)
class MailChannel:
    """E-mail: up to 20 events a message, in words, and nothing but text.

    server    host and port; tls "starttls", "tls" or, on loopback alone, "none"
    domains   at which addresses are written to
    """

    server: tuple[str, int]
    tls: str
    sender: str
    domains: frozenset[str]
    user: str = ""
    password_file: Path | None = None
    at_once: int = MAILS_AT_ONCE

    def refuse(self, address: str) -> None:
        """Return if it is one address, at a domain that is written to."""
        try:
            domain = Address(addr_spec=address).domain
        except (ValueError, IndexError):
            raise BadAddress(f"{address[:80]!r} is no e-mail address") from None
        if domain.lower() not in self.domains or not address.isprintable():
            raise BadAddress(f"nothing is written to {domain[:80]!r}")

    def send(self, message: NotificationMessage) -> None:
        """Send one message."""
        from django.core.mail import EmailMessage
        from django.core.mail.backends.smtp import EmailBackend

        self.refuse(message.address)
        if self.tls == "none" and self.server[0] not in LOOPBACK:
            raise NotTaken(f"{TLS}=none is for this machine alone")
        host, port = self.server
        backend = EmailBackend(
            host, port, self.user, self._password(), use_tls=self.tls == "starttls",
            use_ssl=self.tls == "tls", timeout=WITHIN_S, fail_silently=False,
        )  # fmt: skip
        first, more = message.events[0], len(message.events) - 1
        verb = first.verb.replace("_", " ").replace(".", " ")
        subject = f"[Scuderia] {verb}" + (f" and {more} more" if more else "")
        lines = [event.words for event in message.events]
        lines += ["", "You asked to be told. End it under Notifications, or: scuderia notify end."]
        mail = EmailMessage(
            subject, "\n".join(lines), self.sender, [message.address], connection=backend,
            headers={"Message-ID": f"<{message.subscription}.{first.seq}@scuderia>"},
        )  # fmt: skip
        try:
            mail.send()
        except (SMTPException, OSError, ValueError) as error:
            raise NotTaken(f"{host}: {str(error)[:200] or type(error).__name__}") from error

    def signing_key(self, subscription: str) -> str:  # noqa: ARG002 - the port's
        """Return "": mail is not signed by us."""
        return ""

    def _password(self) -> str:
        if self.password_file is None:
            return ""
        try:
            with self.password_file.open("rb") as file:
                return file.read(PASSWORD_BYTES_MAX).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotTaken(f"{self.password_file} cannot be read") from error


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """A CloudEvents 1.0 event by POST, signed with a key that is the subscription's own."""

    hosts: frozenset[str]
    secret: str
    at_once: int = 1

    def refuse(self, address: str) -> None:
        """Return if it is an address of a host that may be sent to."""
        allowed_address(address, self.hosts)

    def send(self, message: NotificationMessage) -> None:
        """Send its one event."""
        body = canonical_json(message.events[0].cloud_event()).encode()
        key = self.signing_key(message.subscription).encode()
        answer = send(
            OutboundRequest(
                "POST",
                message.address,
                body,
                {
                    "Content-Type": EVENT_TYPE,
                    "X-Scuderia-Signature": f"sha256={hmac.new(key, body, sha256).hexdigest()}",
                },
            ),
            allowed=self.hosts,
        )
        if not answer.is_success:
            raise NotTaken(f"it answered {answer.status}")

    def signing_key(self, subscription: str) -> str:
        """Return the key of one subscription, made from the home's secret."""
        named = f"scuderia.subscription:{subscription}".encode()
        return hmac.new(self.secret.encode(), named, sha256).hexdigest()


def notification_channels(
    environment: Mapping[str, str], secret: str
) -> dict[str, NotificationChannel]:
    """Return the channels that the environment sets up, by name.

    raises   SettingUnread
    """
    found: dict[str, NotificationChannel] = {}
    if server := environment.get(SERVER, ""):
        found["email"] = _mail(server, environment)
    if hosts := _names(environment.get(HOSTS, "")):
        found["webhook"] = WebhookChannel(hosts, secret)
    return found


def _mail(server: str, environment: Mapping[str, str]) -> MailChannel:
    tls = environment.get(TLS, "") or "starttls"
    host, _, port = server.rpartition(":") if ":" in server else (server, "", "")
    if tls not in PORTS or (port and not (port.isascii() and port.isdecimal())):
        raise SettingUnread(f"{SERVER} is HOST or HOST:PORT, {TLS} one of {', '.join(PORTS)}")
    sender, domains = environment.get(SENDER, ""), _names(environment.get(DOMAINS, ""))
    if not sender or not domains:
        raise SettingUnread(f"{SERVER} needs {SENDER} and {DOMAINS}")
    password = environment.get(PASSWORD_FILE, "")
    return MailChannel(
        server=(host, int(port) if port else PORTS[tls]),
        tls=tls,
        sender=sender,
        domains=domains,
        user=environment.get(USER, ""),
        password_file=Path(password).expanduser() if password else None,
    )


def _names(text: str) -> frozenset[str]:
    return frozenset(one.strip().lower() for one in text.split(",") if one.strip())
