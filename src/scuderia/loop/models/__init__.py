"""The loop's tables, gathered here because Django looks for them in this module."""

from scuderia.loop.models.done import (
    Action,
    Decision,
    DecisionUse,
    Effect,
    Outcome,
    RunRequest,
)
from scuderia.loop.models.given import Brake, Grant
from scuderia.loop.models.kept import AuditEntry, AuditHead, Heartbeat
from scuderia.loop.models.people import ApiToken, Membership
from scuderia.loop.models.proposed import Edit, Proposal, ProposalScope
from scuderia.loop.models.seen import AgentRound, Finding, FindingScope, Signal

__all__ = [
    "Action",
    "AgentRound",
    "ApiToken",
    "AuditEntry",
    "AuditHead",
    "Brake",
    "Decision",
    "DecisionUse",
    "Edit",
    "Effect",
    "Finding",
    "FindingScope",
    "Grant",
    "Heartbeat",
    "Membership",
    "Outcome",
    "Proposal",
    "ProposalScope",
    "RunRequest",
    "Signal",
]
