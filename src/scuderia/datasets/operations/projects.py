"""A project's life: described, its terms changed with a reason, paused, closed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal

from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.datasets.engine.judgment_values import LABELS_MAX
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import DataPower, ProjectKind, ProjectState, Stage
from scuderia.datasets.queries.projects import project_lineage, visible_project
from scuderia.fleet.engine.sla_rows import is_zone
from scuderia.loop.operations import access, audit

ITEMS_MAX = 100_000_000
JUDGMENTS_PER_ITEM_MAX = 1_000
CURRENCY_LETTERS = 3
_SHARES_OFF = 1e-6
MONEY_MAX = Decimal(10**7)


class BadProject(BadInput):
    """What was said of a project makes no sense."""

    code = "DATA-001"
    remedy = "`scuderia datasets project add --help` says what each of its terms means."


class ProjectKnown(Refused):
    """A project of that name is on the books already."""

    code = "DATA-002"
    remedy = "Choose another name, or change its terms: scuderia datasets project edit NAME."


class ProjectClosed(Refused):
    """The project takes nothing in as it stands."""

    code = "DATA-003"
    remedy = "Open it again: scuderia datasets project resume NAME --reason WHY."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTerms:
    """What a customer asked for; None and empty: not said.

    labels, low, high   which answers there are, of a label and of a rating project
    target_items        how many items, each judged `judgments_per_item` times
    quality_bar         share of answers that must be right
    price, pay          for an item and for a judgment, in `currency` (ISO 4217)
    diversity           planned share of items by value of the attribute `diversity_by`
    """

    title: str = ""
    spec: str = ""
    rubric: str = ""
    labels: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    target_items: int = 1
    judgments_per_item: int = 1
    due_at: AwareDatetime | None = None
    time_zone: str = "UTC"
    quality_bar: float | None = None
    price: Decimal | None = None
    pay: Decimal | None = None
    currency: str = ""
    diversity_by: str = ""
    diversity: Mapping[str, float] = field(default_factory=dict)
    guideline: str = "1"
    stage: Stage = Stage.CALIBRATION


@transaction.atomic
def add_project(
    *,
    actor: Actor,
    name: str,
    customer: str,
    kind: ProjectKind,
    terms: ProjectTerms,
    now: AwareDatetime,
) -> None:
    """Bring a project onto the books.

    raises   NotAuthorised, NotFound: over that customer; BadInput, BadProject; ProjectKnown
    """
    subject = SubjectRef.parse(f"project:{name}")
    access.require(actor, DataPower.RUN_PROJECTS, SubjectRef.parse(f"customer:{customer}"))
    _check(kind, terms)
    try:
        with transaction.atomic():
            project = Project.objects.create(
                name=name,
                customer=customer,
                kind=kind,
                created_by=str(actor),
                created_at=now,
                **_columns(terms, name),
            )
    except IntegrityError:
        raise ProjectKnown(f"there is a project {name} already") from None
    _record(actor, "added", subject, project_lineage(project), now, detail=_told(project))


@transaction.atomic
def edit_project(
    *, actor: Actor, name: str, changes: Mapping[str, object], reason: str, now: AwareDatetime
) -> bool:
    """Change the terms that are named in `changes`; False where they stand so already.

    raises   NotFound, NotAuthorised, BadProject: no reason, or terms that make no sense
    """
    project = _mine(actor, name)
    before = terms_of(project)
    after = replace(before, **changes)  # type: ignore[arg-type]  # _check looks at each
    if after == before:
        return False
    _require_reason(reason)
    _check(ProjectKind(project.kind), after)
    if project.judgments and (after.labels, after.low, after.high) != (
        before.labels, before.low, before.high
    ) and not set(before.labels) <= set(after.labels):  # fmt: skip
        raise BadProject("its judgments use labels that would go", remedy="Only add labels.")
    was = _told(project)
    Project.objects.filter(pk=project.pk).update(**_columns(after, name))
    project.refresh_from_db()
    stands = _told(project)
    changed = {key: [was[key], told] for key, told in stands.items() if was[key] != told}
    _record(
        actor,
        "edited",
        SubjectRef("project", name),
        project_lineage(project),
        now,
        reason=reason,
        detail={"changed": changed},
    )
    return True


@transaction.atomic
def set_state(
    *, actor: Actor, name: str, state: ProjectState, reason: str, now: AwareDatetime
) -> bool:
    """Pause, resume or close a project; False where it stands so already.

    raises   NotFound, NotAuthorised, BadProject: no reason
    """
    project = _mine(actor, name)
    if project.state == state:
        return False
    _require_reason(reason)
    Project.objects.filter(pk=project.pk).update(state=state)
    lineage = project_lineage(project)
    subject = SubjectRef("project", name)
    _record(actor, state.value, subject, lineage, now, reason=reason)
    return True


def terms_of(project: Project) -> ProjectTerms:
    """Return a project's terms as they stand."""
    return ProjectTerms(
        title=project.title,
        spec=project.spec,
        rubric=project.rubric,
        labels=tuple(project.labels),
        low=project.scale_low,
        high=project.scale_high,
        target_items=project.target_items,
        judgments_per_item=project.judgments_per_item,
        due_at=project.due_at,
        time_zone=project.time_zone,
        quality_bar=project.quality_bar,
        price=project.price,
        pay=project.pay,
        currency=project.currency,
        diversity_by=project.diversity_by,
        diversity=project.diversity,
        guideline=project.guideline,
        stage=Stage(project.stage),
    )


def _mine(actor: Actor, name: str) -> Project:
    project = visible_project(actor, name, lock=True)
    access.require(actor, DataPower.RUN_PROJECTS, project_lineage(project))
    return project


def _columns(terms: ProjectTerms, name: str) -> dict[str, object]:
    columns = asdict(terms)
    columns["scale_low"], columns["scale_high"] = columns.pop("low"), columns.pop("high")
    columns["labels"] = list(terms.labels)
    columns["diversity"] = dict(terms.diversity)
    columns["title"] = terms.title.strip() or name
    return columns


def _told(project: Project) -> dict[str, object]:
    told = asdict(terms_of(project))
    return {
        "customer": project.customer,
        "kind": project.kind,
        **{
            key: value if isinstance(value, int | float | dict | None) else str(value)
            for key, value in told.items()
            if key not in ("spec", "rubric")
        },
        "labels": list(project.labels),
        "spec_characters": len(project.spec),
        "rubric_characters": len(project.rubric),
    }


def _record(
    actor: Actor,
    step: str,
    subject: SubjectRef,
    lineage: Lineage,
    now: AwareDatetime,
    *,
    reason: str = "",
    detail: dict[str, object] | None = None,
) -> None:
    audit.record(
        actor,
        f"datasets.project.{step}",
        subject=subject,
        reason=reason,
        at=now,
        detail=detail,  # type: ignore[arg-type]  # made of texts, numbers and lists
        lineage=lineage | {EVERYTHING},
    )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise BadProject("no reason was given", remedy="Say why: --reason WHY.")


def _check(kind: ProjectKind, terms: ProjectTerms) -> None:
    _check_answers(kind, terms)
    if not 1 <= terms.target_items <= ITEMS_MAX:
        raise BadProject(f"{terms.target_items} items are no target")
    if not 1 <= terms.judgments_per_item <= JUDGMENTS_PER_ITEM_MAX:
        raise BadProject(f"{terms.judgments_per_item} judgments an item make no sense")
    if terms.quality_bar is not None and not 0 < terms.quality_bar <= 1:
        said = f"the quality bar {terms.quality_bar} is no share"
        raise BadProject(said, remedy="Give it above 0 and up to 1, e.g. 0.95.")
    _check_money(terms)
    _check_zone(terms.time_zone)
    if not 0 < len(terms.guideline) <= 32:  # noqa: PLR2004 - the column
        raise BadProject("a guideline's version has 1 to 32 characters")
    if terms.diversity:
        _check_shares(terms)


def _check_answers(kind: ProjectKind, terms: ProjectTerms) -> None:
    is_label, is_rating = kind is ProjectKind.LABEL, kind is ProjectKind.RATING
    if is_label and not 2 <= len(terms.labels) <= LABELS_MAX:  # noqa: PLR2004 - a choice
        raise BadProject("a label project has 2 labels or more", remedy="Name each: --label NAME.")
    if len(set(terms.labels)) < len(terms.labels) or not all(map(str.strip, terms.labels)):
        raise BadProject("its labels are empty or stand there twice")
    if is_rating and (terms.low is None or terms.high is None or terms.low >= terms.high):
        raise BadProject("a rating project has a scale", remedy="Say it: --low 1 --high 5.")
    if (terms.labels and not is_label) or (terms.low is not None and not is_rating):
        raise BadProject(f"a {kind} project has neither labels nor a scale of its own")


def _check_money(terms: ProjectTerms) -> None:
    said = [one for one in (terms.price, terms.pay) if one is not None]
    if any(not one.is_finite() or not 0 <= one < MONEY_MAX for one in said):
        raise BadProject("a price is 0 or more")
    is_code = len(terms.currency) == CURRENCY_LETTERS and terms.currency.isupper()
    if (said or terms.currency) and not (is_code and terms.currency.isascii()):
        raise BadProject("money has a currency", remedy="Say it in three letters: --currency EUR.")


def _check_zone(name: str) -> None:
    if not is_zone(name):
        said = f"there is no time zone {name[:40]!r}"
        raise BadProject(said, remedy="Write an IANA zone, e.g. Europe/Rome.")


def _check_shares(terms: ProjectTerms) -> None:
    if not terms.diversity_by:
        raise BadProject("shares are of an attribute", remedy="Name it: --diversity-by topic.")
    shares = terms.diversity.values()
    if any(not 0 <= share <= 1 for share in shares) or abs(sum(shares) - 1) > _SHARES_OFF:
        raise BadProject("planned shares are from 0 to 1, and add up to 1")
