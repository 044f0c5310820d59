"""What the books must say if nobody wrote past the loop: told from the chain's entries alone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scuderia.loop.engine import finding_anchors
from scuderia.loop.engine.audit_chain import Link
from scuderia.loop.engine.finding_anchors import MarkedFinding, finding_fault, told_marks
from scuderia.loop.nouns import GrantState, ProposalState

FAULTS_TOLD_MAX = 20
RECORDED = "signals.recorded"
BEFORE = "before"
"""In the detail of the first entry that vouches for signals: how many were stored before it."""

Role = tuple[str, str]
"""A person's name and a scope, for which they hold one role at a time."""


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """What the tables say. `seq` is the chain's last entry when they began to be read.

    proposals   state by id
    grants      agent, kind, scope, level and state by id
    roles       the roles that hold, by person and scope
    decided     digest, and the SHA-256 of what was shown ("" where that was not kept), by action
    signals     by the entry that vouches for them: the digest that their anchor should have
    unanchored  signals that name no entry
    findings    what stands of each, by id in hex
    """

    seq: int
    proposals: Mapping[str, str]
    grants: Mapping[str, tuple[str, str, str, int, str]]
    roles: Mapping[Role, str]
    decided: Mapping[str, tuple[str, str]]
    signals: Mapping[int, str]
    unanchored: int
    findings: Mapping[str, MarkedFinding]


_CLOSES = {
    f"proposal.{state.value}": state.value
    for state in ProposalState
    if state is not ProposalState.PENDING
}
_TURNS = {
    "grant.revoked": GrantState.REVOKED.value,
    "grant.suspended": GrantState.SUSPENDED.value,
    "grant.reinstated": GrantState.ACTIVE.value,
    "grant.expired": GrantState.EXPIRED.value,
}
_OPEN = (GrantState.ACTIVE.value, GrantState.SUSPENDED.value)


@dataclass
class ToldFacts:
    """Folds entries, in their order, into what the tables must say."""

    proposals: dict[str, str] = field(default_factory=dict)
    grants: dict[str, tuple[str, str, str, int, str]] = field(default_factory=dict)
    roles: dict[Role, str] = field(default_factory=dict)
    decided: dict[str, tuple[str, str]] = field(default_factory=dict)
    proposal_of: dict[str, str] = field(default_factory=dict)
    touched: dict[object, int] = field(default_factory=dict)
    signals: dict[int, str] = field(default_factory=dict)
    unanchored: int | None = None
    findings: dict[str, MarkedFinding] = field(default_factory=dict)
    findings_before: int | None = None

    def take(self, link: Link) -> None:
        """Fold one entry in."""
        noun, _, name = link.subject.partition(":")
        if noun == "proposal":
            self._proposal(link, name)
        elif noun == "grant":
            self._grant(link, name)
        elif noun == "person" and link.verb in ("role.given", "role.taken"):
            detail = json.loads(link.detail)
            held = (name, str(detail["scope"]))
            self.touched[held] = link.seq
            self.roles.pop(held, None)
            if link.verb == "role.given":
                self.roles[held] = str(detail["role"])
        elif link.verb == "action.sent_back" and name in self.proposal_of:
            self.proposals[self.proposal_of[name]] = ProposalState.PENDING.value
            self.touched[self.proposal_of[name]] = link.seq
        elif link.verb == RECORDED:
            detail = json.loads(link.detail)
            self.signals[link.seq] = str(detail["digest"])
            if self.unanchored is None:
                self.unanchored = int(detail.get(BEFORE, 0))
        elif link.verb == finding_anchors.RECORDED:
            self._findings(link)

    def faults(self, kept: KeptFacts) -> Iterator[str]:
        """Yield every difference, in words; what changed while the tables were read is left out."""
        for noun, said, seen in (
            ("proposal", self.proposals, kept.proposals),
            ("grant", self.grants, kept.grants),
            ("role", self.roles, kept.roles),
            ("decision on action", self.decided, kept.decided),
        ):
            for name in sorted({*said, *seen}, key=str):
                if self.touched.get(name, 0) > kept.seq:
                    continue
                fault = _difference(noun, name, said.get(name), seen.get(name))
                if fault:
                    yield fault
        if self.unanchored is not None and kept.unanchored != self.unanchored:
            told = f"{kept.unanchored} signals name no entry that vouches for them"
            yield f"{told}; they were {self.unanchored} when entries began to"
        yield from self._finding_faults(kept)

    def differing(self, kept: KeptFacts) -> Iterator[int]:
        """Yield the entries whose signals are not as they tell, or that tell of none.

        Signals stored while the tables were read are left out.
        """
        for entry in sorted({*self.signals, *kept.signals}):
            is_later = entry > kept.seq and entry in self.signals
            if not is_later and self.signals.get(entry) != kept.signals.get(entry):
                yield entry

    def unanchored_findings(self, kept: KeptFacts) -> int:
        """Return how many findings stand of whose opening no entry tells."""
        return sum(not self._born(key) for key in kept.findings)

    def _born(self, key: str) -> bool:
        told = self.findings.get(key)
        return told is not None and told.born != ""

    def _findings(self, link: Link) -> None:
        detail = json.loads(link.detail)
        if self.findings_before is None:
            self.findings_before = int(detail.get(BEFORE, 0))
        for key, told in told_marks(detail, link.at, self.findings):
            self.findings[key] = told
            self.touched[key] = link.seq

    def _finding_faults(self, kept: KeptFacts) -> Iterator[str]:
        for key in sorted({*self.findings, *kept.findings}):
            seq = self.touched.get(key, 0)
            if seq <= kept.seq:
                fault = finding_fault(key, self.findings.get(key), kept.findings.get(key), seq)
                if fault:
                    yield fault
        stands = self.unanchored_findings(kept)
        if self.findings_before is not None and stands != self.findings_before:
            told = f"of the opening of {stands} findings no entry tells"
            yield f"{told}; they were {self.findings_before} when entries began to"

    def _proposal(self, link: Link, name: str) -> None:
        self.touched[name] = link.seq
        self.proposals.setdefault(name, ProposalState.PENDING.value)
        self.proposals[name] = _CLOSES.get(link.verb, self.proposals[name])
        if link.verb == "proposal.approved":
            detail = json.loads(link.detail)
            action = str(detail["action"])
            self.proposal_of[action] = name
            self.touched[action] = link.seq
            self.decided[action] = (str(detail["digest"]), str(detail.get("shown", "")))

    def _grant(self, link: Link, name: str) -> None:
        self.touched[name] = link.seq
        if link.verb == "grant.given":
            detail = json.loads(link.detail)
            facts = (str(detail["agent"]), str(detail["kind"]), str(detail["scope"]))
            for other, (*same, _, state) in self.grants.items():
                if tuple(same) == facts and state in _OPEN:
                    self._turn(other, GrantState.REVOKED.value, link.seq)
            self.grants[name] = (*facts, int(detail["level"]), GrantState.ACTIVE.value)
        elif name in self.grants and link.verb in _TURNS:
            self._turn(name, _TURNS[link.verb], link.seq)

    def _turn(self, name: str, state: str, seq: int) -> None:
        agent, kind, scope, level, _ = self.grants[name]
        self.grants[name] = (agent, kind, scope, level, state)
        self.touched[name] = seq


def _difference(noun: str, name: object, said: Any, seen: Any) -> str:
    if said == seen:
        return ""
    named = " on ".join(name) if isinstance(name, tuple) else str(name)
    if said is None:
        return f"{noun} {named}: the books hold {_spelled(seen)}, and no entry tells of it"
    if seen is None:
        return f"{noun} {named}: the chain tells of {_spelled(said)}, and the books hold none"
    if noun == "decision on action" and said[0] == seen[0] and not (said[1] and seen[1]):
        return ""  # made before what was shown was kept
    return f"{noun} {named}: the chain says {_spelled(said)}, the books {_spelled(seen)}"


def _spelled(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
