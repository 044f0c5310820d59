"""Plans to decide about, filed as a person: `python -m benchmarks.crash.filing HOME`."""

import os
import sys
from contextlib import suppress

from scuderia.connectors.embedded.layout import places


def file_drains(folder: str) -> None:
    """File a plan to drain every node, as a person, in this process: something to decide about."""
    os.environ |= {"SCUDERIA_HOME": folder, "DJANGO_SETTINGS_MODULE": "scuderia.config.settings"}
    import django

    django.setup()
    from scuderia.basics.actors import Actor, ActorKind
    from scuderia.basics.errors import ScuderiaError
    from scuderia.basics.subjects import SubjectRef
    from scuderia.basics.units import Quantity
    from scuderia.fleet.nouns import GPU_HOURS
    from scuderia.loop.nouns import ProposalDraft, Rehearsal
    from scuderia.loop.operations.proposal_filing import file_proposal
    from scuderia.loop.ports import registry

    guess = Rehearsal(
        metric="node_hours_lost", unit="node-hours", horizon_days=7, do_nothing=10, expected=5,
        low=4, high=6, better="lower", method="made up for a benchmark of crashes",
        limits="says nothing of any fleet",
    )  # fmt: skip
    for place in places():
        draft = ProposalDraft(
            kind="fleet.drain_node", targets=(SubjectRef("node", place.node),), params={},
            title=f"Drain {place.node}", findings=(), rehearsal=guess,
            cost_of_delay=Quantity(1, GPU_HOURS), dedup_key=f"crash:{place.node}",
        )  # fmt: skip
        with suppress(ScuderiaError):  # a node that is down already
            lena = Actor(ActorKind.PERSON, "lena")
            file_proposal(draft, agent="", actor=lena, now=registry.clock.now())


if __name__ == "__main__":
    file_drains(sys.argv[1])
