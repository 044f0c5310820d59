"""Run inside a home by the process tests: files a plan as a person and approves it."""

import json
import sys

import django

from scuderia.basics.units import Quantity

django.setup()

from scuderia.basics.actors import Actor, ActorKind  # noqa: E402
from scuderia.basics.subjects import SubjectRef  # noqa: E402
from scuderia.fleet.nouns import GPU_HOURS  # noqa: E402
from scuderia.loop.nouns import ProposalDraft, Rehearsal  # noqa: E402
from scuderia.loop.operations.decisions import approve_proposal  # noqa: E402
from scuderia.loop.operations.proposal_filing import file_proposal  # noqa: E402
from scuderia.loop.ports import registry  # noqa: E402
from scuderia.loop.queries.proposals import get_proposal  # noqa: E402

ADA = Actor(ActorKind.PERSON, "ada")
GUESS = Rehearsal(
    metric="node_hours_lost",
    unit="node-hours",
    horizon_days=7,
    do_nothing=10,
    expected=5,
    low=4,
    high=6,
    better="lower",
    method="made up for a test of crashes",
    limits="says nothing of any fleet",
)


def approve(kind: str, target: str, params: dict[str, str]) -> str:
    draft = ProposalDraft(
        kind=kind,
        targets=(SubjectRef.parse(target),),
        params=params,
        title=f"{kind} {target}",
        findings=(),
        rehearsal=GUESS,
        cost_of_delay=Quantity(1, GPU_HOURS),
        dedup_key=f"{kind}:{target}",
    )
    now = registry.clock.now()
    proposal_id = file_proposal(draft, agent="", actor=ADA, now=now)
    digest = get_proposal(ADA, proposal_id).row.digest
    return str(approve_proposal(actor=ADA, proposal_id=proposal_id, digest=digest, now=now))


print(json.dumps([approve(*wish) for wish in json.loads(sys.argv[1])]))  # noqa: T201
