"""What the crew would have said at a past instant: asked for, listed, read; nothing is filed."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from scuderia.loop.api import common
from scuderia.loop.api.proposals import RehearsalOut
from scuderia.loop.api.row_schemas import made_from
from scuderia.loop.nouns import PastLookId
from scuderia.loop.operations import past_looks
from scuderia.loop.queries.past_looks import (
    KeptLookBack,
    PastLookRow,
    PastProposal,
    get_past_look,
    list_past_looks,
)

router = Router(tags=["crew"])


@made_from(PastProposal)
class PastProposalOut(Schema):
    """What an agent would have proposed."""

    rehearsal: RehearsalOut


class PastLookIn(Schema):
    """Which instant; `again` looks anew though a look is kept."""

    as_of: common.Instant
    again: bool = False


class PastLookIdOut(Schema):
    """The look, made or still to be made."""

    past_look_id: UUID


@router.get("/past-looks", response=common.answers(common.PageOut[PastLookRow]))
def list_kept(request: HttpRequest, *, page: common.Page) -> Mapping[str, object]:
    """Return the looks that are kept, last asked first."""
    rows = list_past_looks(common.request_actor(request), limit=page.rows_max)
    return page.of(rows)


@router.get("/past-looks/{past_look_id}", response=common.answers(KeptLookBack))
def read_kept(request: HttpRequest, past_look_id: UUID) -> KeptLookBack:
    """Return one look with what of it the caller may read; null until it was made."""
    return get_past_look(common.request_actor(request), PastLookId(past_look_id))


@router.post("/past-looks", response=common.answers(PastLookIdOut, status=202))
def ask(request: HttpRequest, said: PastLookIn) -> Status[dict[str, PastLookId]]:
    """Ask what the crew would have said at an instant; the worker looks, then it can be read."""
    by = common.asked_by(request)
    look_id = past_looks.ask_past_look(**by, at=said.as_of, again=said.again)
    return Status(202, {"past_look_id": look_id})
