"""Proposals as a table: everything that was ever proposed, newest first."""

from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ProposalState
from scuderia.loop.pages.display import PROPOSAL_LOOKS, quantity_words
from scuderia.loop.queries.proposals import QueueRow, list_proposals, list_queue
from scuderia.web.components import Cell
from scuderia.web.tables import Ask, Facet, Source, TableColumn, TableSpec, pages_of

_STATES = tuple((state.value, word) for state, (_, word) in PROPOSAL_LOOKS.items())


def _state(row: QueueRow) -> Cell:
    look, word = PROPOSAL_LOOKS[row.state]
    return Cell(word, "state", state=look)


PROPOSALS: TableSpec[QueueRow] = TableSpec(
    caption="Proposals, newest first",
    columns=(
        TableColumn("title", "Proposal",
                    lambda row: Cell(row.title, href=reverse("proposal", args=[row.id])),
                    lambda row: row.title),
        TableColumn("state", "State", _state, lambda row: row.state.value),
        TableColumn("agent", "Agent", lambda row: Cell(row.agent or row.filed_by, "name"),
                    lambda row: row.agent),
        TableColumn("cost", "Costs a day of waiting",
                    lambda row: Cell(quantity_words(row.cost_of_delay)),
                    lambda row: row.cost_of_delay.amount, numeric=True, first="-",
                    plain=lambda row: quantity_words(row.cost_of_delay)),
        TableColumn("filed", "Filed", lambda row: Cell("", "instant", at=row.filed_at),
                    lambda row: row.filed_at, first="-"),
        TableColumn("expires", "Expires", lambda row: Cell("", "instant", at=row.expires_at),
                    lambda row: row.expires_at),
        TableColumn("kind", "Kind", lambda row: Cell(row.kind, "code"), shown=False),
        TableColumn("targets", "On", lambda row: Cell(" ".join(map(str, row.targets)), "code"),
                    shown=False),
    ),
    key=lambda row: str(row.id),
    version=lambda row: row.state.value,
    facets=(Facet("state", "State", _STATES, lambda row: row.state.value),),
    searched="Title, agent or kind",
)  # fmt: skip


def queue_of(actor: Actor, now: AwareDatetime) -> Source[QueueRow]:
    """Return the proposals that wait for the actor, dearest first."""

    def read(ask: Ask) -> tuple[QueueRow, ...]:
        words, order = ask.state.words, ask.state.order
        return list_queue(actor, now, words=words, order=order, offset=ask.offset, limit=ask.limit)

    return pages_of(read)


def proposals_of(actor: Actor, *, only: tuple[ProposalState, ...] = ()) -> Source[QueueRow]:
    """Return the proposals that the actor may read, in these states alone if any are named."""

    def read(ask: Ask) -> tuple[QueueRow, ...]:
        state = ask.chosen.get("state")
        return list_proposals(
            actor,
            states=(ProposalState(state),) if state else only,
            words=ask.state.words,
            order=ask.state.order,
            offset=ask.offset,
            limit=ask.limit,
        )

    return pages_of(read)
