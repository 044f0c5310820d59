"""What forms do, who may send them, and what a person is told who may not."""

import pytest
from django.test import Client

from scuderia.loop.models.actions import Action
from scuderia.loop.nouns import ActionState, ProposalState
from scuderia.loop.queries.actions import list_actions
from scuderia.loop.queries.brakes import list_brakes
from scuderia.loop.queries.proposals import get_proposal
from tests.pages.stage import LENA


@pytest.fixture
def swap(stage):
    return stage.swap


def state_of(row):
    return get_proposal(LENA, row.id).row.state


def test_approve_binds_the_digest_and_queues_one_action(swap, as_person):
    client = as_person("lena")
    answer = client.post(f"/proposals/{swap.id}/approve", {"digest": swap.digest, "reason": "go"})
    assert (answer.status_code, answer.url) == (303, f"/proposals/{swap.id}")
    assert state_of(swap) is ProposalState.APPROVED
    (run,) = list_actions(LENA)
    assert run.state is ActionState.QUEUED
    shown = client.get(answer.url).content.decode()
    assert "Yes, said person:lena. go" in shown
    assert client.get(f"/actions/{run.id}").status_code == 200


def test_a_stale_digest_is_refused_on_the_page_with_its_remedy(swap, as_person):
    answer = as_person("lena").post(f"/proposals/{swap.id}/approve", {"digest": "0" * 64})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "Not done" in shown
    assert "LOOP-" in shown
    assert state_of(swap) is ProposalState.PENDING


def test_a_second_approval_is_refused(swap, as_person):
    client = as_person("lena")
    client.post(f"/proposals/{swap.id}/approve", {"digest": swap.digest})
    assert client.post(f"/proposals/{swap.id}/approve", {"digest": swap.digest}).status_code == 409
    assert len(list_actions(LENA)) == 1


def test_reject_needs_no_reason(swap, as_person):
    answer = as_person("lena").post(f"/proposals/{swap.id}/reject", {})
    assert answer.status_code == 303
    assert state_of(swap) is ProposalState.REJECTED


def test_an_edit_makes_a_new_digest_and_approves_nothing(stage, swap, as_person):
    client = as_person("lena")
    answer = client.post(f"/proposals/{swap.id}/edit", {
        "digest": swap.digest, "targets": str(swap.targets[0]),
        "param_spare": f"node:{stage.other_spare}", "param_customer": "customer:demo-aurora",
    })  # fmt: skip
    card = get_proposal(LENA, swap.id)
    assert answer.status_code == 303
    assert card.row.digest != swap.digest
    assert card.params["spare"] == f"node:{stage.other_spare}"
    assert card.row.state is ProposalState.PENDING
    assert "it speaks of the plan before" in client.get(answer.url).content.decode()


def test_an_edit_with_a_number_that_is_none_is_refused(stage, as_person):
    pool = stage.proposal("fleet.resize_spare_pool")
    form = {"digest": pool.digest, "targets": str(pool.targets[0]), "param_size": "many"}
    answer = as_person("lena").post(f"/proposals/{pool.id}/edit", form)
    assert answer.status_code == 422
    assert "size is not a number" in answer.content.decode()


@pytest.fixture
def failed(swap, as_person):
    """A run that failed, and that nobody has taken note of."""
    as_person("lena").post(f"/proposals/{swap.id}/approve", {"digest": swap.digest})
    (run,) = list_actions(LENA)
    for state in (ActionState.RUNNING, ActionState.FAILED):  # as the table of moves has it
        Action.objects.filter(pk=run.id).update(state=state)
    return run


def test_a_failed_run_stands_on_now_until_somebody_takes_note(failed, as_person):
    client, path = as_person("lena"), f"/actions/{failed.id}"
    assert "Stuck" in client.get("/").content.decode()
    assert 'data-dialog="acknowledge"' in client.get(path).content.decode()
    refused = client.post(f"{path}/acknowledge", {"reason": " "})
    assert (refused.status_code, "LOOP-038" in refused.content.decode()) == (422, True)
    answer = client.post(f"{path}/acknowledge", {"reason": "the node is with its maker"})
    assert (answer.status_code, answer.url) == (303, path)
    shown = client.get(path).content.decode()
    assert "acknowledged by person:lena: the node is with its maker" in shown
    assert 'data-dialog="acknowledge"' not in shown
    assert "Stuck" not in client.get("/").content.decode()


def test_the_viewer_is_offered_no_taking_note_and_may_not(failed, as_person):
    client, path = as_person("vera"), f"/actions/{failed.id}"
    assert 'data-dialog="acknowledge"' not in client.get(path).content.decode()
    assert client.post(f"{path}/acknowledge", {"reason": "me too"}).status_code == 403


def test_the_brake_stops_everything_and_every_page_says_so(as_person):
    client = as_person("lena")
    assert client.post("/brake/set", {"stops": "all", "reason": "drill"}).status_code == 303
    for path in ("/", "/fleet", "/crew", "/_gallery"):
        assert "Every agent is stopped: drill" in client.get(path).content.decode()
    assert client.post("/brake/lift", {"stops": "all", "reason": "over"}).status_code == 303
    assert list_brakes(LENA) == ()


def test_one_agent_is_stopped_from_its_card(as_person):
    client = as_person("lena")
    answer = client.post("/brake/set", {"stops": "agent", "value": "lemon-scout", "back": "crew"})
    assert answer.url == "/crew"
    assert "Release this agent" in client.get("/crew").content.decode()


def test_the_crew_looks_when_asked(as_person):
    client = as_person("lena")
    answer = client.post("/crew/look")
    assert answer.status_code == 303
    assert "agents looked and filed" in client.get("/crew").content.decode()


@pytest.mark.parametrize("path", [
    "/proposals/{id}/approve", "/proposals/{id}/reject", "/proposals/{id}/edit", "/brake/set",
    "/brake/lift", "/crew/look", "/sign-out",
])  # fmt: skip
def test_a_form_without_its_token_changes_nothing(path, swap, stage):
    from django.contrib.auth import get_user_model

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(username="lena"))
    answer = strict.post(path.format(id=swap.id), {"digest": swap.digest, "stops": "all"})
    assert answer.status_code == 403
    assert state_of(swap) is ProposalState.PENDING
    assert list_brakes(LENA) == ()


@pytest.mark.parametrize("path", ["/proposals/{id}/approve", "/brake/set", "/crew/look"])
def test_acts_are_posts(path, swap, as_person):
    assert as_person("lena").get(path.format(id=swap.id)).status_code == 405


# --- the named cast ---------------------------------------------------------------------------


OUTSIDE = (
    "/", "/loop", "/crew", "/brake", "/audit", "/proposals/{id}", "/fleet", "/fleet/nodes/{node}",
    "/fleet/customers/demo-aurora", "/fleet/report",
)  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_the_outsider_learns_nothing(path, stage, swap, as_person):
    asked = path.format(id=swap.id, node=stage.node)
    answer = as_person("olaf").get(asked)
    shown = answer.content.decode()
    assert answer.status_code in (200, 404)
    for secret in {stage.node, "demo-aurora", "repair-chaser", "proposal.filed"}:
        assert secret in asked or secret not in shown


def test_the_outsider_sees_an_empty_fleet_and_who_can_change_that(as_person):
    shown = as_person("olaf").get("/fleet").content.decode()
    assert "No node is yours to see" in shown
    assert "demo-aurora" not in shown


def test_the_operator_of_another_customer_finds_nothing_there(stage, swap, as_person):
    client = as_person("britt")
    theirs = "/fleet/customers/demo-aurora"
    for path in (f"/proposals/{swap.id}", f"/fleet/nodes/{stage.node}", theirs,
                 f"{theirs}/packet", "/fleet/report"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    shown = client.get("/fleet").content.decode()
    assert "demo-aurora" not in shown
    assert "demo-borealis" in shown
    assert swap.title not in client.get("/").content.decode()
    answer = client.post(f"/proposals/{swap.id}/approve", {"digest": swap.digest})
    assert answer.status_code == 404
    assert state_of(swap) is ProposalState.PENDING


def test_the_viewer_reads_and_may_not_act(swap, as_person):
    client = as_person("vera")
    shown = client.get(f"/proposals/{swap.id}").content.decode()
    assert "You may read this" in shown
    assert "Approve this" not in shown
    for path, form in ((f"/proposals/{swap.id}/approve", {"digest": swap.digest}),
                       (f"/proposals/{swap.id}/reject", {}),
                       ("/brake/set", {"stops": "all", "reason": "x"}), ("/crew/look", {}),
                       ("/audit/export", None)):  # fmt: skip
        answer = client.get(path) if form is None else client.post(path, form)
        assert answer.status_code == 403, path
    assert state_of(swap) is ProposalState.PENDING


def test_the_operator_of_the_customer_may_decide_what_lies_within(stage, swap, as_person):
    client, pool = as_person("otto"), stage.proposal("fleet.resize_spare_pool")
    assert client.get(f"/proposals/{pool.id}").status_code == 404
    page = client.get(f"/proposals/{swap.id}")
    assert page.status_code == 200
    answer = client.post(f"/proposals/{swap.id}/reject", {"reason": "our own window"})
    assert answer.status_code == 303
