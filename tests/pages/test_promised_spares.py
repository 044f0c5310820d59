"""A spare that a queued action counts on is promised, and is not offered a second time."""

import pytest

from scuderia.basics.actors import WORKER
from scuderia.fleet.queries.snapshot import fleet_snapshot
from scuderia.loop.nouns import ProposalState
from scuderia.loop.operations import actions, decisions
from scuderia.loop.operations.agents import make_rounds
from scuderia.loop.queries.proposals import get_proposal, list_queue
from tests.pages.stage import LENA, NOW

pytestmark = pytest.mark.django_db


def ready():
    snapshot = fleet_snapshot(NOW)
    assert snapshot is not None
    return {str(node.place.ref) for node in snapshot.nodes if node.is_ready_spare}


def test_a_promised_spare_stands_ready_for_nobody_else_until_its_action_ends(stage):
    spare = str(get_proposal(LENA, stage.swap.id).params["spare"])
    assert spare in ready()
    action = decisions.approve_proposal(
        actor=LENA, proposal_id=stage.swap.id, digest=stage.swap.digest, now=NOW
    )
    assert spare not in ready()
    make_rounds(actor=WORKER, now=NOW)
    waiting = list_queue(LENA, NOW, limit=1000)
    assert waiting
    assert all(one.state is ProposalState.PENDING for one in waiting)
    assert spare not in {str(get_proposal(LENA, one.id).params.get("spare")) for one in waiting}
    actions.halt_action(actor=LENA, action_id=action, now=NOW)
    assert spare not in ready(), "somebody may let it go on"
