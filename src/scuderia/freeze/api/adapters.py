"""The gate for systems that ask by a webhook.

Those that sign are let in by the signature over the raw body alone, the others by an API token.
"""

from django.http import HttpRequest, JsonResponse
from ninja import Router
from ninja.security import APIKeyHeader

from scuderia.basics.actors import Actor
from scuderia.freeze.api.gate import DescribedIn, PlannedIn, ask_for
from scuderia.freeze.nouns import AdapterName
from scuderia.freeze.operations.adapter_deliveries import (
    DeliveryAnswer,
    answer_azure,
    answer_github,
    answer_terraform,
)
from scuderia.freeze.operations.adapters import signed_by
from scuderia.freeze.operations.admissions import answer_admission
from scuderia.loop.api.common import SubjectText, answers, asked_by
from scuderia.loop.ports import registry

router = Router(tags=["gate"])
OBJECT = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
HEADER_MAX = 200


class CheckIn(DescribedIn):
    """An update that begins now unless it says otherwise."""

    start: SubjectText = ""


class SignatureAuth(APIKeyHeader):
    """Lets in the system whose secret signed the raw body."""

    adapter: AdapterName

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """Return as whom the system asks; nobody where the signature is missing or wrong."""
        if not key or len(key) > HEADER_MAX or not key.isascii():
            return None
        return signed_by(self.adapter, request.body, key, registry.wall.now())


class GithubSignature(SignatureAuth):
    """Lets in GitHub."""

    param_name = "X-Hub-Signature-256"
    adapter = AdapterName.GITHUB


class TerraformSignature(SignatureAuth):
    """Lets in HCP Terraform."""

    param_name = "X-TFC-Task-Signature"
    adapter = AdapterName.TERRAFORM


@router.post(
    "/github",
    auth=GithubSignature(),
    response=answers(DeliveryAnswer),
    openapi_extra={"requestBody": OBJECT},
)
def github(request: HttpRequest) -> DeliveryAnswer:
    """Review a deployment that waits for the gate: GitHub's deployment_protection_rule."""
    return answer_github(
        **asked_by(request),
        key=request.headers.get("X-GitHub-Delivery", ""),
        event=request.headers.get("X-GitHub-Event", ""),
        body=request.body,
        wall=registry.wall.now(),
    )


@router.post("/azure-devops", response=answers(DeliveryAnswer))
def azure_devops(request: HttpRequest, said: CheckIn | PlannedIn) -> DeliveryAnswer:
    """Answer a check of Azure Pipelines ("Invoke REST API", callback) that waits for the gate."""
    asked = asked_by(request)
    if isinstance(said, CheckIn) and not said.start:
        said.start = asked["now"].isoformat()
    return answer_azure(
        actor=asked["actor"],
        headers=request.headers,
        ask=lambda: ask_for(asked, said),
        wall=registry.wall.now(),
    )


@router.post(
    "/terraform",
    auth=TerraformSignature(),
    response=answers(DeliveryAnswer),
    openapi_extra={"requestBody": OBJECT},
)
def terraform(request: HttpRequest) -> DeliveryAnswer:
    """Answer a run that waits for the gate: HCP Terraform's run task."""
    return answer_terraform(**asked_by(request), body=request.body, wall=registry.wall.now())


@router.post(
    "/kubernetes",
    response=answers(None),
    openapi_extra={
        "requestBody": OBJECT,
        "responses": {
            200: {
                "description": "the AdmissionReview with its response",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    },
)
def kubernetes(request: HttpRequest) -> JsonResponse:
    """Say whether an object may be let in: Kubernetes' ValidatingAdmissionWebhook."""
    review = answer_admission(**asked_by(request), body=request.body)
    return JsonResponse(review, headers={"Cache-Control": "private, no-store"})
