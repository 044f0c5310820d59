"""`scuderia loop`: the queue, one proposal in full, and a person's yes or no."""

import json
import sys
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.commands.actions import add_runs
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.output import (
    capacity_line,
    print_done,
    print_facts,
    print_json,
    print_rows,
    say,
    short,
    until,
)
from scuderia.loop.nouns import ProposalId, ProposalState, Rehearsal
from scuderia.loop.operations import decisions, proposals
from scuderia.loop.operations.proposal_review import ProposalReview, review_proposal
from scuderia.loop.queries.proposals import ProposalCard, get_proposal, list_proposals, list_queue

app = typer.Typer(
    no_args_is_help=True, help="See, approve, reject and undo what the crew proposes."
)
add_runs(app)

ProposalText = Annotated[
    str, typer.Argument(metavar="ID", help="The proposal's id, or the end of it.")
]
DIGEST_CHARACTERS_MIN = 8
_SEARCHED_MAX = 10_000


class DigestDiffers(Refused):
    """The digest given is not the proposal's, so nothing was approved."""

    code = "CLI-004"
    remedy = "Read the proposal again with `scuderia loop show`; it is not what you saw."


@app.command("list")
@for_actor
def list_command(
    *,
    state: Annotated[
        list[ProposalState] | None, typer.Option(help="States to list; else what waits.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """List what waits for a person, dearest first."""
    at = now()
    rows = (
        list_proposals(actor, states=state, limit=limit)
        if state
        else list_queue(actor, at, limit=limit)
    )
    print_rows(
        rows,
        {
            "id": lambda row: short(row.id),
            "proposal": lambda row: row.title,
            "agent": lambda row: row.agent or row.filed_by,
            "costs a day": lambda row: row.cost_of_delay,
            "touches": lambda row: row.targets,
            "state": lambda row: row.state,
            "time left": lambda row: until(row.expires_at, at),
        },
        empty="nothing waits for you",
        as_json=as_json,
    )


@app.command("show")
@for_actor
def show(proposal: ProposalText, *, actor: Actor, as_json: AsJson = False) -> None:
    """Show everything a person should see before deciding."""
    card = review_proposal(actor, _proposal_id(actor, proposal), now=now())
    if as_json:
        print_json(card)
    else:
        show_card(card)


@app.command("approve")
@for_actor
def approve(
    proposal: ProposalText,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needs --digest.")] = False,
    digest: Annotated[str, typer.Option(help="The first characters of the digest you saw.")] = "",
    reason: Reason = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Approve exactly what is shown; the worker then carries it out."""
    card = get_proposal(actor, _proposal_id(actor, proposal))
    _require_digest(card, digest, needed=yes)
    if not yes:
        show_card(review_proposal(actor, card.row.id, now=now()))
        _ask("Approve exactly this?")
    action_id = decisions.approve_proposal(
        actor=actor, proposal_id=card.row.id, digest=card.row.digest, reason=reason, now=now()
    )
    done = {"proposal_id": card.row.id, "action_id": action_id, "digest": card.row.digest}
    print_done(done, f"approved; action {short(action_id)} is queued", as_json=as_json)


@app.command("reject")
@for_actor
def reject(
    proposal: ProposalText,
    *,
    reason: Reason = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Say no; a reason is welcome, never required."""
    card = get_proposal(actor, _proposal_id(actor, proposal))
    decisions.reject_proposal(actor=actor, proposal_id=card.row.id, reason=reason, now=now())
    done = {"proposal_id": card.row.id, "state": ProposalState.REJECTED}
    print_done(done, "rejected", as_json=as_json)


@app.command("edit")
@for_actor
def edit(
    proposal: ProposalText,
    *,
    target: Annotated[list[str] | None, typer.Option(help="New targets, all of them.")] = None,
    param: Annotated[list[str] | None, typer.Option(help="name=value, value as JSON or text.")] = (
        None
    ),
    reason: Reason = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Change targets or parameters; what is then approved is the edited plan, by a new digest."""
    card = get_proposal(actor, _proposal_id(actor, proposal))
    digest = proposals.edit_proposal(
        actor=actor,
        proposal_id=card.row.id,
        digest=card.row.digest,
        targets=[SubjectRef.parse(text) for text in target] if target else None,
        params={**card.params, **_params(param)} if param else None,
        reason=reason,
        now=now(),
    )
    words = f"edited; its digest is now {digest[:DIGEST_CHARACTERS_MIN]}"
    print_done({"proposal_id": card.row.id, "digest": digest}, words, as_json=as_json)


def courses(rehearsal: Rehearsal, cost_of_delay: Quantity) -> dict[str, str]:
    """Return both courses of a rehearsal in words, and what waiting costs."""
    return {
        "  do nothing": f"{rehearsal.do_nothing:,.1f} {rehearsal.unit}"
        f" in {rehearsal.horizon_days:g} days",
        "  do it": f"{rehearsal.expected:,.1f} {rehearsal.unit}, 80% between"
        f" {rehearsal.low:,.1f} and {rehearsal.high:,.1f}",
        "  it saves": rehearsal.gain_words or "not known future by future",
        **capacity_line("  it buys back", rehearsal.bought_back),
        "  waiting costs": f"{cost_of_delay} a day",
    }


def show_card(card: ProposalReview) -> None:
    """Print what a person weighs: the claim, both courses, the reach, the gates, the undo."""
    row, rehearsal = card.row, card.row.rehearsal
    say(row.title)
    print_facts(
        {
            "  kind": f"{row.kind} v{card.kind_version}: {card.kind_title}",
            "  targets": row.targets,
            "  parameters": json.dumps(dict(card.params), sort_keys=True, default=str),
            "  touches": f"{row.blast.count} of {row.blast.denominator_count} {row.blast.unit}"
            f" ({row.blast.share:.0%}), {', '.join(row.blast.details) or 'nothing else'},"
            f" used by: {', '.join(row.blast.affected) or 'nobody'}",
            **courses(rehearsal, row.cost_of_delay),
            "  intervals": rehearsal.held or "how often they held is not known",
            "  how known": rehearsal.method,
            "  limits": rehearsal.limits,
            "  undo": card.undo or "none: this cannot be undone",
            "  gates": [f"{verdict.gate} says {verdict.answer.value}" for verdict in card.gates]
            or "none registered",
            "  forbidden by": card.objections or "nothing",
            "  digest": row.digest,
        }
    )
    for finding in card.findings:
        say(f"  because: {finding.claim} (confidence {finding.confidence:.0%})")
        for piece in finding.evidence:
            say(f"    - {piece.caption}")


def _proposal_id(actor: Actor, text: str) -> ProposalId:
    among = (row.id for row in list_proposals(actor, limit=_SEARCHED_MAX))
    return ProposalId(full_id(text, lambda: among, noun="proposal"))


def _require_digest(card: ProposalCard, given: str, *, needed: bool) -> None:
    if needed and len(given) < DIGEST_CHARACTERS_MIN:
        raise BadInput(
            f"--yes needs --digest with at least {DIGEST_CHARACTERS_MIN} characters",
            remedy="Copy them from `scuderia loop show`, so that you approve what you saw.",
        )
    if given and not card.row.digest.startswith(given.lower()):
        raise DigestDiffers(f"the proposal's digest begins {card.row.digest[:12]}")


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise BadInput("nobody is there to confirm", remedy="Add --yes and --digest.")
    typer.confirm(question, abort=True)


def _params(pairs: list[str]) -> JsonObject:
    params = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadInput(f"not name=value: {pair[:80]!r}", remedy="Write --param to=3.")
        try:
            params[name] = json.loads(text)
        except ValueError:
            params[name] = text
    return params
