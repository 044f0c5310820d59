"""What every agent of the crew is: what it declares, one look at the fleet, and what it brings."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.crew.agents.proposal_builders import AgentContext, keep_possible
from scuderia.fleet.engine.snapshot import FleetSnapshot
from scuderia.loop.nouns import FindingDraft, ProposalDraft, Round

NAMED_MAX = 10
"""Subjects that a round names; of more it says how many."""


class FleetAgent(ABC):
    """Fills loop.ports.Agent for agents that think about one snapshot of the fleet."""

    name: str
    title: str
    job: str
    kinds: tuple[str, ...]

    def __init__(
        self, context: AgentContext | None = None, *, kinds: tuple[str, ...] | None = None
    ) -> None:
        """Keep what the agent may ask; `kinds`: propose these alone of the kinds it knows."""
        self.context = context or AgentContext()
        if kinds is not None:
            self.kinds = kinds

    def look(self, *, now: AwareDatetime) -> Round:
        """Look at the fleet as it stands, where there is one."""
        snapshot = self.context.snapshot(FleetSnapshot, now=now)
        if snapshot is None:
            return Round(considered=("No node is on the books.",))
        return self.think(snapshot)

    @abstractmethod
    def think(self, snapshot: FleetSnapshot) -> Round:
        """Return what this snapshot is worth saying; the same snapshot gives the same Round."""

    def round_of(
        self,
        snapshot: FleetSnapshot,
        drafts: Sequence[ProposalDraft],
        considered: Sequence[str],
        *,
        findings: Sequence[FindingDraft] = (),
    ) -> Round:
        """Return the drafts that could be carried out now, and the findings of the others."""
        split = keep_possible(self.context, drafts, now=snapshot.now)
        told = {draft.dedup_key for draft in findings}
        orphans = (draft for draft in split.orphans if draft.dedup_key not in told)
        hidden = snapshot.unseen | split.unseen
        silent = [f"Silent, so left as it was: {_named(hidden)}."] if hidden else []
        return Round(
            findings=(*findings, *orphans),
            proposals=split.kept,
            considered=(*considered, *split.why, *silent),
            unseen=hidden,
        )


def _named(subjects: frozenset[SubjectRef]) -> str:
    names = sorted(map(str, subjects))
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
