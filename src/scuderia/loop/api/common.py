"""What every route of the API shares: who asks, bounded pages, bounded words, told refusals."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypedDict, TypeVar, cast
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Schema
from pydantic import AfterValidator, AwareDatetime

from scuderia.basics import clock
from scuderia.basics.actors import Actor
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api.row_schemas import RowOf, in_json
from scuderia.loop.ports import registry

LIMIT_MAX = 200
OFFSET_MAX = 10_000
WORDS_MAX = 2000
SUBJECT_MAX = 161
NO_NUL = r"^[^\x00]*$"
SEQ_MAX = 2**62
COUNT_MAX = 2**31 - 1

Item = TypeVar("Item")


class RefusalOut(Schema):
    """Why something was not done, and what to do next."""

    code: str
    message: str
    remedy: str
    facts: dict[str, str] = {}


class PageOut(Schema, Generic[Item]):
    """A bounded page; pass `next_offset` back as `offset` for more, null is the end."""

    items: list[RowOf[Item]]
    next_offset: int | None


def _in_utc(at: datetime) -> datetime:
    """Return the instant in UTC; one at the edge of the calendar is no instant of ours."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant lies outside the calendar") from None


Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Wanted = Annotated[str, Query(max_length=SUBJECT_MAX, pattern=NO_NUL)]
Words = Annotated[str, Field(max_length=WORDS_MAX, pattern=NO_NUL)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]
SubjectText = Annotated[str, Field(max_length=SUBJECT_MAX, pattern=NO_NUL)]
DigestText = Annotated[str, Field(max_length=64, pattern=NO_NUL)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Whole = Annotated[int, Field(ge=-SEQ_MAX, le=SEQ_MAX)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Scalar = Words | Whole | Real


class PageAsked(Schema):
    """Which page of a list is wanted, as the query of its address says it."""

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50
    offset: Annotated[int, Field(ge=0, le=OFFSET_MAX)] = 0

    @property
    def rows_max(self) -> int:
        """How many rows to ask for: one more says whether there is a next page."""
        return self.offset + self.limit + 1

    def of(self, rows: Sequence[Any]) -> Mapping[str, object]:
        """Return this page of the rows, a PageOut."""
        after = self.offset + self.limit
        more = len(rows) > after and after <= OFFSET_MAX
        return {"items": rows[self.offset : after], "next_offset": after if more else None}


class LongPageAsked(PageAsked):
    """The same of a list that is read whole more often than not."""

    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 100


Page = Annotated[PageAsked, Query()]
LongPage = Annotated[LongPageAsked, Query()]


class ReasonIn(Schema):
    """Words, welcome and never required."""

    reason: Words = ""


class ActionIdOut(Schema):
    """The action that was queued."""

    action_id: UUID


class DigestOut(Schema):
    """The digest that can now be approved."""

    digest: str


REFUSALS = frozenset({400, 401, 403, 404, 409, 413, 422, 500, 503})


def answers(shape: Any, *, status: int = 200) -> dict[Any, Any]:
    """Return what a route may answer: its own shape or row, or a refusal of the one form."""
    return {status: in_json(shape), REFUSALS: RefusalOut}


def request_actor(request: HttpRequest) -> Actor:
    """Return who came through the API's authentication."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]


class Asked(TypedDict):
    """Who asks for a change, and the instant by the clock of the domain."""

    actor: Actor
    now: clock.AwareDatetime


def asked_by(request: HttpRequest) -> Asked:
    """Return what every operation is told of a request."""
    return {"actor": request_actor(request), "now": registry.clock.now()}


def file_answer(media_type: str, words: str, **schema: str) -> dict[str, Any]:
    """Return what the document says of a route that sends a file."""
    content = {media_type: {"schema": {"type": "string", **schema}}}
    return {"responses": {200: {"description": words, "content": content}}}


def subject_named(text: str) -> SubjectRef | None:
    """Return the subject that the text names; None where nothing was given."""
    return SubjectRef.parse(text) if text else None
