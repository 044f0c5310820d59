"""What the loop has to say above every page: brakes that are on, audit heads that nobody keeps."""

from django.http import HttpRequest
from django.urls import reverse

from scuderia.basics.actors import actor_of
from scuderia.loop.pages.brakes import brake_notices
from scuderia.loop.ports import registry
from scuderia.loop.queries.audit_heads import list_head_stores
from scuderia.web.page_chrome import Notice


def loop_notices(request: HttpRequest) -> tuple[Notice, ...]:
    """Return the loop's lines."""
    return (*brake_notices(request), *_head_notices(request))


def _head_notices(request: HttpRequest) -> tuple[Notice, ...]:
    """Return a line for every place outside that takes no head, to those who may verify."""
    if not registry.head_stores:
        return ()
    stores = list_head_stores(actor_of(request.user), wall=registry.wall.now())
    there = reverse("audit")
    return tuple(
        Notice(one.words, "bad", there, "See the audit") for one in stores if not one.is_well
    )
