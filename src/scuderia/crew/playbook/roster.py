"""The crew: who is in it, and how it is registered into the loop's registry."""

from collections.abc import Sequence

from scuderia.basics.clock import AwareDatetime
from scuderia.crew.agents.lemon_scout import LemonScout
from scuderia.crew.agents.proposal_builders import AgentContext
from scuderia.crew.agents.repair_chaser import RepairChaser
from scuderia.crew.agents.sla_watch import SlaWatch
from scuderia.crew.agents.spare_planner import SparePlanner
from scuderia.crew.playbook.evidence import crew_queries
from scuderia.loop.nouns import Plan
from scuderia.loop.ports import Agent, Registry


def crew(context: AgentContext | None = None) -> tuple[Agent, ...]:
    """Return every agent, sharing one context."""
    shared = context or AgentContext()
    return (LemonScout(shared), RepairChaser(shared), SparePlanner(shared), SlaWatch(shared))


def register(registry: Registry) -> None:
    """Register the agents and the crew's evidence.

    The agents get the snapshots by type, the evidence by name and the executors' objections,
    never an executor: they may ask whether a plan could be carried out, and nothing else. Those
    that look at a past instant get the snapshots alone.
    """

    def objections(plan: Plan, now: AwareDatetime) -> Sequence[str]:
        executor = registry.executors.get(plan.kind)
        if executor is None:
            return (f"nothing here carries out {plan.kind}",)
        return executor.examine(plan, now=now).objections

    context = AgentContext(registry.evidence, objections, registry.snapshots)
    for query in crew_queries(context, lambda: registry.clock):
        registry.evidence[query.name] = query
    for agent in crew(context):
        registry.agents[agent.name] = agent
    for agent in crew(AgentContext(snapshots=registry.snapshots)):
        registry.past_agents[agent.name] = agent
