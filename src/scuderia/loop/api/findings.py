"""Claims about subjects."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.loop.api.aliases import in_old_unit
from scuderia.loop.api.common import (
    Limit,
    Offset,
    PageOut,
    Wanted,
    answers,
    page_of,
    request_actor,
    subject_named,
    up_to,
)
from scuderia.loop.api.row_schemas import made_from
from scuderia.loop.queries import findings
from scuderia.loop.queries.findings import FindingRow

router = Router(tags=["findings"])


@made_from(FindingRow)
class FindingOut(Schema):
    """A claim about a subject."""

    severity_gpu_hours: float | None = Field(deprecated=True)

    @staticmethod
    def resolve_severity_gpu_hours(row: FindingRow) -> float | None:
        """Return the severity under its old key."""
        return in_old_unit(row.severity)


@router.get("/findings", response=answers(PageOut[FindingRow]))
def list_findings(
    request: HttpRequest,
    subject: Wanted = "",
    *,
    open_only: bool = True,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Mapping[str, object]:
    """Return claims about the subject and what hangs under it, gravest first."""
    rows = findings.list_findings(
        request_actor(request),
        subject=subject_named(subject),
        open_only=open_only,
        limit=up_to(limit, offset),
    )
    return page_of(rows, limit, offset)
