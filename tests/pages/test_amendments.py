"""The node's page offers a correction to whoever may import, and says what was refused."""

from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.outages import Outage

WRONG = {"outage": "", "start": "", "end": "", "cause": "", "planned": "", "reason": ""}


def a_closed_outage():
    return Outage.objects.filter(end__isnull=False).order_by("-start").first()


def test_a_lead_corrects_a_cause_and_sees_it_on_the_nodes_timeline(stage, as_person):
    outage = a_closed_outage()
    there = f"/fleet/nodes/{outage.node.name}"
    sent = WRONG | {"outage": outage.source_key, "cause": "a loose cable", "reason": "ticket 7"}
    answer = as_person("lena").post(f"{there}/amend", sent)
    assert (answer.status_code, answer.url) == (303, there)
    assert Outage.objects.get(pk=outage.pk).cause == "a loose cable"
    page = as_person("lena").get(there).content.decode()
    assert "Corrected by person:lena" in page
    assert "Correct an outage" in page
    told = as_person("vera").get(there).content.decode()
    assert "Corrected by person:lena" in told
    assert "Correct an outage" not in told


def test_a_refused_correction_is_said_on_the_same_page_and_changes_nothing(stage, as_person):
    outage = a_closed_outage()
    there = f"/fleet/nodes/{outage.node.name}/amend"
    sent = WRONG | {"outage": outage.source_key, "cause": "x"}
    answer = as_person("lena").post(there, sent)
    assert answer.status_code == 422
    assert "FLEET-043" in answer.content.decode()
    assert as_person("vera").post(there, sent | {"reason": "y"}).status_code in {403, 404}
    assert not OutageAmendment.objects.exists()


def test_over_json_and_by_the_form_the_share_of_an_outage_is_corrected(stage, as_person):
    outage = a_closed_outage()
    call = {"path": "/api/v1/fleet/outages/amend", "content_type": "application/json"}
    sent = {"outage": outage.source_key, "reason": "ticket 8", "gpu_indices": [3, 0]}
    assert as_person("vera").post(data=sent, **call).status_code == 403
    assert as_person("lena").post(data=sent | {"gpus_lost": 3}, **call).status_code == 422
    assert as_person("lena").post(data=sent | {"severity": "degraded"}, **call).status_code == 204
    outage.refresh_from_db()
    assert (outage.gpus_lost, outage.gpu_indices, outage.severity) == (2, "0,3", "degraded")
    there = f"/fleet/nodes/{outage.node.name}"
    assert "2 of 8 GPUs: 0, 3" in as_person("lena").get(there).content.decode()
    said = WRONG | {"outage": outage.source_key, "reason": "all of it", "gpus_lost": "all"}
    assert as_person("lena").post(f"{there}/amend", said).status_code == 303
    outage.refresh_from_db()
    assert (outage.gpus_lost, outage.gpu_indices) == (None, "")


def test_over_json_an_outage_that_never_was_is_taken_off(stage, as_person):
    outage = a_closed_outage()
    sent = {"outage": outage.source_key, "reason": "a drill", "retract": True}
    call = {"path": "/api/v1/fleet/outages/amend", "content_type": "application/json"}
    assert as_person("vera").post(data=sent, **call).status_code == 403
    assert as_person("olaf").post(data=sent, **call).status_code == 404
    assert as_person("lena").post(data=sent, **call).status_code == 204
    assert not Outage.objects.filter(source_key=outage.source_key).exists()
