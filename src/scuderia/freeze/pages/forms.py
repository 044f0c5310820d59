"""Fields of a form that was refused: what was typed stays, the error stands beside its field."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.http import HttpRequest

from scuderia.basics.errors import ScuderiaError
from scuderia.web.components import Field
from scuderia.web.request_context import form_value

LIST_MAX = 20_000
WHY_MAX = 2_000


def filled(
    request: HttpRequest, fields: Iterable[Field], *, meant: Mapping[str, str]
) -> tuple[Field, ...]:
    """Return the fields with what was typed, and with what was refused of it.

    meant   the field that a refusal is about, by its code, where it names none that is here
    """
    known = tuple(fields)
    names = {one.name for one in known}
    error: ScuderiaError | None = getattr(request, "refused_by", None)
    wrong = ""
    if error is not None:
        named = str(error.facts.get("field", ""))
        named = {"until": "end"}.get(named, named)
        wrong = named if named in names else meant.get(error.code, "")
    is_typed = request.method == "POST"
    return tuple(
        replace(
            one,
            value=form_value(request, one.name) if is_typed else one.value,
            error=error.message if error is not None and one.name == wrong else "",
        )
        for one in known
    )
