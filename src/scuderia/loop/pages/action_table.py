"""Actions as a table: every durable run, newest first."""

from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.loop.nouns import ActionState
from scuderia.loop.pages.display import ACTION_LOOKS, action_look
from scuderia.loop.queries.actions import ActionRow, list_actions
from scuderia.web.components import Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import Ask, Facet, Source, TableColumn, TableSpec, pages_of

_STATES = tuple((state.value, word) for state, (_, word) in ACTION_LOOKS.items())


def _state(run: ActionRow) -> Cell:
    look, word = action_look(run)
    return Cell(word, "state", state=look)


def _target(run: ActionRow) -> Cell:
    if not run.targets:
        return Cell(UNKNOWN)
    first, more = run.targets[0], len(run.targets) - 1
    name = f"{first.name} and {more} more" if more else first.name
    return Cell(name, "code", href=place_of(str(first)))


def _outcome(run: ActionRow) -> str | None:
    return (run.outcome.verdict or "open") if run.outcome else None


ACTIONS: TableSpec[ActionRow] = TableSpec(
    caption="Actions, newest first",
    columns=(
        TableColumn("title", "Action",
                    lambda run: Cell(run.title, href=reverse("action", args=[run.id])),
                    lambda run: run.title),
        TableColumn("state", "State", _state, lambda run: run.state.value),
        TableColumn("what", "What", _target),
        TableColumn("by", "Decided by", lambda run: Cell(run.decided_by, "name"),
                    lambda run: run.decided_by),
        TableColumn("queued", "Queued", lambda run: Cell("", "instant", at=run.queued_at),
                    lambda run: run.queued_at, first="-"),
        TableColumn("finished", "Finished", lambda run: Cell("", "instant", at=run.finished_at),
                    lambda run: run.finished_at, first="-"),
        TableColumn("outcome", "Outcome", lambda run: Cell(_outcome(run) or UNKNOWN), _outcome),
        TableColumn("said", "Last word", lambda run: Cell(run.said, "words"), shown=False),
        TableColumn("kind", "Kind", lambda run: Cell(run.kind, "code"), shown=False),
    ),
    key=lambda run: str(run.id),
    version=lambda run: run.state.value,
    facets=(Facet("state", "State", _STATES, lambda run: run.state.value),),
    searched="Title, person, agent or kind",
)  # fmt: skip


def actions_of(actor: Actor) -> Source[ActionRow]:
    """Return the runs that the actor may read."""

    def read(ask: Ask) -> tuple[ActionRow, ...]:
        state = ask.chosen.get("state")
        return list_actions(
            actor,
            states=(ActionState(state),) if state else (),
            words=ask.state.words,
            order=ask.state.order,
            offset=ask.offset,
            limit=ask.limit,
        )

    return pages_of(read)
