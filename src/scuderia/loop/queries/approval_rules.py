"""Where two people are asked for, and whether one proposal is such a case."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.records import row_from
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.json_codec import read_rehearsal, read_targets
from scuderia.loop.models.approval_rules import ApprovalRule
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import ApprovalRuleId, Power
from scuderia.loop.queries.access import concerning, scopes_with
from scuderia.loop.queries.lineage import reach_of


@dataclass(frozen=True, slots=True)
class ApprovalRuleRow:
    """One rule; ended_at None while it holds. `cents_from` None means whatever the cost."""

    id: ApprovalRuleId
    kind: str
    scope: SubjectRef
    cents_from: int | None
    reason: str
    set_by: str
    set_at: AwareDatetime
    ended_by: str
    ended_at: AwareDatetime | None

    @property
    def words(self) -> str:
        """Return what it asks for, by whose word and why."""
        what = self.kind or "every kind of action"
        cost = "" if self.cents_from is None else f" from {self.cents_from} cents on"
        return f"two people for {what} on {self.scope}{cost}, by {self.set_by}: {self.reason}"


def list_approval_rules(actor: Actor, *, open_only: bool = True) -> tuple[ApprovalRuleRow, ...]:
    """Return the rules that concern the actor, newest first."""
    found = ApprovalRule.objects.order_by("-set_at", "-pk")
    rules = list(found.filter(ended_at__isnull=True) if open_only else found)
    told = concerning(scopes_with(actor, Power.READ), (rule.scope for rule in rules))
    return tuple(_row(rule) for rule in rules if rule.scope in told)


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """Whom a proposal may not be approved by, and why.

    hands   who filed it and who edited it, as actors' texts
    asked   what asks for another person than these, in words; empty: nothing does
    """

    hands: frozenset[str]
    asked: tuple[str, ...]

    def objection_to(self, actor: Actor) -> str:
        """Return why this actor may not approve it, in words; "" if nothing here is in the way."""
        barred = self.asked and str(actor) in self.hands
        return f"you filed or edited it: it needs {self.asked[0]}" if barred else ""


def two_people(proposal: Proposal, *, safe_direction: bool) -> TwoPeople:
    """Return who had a hand in an open proposal, and what asks for two people there."""
    edited_by = proposal.edits.values_list("edited_by", flat=True)
    filed_so = [f"two people, as {proposal.filed_by} filed it"] if proposal.four_eyes else []
    rules = rules_for(
        proposal.kind,
        read_targets(proposal.targets),
        cents=read_rehearsal(proposal.rehearsal).cost_cents,
        safe_direction=safe_direction,
        filed_at=proposal.filed_at,
    )
    return TwoPeople(
        frozenset({proposal.filed_by, *edited_by}), (*filed_so, *(rule.words for rule in rules))
    )


def rules_for(
    kind: str,
    targets: Sequence[SubjectRef],
    *,
    cents: int | None,
    safe_direction: bool,
    filed_at: AwareDatetime,
) -> tuple[ApprovalRuleRow, ...]:
    """Return the rules that ask for two people here.

    One that held when the proposal was filed binds it still: nobody ends a rule to pass it. A cost
    that is not known counts as above every bound. Ways back are asked two people for by name alone.
    """
    kinds = [kind] if safe_direction else [kind, ""]
    held = Q(ended_at__isnull=True) | Q(ended_at__gt=filed_at, set_at__lte=filed_at)
    dear = Q() if cents is None else Q(cents_from__isnull=True) | Q(cents_from__lte=cents)
    found = ApprovalRule.objects.filter(held, dear, kind__in=kinds)
    rules = list(found.order_by("set_at", "pk"))
    scopes = frozenset(map(str, reach_of(targets))) if rules else frozenset()
    return tuple(_row(rule) for rule in rules if rule.scope in scopes)


def _row(rule: ApprovalRule) -> ApprovalRuleRow:
    return row_from(
        ApprovalRuleRow, rule, id=ApprovalRuleId(rule.id), scope=SubjectRef.parse(rule.scope)
    )
