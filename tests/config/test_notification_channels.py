"""E-mail through a real SMTP server, webhooks over real HTTP; each bounded, refused in time."""

import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from scuderia.basics.errors import BadInput, Refused, Unable
from scuderia.config.notification_channels import (
    DOMAINS,
    HOSTS,
    SENDER,
    SERVER,
    TLS,
    MailChannel,
    WebhookChannel,
    notification_channels,
)
from scuderia.config.transport import SettingUnread
from scuderia.loop.engine.notification_events import NotificationEvent, NotificationMessage
from tests.loop.test_outbound import listening

AT = datetime(2026, 7, 24, 7, 0, tzinfo=UTC)
REASON = "the run of the year\nBcc: everybody@else.example"


def event(seq=7, **changes):
    told = {
        "home_id": "h1", "seq": seq, "hash": "ab" * 32, "at": AT, "actor": "person:lena",
        "verb": "freeze.zone.breach_found", "subject": "zone:z1", "reason": REASON,
    }  # fmt: skip
    return NotificationEvent(**told | changes)


def message(address, *events):
    return NotificationMessage("s1", address, events or (event(),))


class Inbox:
    """What an SMTP server was given."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.letters.append((envelope.rcpt_tos, envelope.content))
        return "250 taken"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("full@"):
            return "552 the box is full"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def mail():
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        channel = notification_channels(
            {SERVER: f"127.0.0.1:{port}", TLS: "none", SENDER: "crew@ours.example",
             DOMAINS: "ours.example, theirs.example"}, "s",
        )["email"]  # fmt: skip
        yield channel, inbox
    finally:
        server.stop()


def test_a_letter_says_who_did_what_and_its_words_are_only_words(mail):
    channel, inbox = mail
    channel.send(message("contact@theirs.example", event(), event(8, verb="brake.set")))
    ((to, raw),) = inbox.letters
    letter = message_from_bytes(raw, policy=policy.default)
    assert to == ["contact@theirs.example"]
    assert letter["Subject"] == "[Scuderia] freeze zone breach found and 1 more"
    assert letter["From"] == "crew@ours.example"
    assert letter["Bcc"] is None
    assert letter.get_content_type() == "text/plain"
    assert "2026-07-24 07:00 UTC  person:lena  freeze.zone.breach found  zone:z1" in (
        letter.get_content()
    )
    assert "everybody@else.example" in letter.get_content()  # told as a word, sent to nobody


@pytest.mark.parametrize(
    "address",
    [
        "a@elsewhere.example", "nobody", "", "a@ours.example\nBcc: b@else.example",
        "a@ours.example, b@else.example", "A <a@ours.example>",
    ],
)  # fmt: skip
def test_nothing_is_written_to_other_domains_or_to_what_is_no_address(mail, address):
    channel, inbox = mail
    with pytest.raises(BadInput):
        channel.refuse(address)
    with pytest.raises(BadInput):
        channel.send(message(address))
    assert inbox.letters == []


def test_a_server_that_refuses_or_is_not_there_is_a_failure_in_words(mail):
    channel, _ = mail
    with pytest.raises(Unable, match="full"):
        channel.send(message("full@ours.example"))
    gone = MailChannel(("127.0.0.1", 9), "none", "a@ours.example", frozenset({"ours.example"}))
    with pytest.raises(Unable):
        gone.send(message("a@ours.example"))
    far = MailChannel(("mail.example", 25), "none", "a@ours.example", frozenset({"ours.example"}))
    with pytest.raises(Unable, match="this machine alone"):
        far.send(message("a@ours.example"))


def test_a_password_file_that_is_not_there_is_said(mail, tmp_path):
    channel, _ = mail
    told = MailChannel(channel.server, "none", "a@ours.example", channel.domains, "me",
                       tmp_path / "none")  # fmt: skip
    with pytest.raises(Unable, match="cannot be read"):
        told.send(message("a@ours.example"))


def test_a_webhook_is_sent_a_cloud_event_signed_with_its_own_key():
    with listening(status=202) as (host, seen):
        channel = notification_channels({HOSTS: host}, "the home's secret")["webhook"]
        channel.send(message(f"http://{host}/hook?x=1"))
    ((verb, path, body, headers),) = seen
    assert (verb, path) == ("POST", "/hook?x=1")
    assert headers["Content-Type"] == "application/cloudevents+json"
    key = channel.signing_key("s1").encode()
    told = headers["X-Scuderia-Signature"]
    assert told == "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    assert channel.signing_key("s2") != channel.signing_key("s1")
    sent = json.loads(body)
    assert {name: sent[name] for name in ("specversion", "id", "source", "type", "subject")} == {
        "specversion": "1.0", "id": "7", "source": "urn:scuderia:h1",
        "type": "scuderia.freeze.zone.breach_found", "subject": "zone:z1",
    }  # fmt: skip
    assert sent["time"] == "2026-07-24T07:00:00+00:00"
    assert sent["data"]["audit_entry"] == 7


def test_an_event_stays_small_whatever_its_reason():
    long = event(reason="x" * 100_000)
    assert len(json.dumps(long.cloud_event())) < 64 * 1024
    assert len(long.words) < 1_000


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500])
def test_a_webhook_that_does_not_take_it_is_a_failure(status):
    with listening(status=status, headers=[("Location", "http://127.0.0.1:1/")]) as (host, seen):
        channel = WebhookChannel(frozenset({host}), "s")
        with pytest.raises(Unable, match=str(status)):
            channel.send(message(f"http://{host}/"))
    assert len(seen) == 1


def test_a_webhook_goes_to_no_host_that_was_not_allowed():
    channel = WebhookChannel(frozenset({"hooks.example"}), "s")
    for address in ("https://else.example/", "http://hooks.example/", "file:///etc/passwd"):
        with pytest.raises(Refused):
            channel.refuse(address)
        with pytest.raises(Refused):
            channel.send(message(address))


@pytest.mark.parametrize(
    "environment",
    [
        {SERVER: "mail.example"},
        {SERVER: "mail.example", SENDER: "a@b.example"},
        {SERVER: "mail.example:smtp", SENDER: "a@b.example", DOMAINS: "b.example"},
        {SERVER: "mail.example", SENDER: "a@b.example", DOMAINS: "b.example", TLS: "maybe"},
    ],
)
def test_half_a_setting_is_refused_by_name(environment):
    with pytest.raises(SettingUnread, match="SCUDERIA_MAIL"):
        notification_channels(environment, "s")


def test_without_settings_there_is_no_channel():
    assert notification_channels({}, "s") == {}
