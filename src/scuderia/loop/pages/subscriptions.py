"""Notifications: who is told of what, where to, and how the telling goes."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from scuderia.loop.operations import subscriptions
from scuderia.loop.ports import registry
from scuderia.loop.queries.subscriptions import SubscriptionRow, list_subscriptions
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Cell, Field
from scuderia.web.request_context import form_value, request_context
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, TableColumn, TableSpec, open_table, rows_in_memory


@dataclass(frozen=True, slots=True)
class SubscriptionsPage:
    """The person's subscriptions, or everybody's.

    channels   the ways that are set up; empty: nobody can be told of anything
    """

    table: DataTable
    rows: tuple[SubscriptionRow, ...]
    channels: tuple[str, ...]
    fields: tuple[Field, ...]


def _state(row: SubscriptionRow) -> Cell:
    if row.is_deaf:
        return Cell("Tells nothing: its person is let in no more", "state", state="bad")
    if row.given_up or row.said:
        return Cell(f"{row.waiting} waiting, {row.given_up} given up", "state", state="warn")
    return Cell("Works" if row.sent else "Nothing to tell yet", "state", state="ok")


SUBSCRIPTIONS: TableSpec[SubscriptionRow] = TableSpec(
    caption="Who is told of what, newest first",
    columns=(
        TableColumn("to", "To", lambda row: Cell(row.address, "code"), lambda row: row.address),
        TableColumn("person", "By the reach of", lambda row: Cell(row.person, "name"),
                    lambda row: row.person),
        TableColumn("on", "Of", lambda row: Cell(", ".join(row.verbs), "code")),
        TableColumn("about", "About", lambda row: Cell(row.about or "all within reach"),
                    lambda row: row.about),
        TableColumn("sent", "Sent", lambda row: Cell(f"{row.sent:,}", "number"),
                    lambda row: row.sent),
        TableColumn("state", "State", _state),
        TableColumn("said", "Why it fails", lambda row: Cell(row.said, "words")),
    ),
    key=lambda row: str(row.id),
    size=25,
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@page
def everything(request: HttpRequest) -> HttpResponseBase:
    """Show the subscriptions, or set one."""
    if request.method == "POST":
        return _set(request)
    rows = _rows(request)
    sheet = csv_answer(SUBSCRIPTIONS, rows_in_memory(SUBSCRIPTIONS, rows), request)
    return sheet or _shown(request, rows)


@require_POST
@page
def end(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    """Tell no more."""
    asked = request_context(request)

    def doing() -> str:
        subscriptions.end_subscription(
            actor=asked.actor, subscription_id=subscription_id, now=asked.now
        )
        return "Ended. What waited is not sent either."

    return act(
        request, doing, then=reverse("subscriptions"), again=lambda: _shown(request, _rows(request))
    )


def _set(request: HttpRequest) -> HttpResponse:
    asked = request_context(request)

    def doing() -> str:
        made = subscriptions.subscribe(
            actor=asked.actor,
            channel=form_value(request, "channel"),
            address=form_value(request, "address"),
            verbs=form_value(request, "verbs").replace(",", " ").split(),
            about=form_value(request, "about"),
            now=asked.now,
        )
        key = subscriptions.signing_key(asked.actor, made)
        signed = (
            f" Its events are signed with {key}; `scuderia notify key` tells it again."
            if key
            else ""
        )
        return f"Told from now on.{signed}"

    return act(
        request, doing, then=reverse("subscriptions"), again=lambda: _shown(request, _rows(request))
    )


def _rows(request: HttpRequest) -> tuple[SubscriptionRow, ...]:
    return list_subscriptions(request_context(request).actor)


def _shown(request: HttpRequest, rows: tuple[SubscriptionRow, ...]) -> HttpResponse:
    source, path = rows_in_memory(SUBSCRIPTIONS, rows), reverse("subscriptions")
    context = SubscriptionsPage(
        table=open_table(SUBSCRIPTIONS, source, request, path=path),
        rows=rows,
        channels=tuple(sorted(registry.channels)),
        fields=_fields(request),
    )
    return show(request, "loop/subscriptions.html", context)


def _fields(request: HttpRequest) -> tuple[Field, ...]:
    names = {"email": "E-mail", "webhook": "Webhook (CloudEvents)"}
    choices = tuple((name, names.get(name, name)) for name in sorted(registry.channels))
    return (
        Field("channel", "How", "select", form_value(request, "channel"), choices=choices),
        Field("address", "Where to", value=form_value(request, "address"), required=True,
              longest=500, help="An e-mail address, or the webhook's https address."),
        Field("verbs", "Of what", value=form_value(request, "verbs"), required=True, longest=400,
              help="Verbs of the audit by their beginnings: proposal.filed action brake."),
        Field("about", "About", value=form_value(request, "about"), longest=161,
              help="A subject, kind:name; left out: all that you may read."),
    )  # fmt: skip
