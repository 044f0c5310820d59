"""Claims about subjects."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.loop.api import common
from scuderia.loop.api.aliases import in_old_unit
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


@router.get("/findings", response=common.answers(common.PageOut[FindingRow]))
def list_findings(
    request: HttpRequest,
    subject: common.Wanted = "",
    *,
    open_only: bool = True,
    page: common.Page,
) -> Mapping[str, object]:
    """Return claims about the subject and what hangs under it, gravest first."""
    rows = findings.list_findings(
        common.request_actor(request),
        subject=common.subject_named(subject),
        open_only=open_only,
        limit=page.rows_max,
    )
    return page.of(rows)
