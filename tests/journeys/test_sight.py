"""Who is offered a spare, or swapped a node away, can look at it; nobody else's operator can."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.connectors.embedded.layout import CLUSTER
from scuderia.fleet.nouns import ControlCommand, ControlVerb
from scuderia.fleet.ports import registry as fleet
from scuderia.fleet.queries.nodes import get_node
from scuderia.loop.models.actions import Action
from scuderia.loop.operations import actions, decisions
from scuderia.loop.queries.proposals import get_proposal
from tests.pages.stage import LENA, NOW, fill, poll, registered

pytestmark = pytest.mark.django_db
OTTO, BRITT = Actor(ActorKind.PERSON, "otto"), Actor(ActorKind.PERSON, "britt")


def signed_in(name):
    client = Client()
    client.force_login(get_user_model().objects.get(username=name))
    return client


def node_page(node):
    return reverse("node", args=[node])


def spare_of(stage):
    return SubjectRef.parse(str(get_proposal(LENA, stage.swap.id).params["spare"])).name


def swap(stage):
    action = decisions.approve_proposal(
        actor=OTTO, proposal_id=stage.swap.id, digest=stage.swap.digest, now=NOW
    )
    for index in range(actions.begin_action(action, now=NOW)):
        actions.run_step(action, index, now=NOW)
    actions.finish_action(action, now=NOW)
    poll()
    return action


@pytest.fixture
def own_stage(db, tmp_path):
    """Make a fleet of the test's own, whose nodes it may move."""
    with registered(tmp_path) as clock:
        yield fill(clock)


def command(node, verb, **arguments):
    """Have somebody else's tool change the cluster, and read what it says then."""
    about = SubjectRef("node", node)
    fleet.control_of(CLUSTER).apply(ControlCommand(verb, about, arguments), key=f"{verb} {node}")
    poll()


def test_an_operator_sees_what_is_offered_and_what_they_moved_until_another_customer_holds_it(
    own_stage,
):
    otto, britt = signed_in("otto"), signed_in("britt")
    node, spare = own_stage.node, spare_of(own_stage)
    assert otto.get(node_page(spare)).status_code == 200
    assert britt.get(node_page(spare)).status_code == 404

    action = swap(own_stage)
    assert get_node(OTTO, node, NOW).customer is None
    with pytest.raises(NotFound):
        get_node(BRITT, node, NOW)

    command(node, ControlVerb.ASSIGN, customer="demo-borealis", as_it_is=1)
    assert get_node(BRITT, node, NOW).customer == "demo-borealis"
    with pytest.raises(NotFound):
        get_node(OTTO, node, NOW)
    command(node, ControlVerb.RELEASE, customer="demo-borealis")

    assert b"Undo it" in otto.get(reverse("action", args=[action])).content
    answered = otto.post(reverse("action-undo", args=[action]), {"reason": "repaired at once"})
    assert answered.status_code == 303, answered.content[:300]
    undoing = Action.objects.get(undo_of=action).pk
    assert otto.get(reverse("action", args=[undoing])).status_code == 200
    assert britt.get(reverse("action", args=[undoing])).status_code == 404
