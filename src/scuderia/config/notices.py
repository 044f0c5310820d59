"""What config itself has to say above every page: which part of the serving is down."""

from django.http import HttpRequest

from scuderia.config.home import current_home
from scuderia.config.processes.parts_down import read_down
from scuderia.web.page_chrome import Notice


def parts_down(request: HttpRequest) -> tuple[Notice, ...]:  # noqa: ARG001 - a notice may ask
    """Return a line for every part that keeps crashing and was left down."""
    return tuple(
        Notice(f"The {name} keeps crashing and is down until it is tried again: {name}.log", "bad")
        for name in read_down(current_home())
    )
