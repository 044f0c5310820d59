"""The crew: who is in it, and how it is registered into the loop's registry."""

from collections.abc import Sequence

from scuderia.basics.clock import AwareDatetime
from scuderia.crew.playbook.drafting import Senses
from scuderia.crew.playbook.evidence import crew_queries
from scuderia.crew.playbook.lemon_scout import LemonScout
from scuderia.crew.playbook.repair_chaser import RepairChaser
from scuderia.crew.playbook.sla_watch import SlaWatch
from scuderia.crew.playbook.spare_planner import SparePlanner
from scuderia.loop.nouns import Plan
from scuderia.loop.ports import Agent, Registry


def crew(senses: Senses | None = None) -> tuple[Agent, ...]:
    """Return every agent, sharing one set of senses."""
    shared = senses or Senses()
    return (LemonScout(shared), RepairChaser(shared), SparePlanner(shared), SlaWatch(shared))


def register(registry: Registry) -> None:
    """Register the agents and the crew's evidence.

    The agents get the evidence by name and the executors' objections, never an executor: they
    may ask whether a plan could be carried out, and nothing else.
    """

    def objections(plan: Plan, now: AwareDatetime) -> Sequence[str]:
        executor = registry.executors.get(plan.kind)
        if executor is None:
            return (f"nothing here carries out {plan.kind}",)
        return executor.objections(plan, now=now)

    for query in crew_queries(lambda: registry.clock):
        registry.evidence[query.name] = query
    for agent in crew(Senses(registry.evidence, objections)):
        registry.agents[agent.name] = agent
