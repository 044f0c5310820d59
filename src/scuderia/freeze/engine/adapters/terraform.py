"""HCP Terraform's run task: its request in, its result out.

The fields relied on, and where they are documented:
    request: payload_version (1), access_token, stage, is_speculative, task_result_id,
        task_result_callback_url, organization_name, workspace_name; header X-TFC-Task-Signature,
        HMAC-SHA512 of the payload in hex (hashicorp/terraform-docs-common, api-docs/run-tasks/
        run-tasks-integration)
    verification: a request whose access_token is `test-token`, answered with 200 and no more
        (hashicorp/terraform-run-task-scaffolding-go, internal/sdk/api/structs.go)
    result: PATCH task_result_callback_url by Bearer access_token within 10 minutes, as
        application/vnd.api+json: data.type task-results, data.attributes.status passed|failed,
        message
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from scuderia.basics.canonical import JsonValue
from scuderia.freeze.engine.adapters.payloads import BadPayload, text_at, whole_at

MEDIA_TYPE = "application/vnd.api+json"
VERIFICATION = "test-token"
MESSAGE_MAX = 1_000
STAGES = frozenset({"pre_plan", "post_plan", "pre_apply"})
"""Those that a no still stops."""


@dataclass(frozen=True, slots=True)
class RunTask:
    """One run that waits for a result.

    target          `organization/workspace`, by which an admin says what it touches
    is_speculative  it plans and never applies
    token           lets the result in, and nothing else should learn it
    """

    key: str
    target: str
    callback_url: str
    is_speculative: bool
    token: str


def signature_of(body: bytes, secret: bytes) -> str:
    """Return what X-TFC-Task-Signature is where HCP Terraform sent the body."""
    return hmac.new(secret, body, hashlib.sha512).hexdigest()


def is_verification(payload: Mapping[str, object]) -> bool:
    """Say whether the address is being tried, when a run task is made or changed."""
    return payload.get("access_token") == VERIFICATION


def read_task(payload: Mapping[str, object]) -> RunTask:
    """Return what waits for a result.

    raises   BadPayload
    """
    if whole_at(payload, "payload_version") != 1:
        raise BadPayload("payload_version is not 1")
    if text_at(payload, "stage") not in STAGES:
        raise BadPayload("stage is neither pre_plan, post_plan nor pre_apply")
    organization = text_at(payload, "organization_name")
    return RunTask(
        key=text_at(payload, "task_result_id"),
        target=f"{organization}/{text_at(payload, 'workspace_name')}",
        callback_url=text_at(payload, "task_result_callback_url"),
        is_speculative=payload.get("is_speculative") is True,
        token=text_at(payload, "access_token"),
    )


def result(words: str, *, allowed: bool) -> dict[str, JsonValue]:
    """Return the result's body."""
    message = words if len(words) <= MESSAGE_MAX else f"{words[: MESSAGE_MAX - 3]}..."
    status = "passed" if allowed else "failed"
    return {"data": {"type": "task-results", "attributes": {"status": status, "message": message}}}
