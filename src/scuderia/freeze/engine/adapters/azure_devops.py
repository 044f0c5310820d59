"""Azure DevOps' "Invoke REST API" check in callback mode: its request in, its event out.

The fields relied on, and where they are documented:
    headers PlanUrl, ProjectId, HubName, PlanId, JobId, TaskInstanceId, AuthToken, which the check
        sends unless told otherwise (MicrosoftDocs/azure-devops-docs,
        docs/pipelines/process/invoke-checks.md, "Pass pipeline run information to checks"); an
        answer of 200 within three seconds, then the decision by a callback with time between
        evaluations 0 (the same, "Recommended implementation of asynchronous checks")
    event: POST {PlanUrl}{ProjectId}/_apis/distributedtask/hubs/{HubName}/plans/{PlanId}/events
        with name TaskCompleted, taskId (TaskInstanceId), jobId, result succeeded|failed, by
        Bearer AuthToken, which lives 48 hours (the same, "Send a decision back"; the REST pages,
        distributedtask, "Events - Post Event")
The check signs nothing: its service connection sends an API token of ours as Authorization.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scuderia.freeze.engine.adapters.payloads import BadPayload

HEADERS = ("PlanUrl", "ProjectId", "HubName", "PlanId", "JobId", "TaskInstanceId", "AuthToken")
TOKEN_MAX = 8_192
_PLAN_URL = re.compile(r"https?://[^/?#\s]+(?:/[A-Za-z0-9._~%-]+)*/?")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HUB = re.compile(r"[A-Za-z]{1,32}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_SHAPES = {
    "PlanUrl": _PLAN_URL,
    "ProjectId": _GUID,
    "HubName": _HUB,
    "PlanId": _GUID,
    "JobId": _GUID,
    "TaskInstanceId": _GUID,
    "AuthToken": _TOKEN,
}


@dataclass(frozen=True, slots=True)
class AzureCheck:
    """One check that waits for its event.

    key     of one evaluation: asked again it is the same question
    token   lets the event in, and nothing else should learn it
    """

    key: str
    callback_url: str
    task: str
    job: str
    token: str


def read_check(headers: Mapping[str, str]) -> AzureCheck:
    """Return the check that waits.

    raises   BadPayload: by the header's name
    """
    told = {name: headers.get(name, "").strip() for name in HEADERS}
    for name, shape in _SHAPES.items():
        if not shape.fullmatch(told[name]):
            raise BadPayload(f"the header {name} is not there, or is none of Azure Pipelines'")
    base = f"{told['PlanUrl'].rstrip('/')}/{told['ProjectId']}"
    plan = f"hubs/{told['HubName']}/plans/{told['PlanId']}"
    return AzureCheck(
        key=f"{told['PlanId']}/{told['JobId']}/{told['TaskInstanceId']}".lower(),
        callback_url=f"{base}/_apis/distributedtask/{plan}/events?api-version=2.0-preview.1",
        task=told["TaskInstanceId"],
        job=told["JobId"],
        token=told["AuthToken"],
    )


def event(check: AzureCheck, *, allowed: bool) -> dict[str, str]:
    """Return the event's body; Azure shows no words of ours beside it."""
    return {
        "name": "TaskCompleted",
        "taskId": check.task,
        "jobId": check.job,
        "result": "succeeded" if allowed else "failed",
    }
