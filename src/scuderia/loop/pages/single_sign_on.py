"""Signing in by a provider's word: there, with what was begun kept by the browser, and back."""

import hmac
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.errors import NotAuthorised, Refused, Unable
from scuderia.loop.nouns import BegunSignIn
from scuderia.loop.operations import sign_ins, single_sign_on
from scuderia.loop.operations.people import user_named
from scuderia.loop.operations.sign_ins import HeldBack
from scuderia.loop.pages.sign_ins import CAME_BY, held_back, onward_of, sign_in_form
from scuderia.loop.ports import SingleSignOn, registry
from scuderia.web.base_views import SEE_OTHER, refusal_of, status_of
from scuderia.web.request_context import client_address

COOKIE = "scuderia_sign_in"
BACK_WITHIN_S = 600
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_TEXTS_MAX, _TEXT_CHARACTERS_MAX = 20, 4000


class NotBegunHere(NotAuthorised):
    """The answer is to no sign-in that this browser began within ten minutes."""

    code = "SSO-001"
    remedy = "Begin again at the sign-in page."


@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider."""
    sso, onward = _sso(), onward_of(request)
    try:
        begun = sso.provider.begin(callback=request.build_absolute_uri(reverse("sso-back")))
    except (Refused, Unable) as error:
        return _refused(request, error, "", onward)
    answer = HttpResponseRedirect(begun.url)
    answer.set_cookie(
        COOKIE,
        signing.dumps({**asdict(begun), "url": "", "onward": onward}, salt=COOKIE),
        max_age=BACK_WITHIN_S,
        path=reverse("sso"),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return answer


@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Let whoever comes back from the provider in, or say why not."""
    sso, name, onward, address = _sso(), "", reverse("now"), client_address(request)
    try:
        attempt = sign_ins.begin_callback(address=address, wall=registry.wall.now())
    except HeldBack as error:
        return held_back(request, onward, error)
    try:
        kept, onward = _kept(request)
        identity = sso.provider.finish(answer=_answer(request), kept=kept)
        name = identity.name
        actor = single_sign_on.come_in(
            identity=identity,
            newcomers=sso.newcomers,
            address=address,
            now=registry.clock.now(),
        )
    except (Refused, Unable) as error:
        if isinstance(error, Unable):  # the provider failed, not they
            sign_ins.take_back(attempt)
        return _refused(request, error, name, onward)
    sign_ins.take_back(attempt)
    login(request, user_named(actor.name), backend=_BACKEND)
    request.session[CAME_BY] = single_sign_on.BY
    return _forgetting(HttpResponseRedirect(onward, status=SEE_OTHER))


def _sso() -> SingleSignOn:
    if registry.single_sign_on is None:
        raise Http404
    return registry.single_sign_on


def _kept(request: HttpRequest) -> tuple[BegunSignIn, str]:
    """Return what this browser began and where it wants to go.

    raises   NotBegunHere: nothing, too long ago, or something else than what is answered
    """
    try:
        kept: dict[str, Any] = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=BACK_WITHIN_S
        )
    except signing.BadSignature:
        raise NotBegunHere("this browser began no sign-in, or too long ago") from None
    state = request.GET.get("state", "")
    if not hmac.compare_digest(state.encode(), str(kept["state"]).encode()):
        raise NotBegunHere("the answer is to another sign-in than this browser began")
    onward = str(kept.pop("onward"))
    return BegunSignIn(**kept), onward


def _answer(request: HttpRequest) -> Mapping[str, str]:
    texts = list(request.GET.items())[:_TEXTS_MAX]
    return {name: str(text)[:_TEXT_CHARACTERS_MAX] for name, text in texts}


def _refused(request: HttpRequest, error: Refused | Unable, name: str, onward: str) -> HttpResponse:
    sign_ins.refuse_otherwise(
        name=name,
        address=client_address(request),
        by=single_sign_on.BY,
        reason=f"{error.code}: {error.message}",
        now=registry.clock.now(),
    )
    status = status_of(error) or 403
    return _forgetting(sign_in_form(request, onward, refusal_of(error), status))


def _forgetting(answer: HttpResponse) -> HttpResponse:
    answer.delete_cookie(COOKIE, path=reverse("sso"), samesite="Lax")
    return answer
