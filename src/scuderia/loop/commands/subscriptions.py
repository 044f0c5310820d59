"""`scuderia notify`: who is told of what, by e-mail or by webhook."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done, say, short
from scuderia.loop.operations import subscriptions
from scuderia.loop.queries.subscriptions import SubscriptionRow, list_subscriptions

app = typer.Typer(no_args_is_help=True, help="Be told of what happens, by e-mail or webhook.")


def _state(row: SubscriptionRow) -> str:
    told = f"{row.sent} sent, {row.waiting} waiting, {row.given_up} given up"
    return f"{row.person} is let in no more: tells nothing" if row.is_deaf else told


app.command("list")(
    listing(
        "List your subscriptions; an admin's list has everybody's.",
        list_subscriptions,
        {
            "id": lambda row: short(row.id),
            "person": lambda row: row.person,
            "to": lambda row: row.address,
            "about": lambda row: row.about or "all within reach",
            "on": lambda row: " ".join(row.verbs),
            "state": _state,
            "said": lambda row: row.said,
        },
        empty="nobody is told of anything",
    )
)


@app.command("add")
@for_actor
def add_command(
    *,
    on: Annotated[
        list[str],
        typer.Option("--on", help="A verb of the audit by its beginning, e.g. proposal.filed."),
    ],
    email: Annotated[str, typer.Option(help="The address to write to.")] = "",
    webhook: Annotated[str, typer.Option(metavar="URL", help="Where events are posted.")] = "",
    about: Annotated[str, typer.Option(help="Only of this subject, kind:name.")] = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Be told, or have somebody outside told, of what happens from now on."""
    if bool(email) == bool(webhook):
        raise subscriptions.BadSubscription("one of --email and --webhook is needed")
    channel = "email" if email else "webhook"
    made = subscriptions.subscribe(
        actor=actor, channel=channel, address=email or webhook, verbs=on, about=about, now=now()
    )
    key = subscriptions.signing_key(actor, made)
    signed = f"\nits events are signed with this key: {key}" if key else ""
    words = f"set: subscription {short(made)}{signed}"
    print_done({"subscription_id": made, "signing_key": key}, words, as_json=as_json)


@app.command("key")
@for_actor
def key_command(
    subscription: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the id's end.")],
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Print the key that signs the events of a subscription of yours."""
    known = (row.id for row in list_subscriptions(actor))
    found = full_id(subscription, lambda: known, noun="subscription")
    key = subscriptions.signing_key(actor, found)
    print_done({"signing_key": key}, key or "its messages are not signed", as_json=as_json)


@app.command("end")
@for_actor
def end_command(
    subscription: Annotated[str, typer.Argument(metavar="ID", help="Its id, or the id's end.")],
    *,
    actor: Actor,
) -> None:
    """Tell no more; what waits is not sent either."""
    known = (row.id for row in list_subscriptions(actor))
    found = full_id(subscription, lambda: known, noun="subscription")
    subscriptions.end_subscription(actor=actor, subscription_id=found, now=now())
    say("ended")
