"""How the loop's forms are read and carried out, and what their fields are."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import ParamSpec
from scuderia.web.base_views import act
from scuderia.web.components import Field
from scuderia.web.request_context import form_value, request_context


class BadForm(BadInput):
    """A form's value cannot be read as what it must be."""

    code = "LOOP-080"
    remedy = "Correct the value that is named, and send the form again."


def carry_out(
    request: HttpRequest,
    operation: Callable[..., object],
    words: str,
    *,
    then: str,
    again: Callable[[], HttpResponse],
    **named: object,
) -> HttpResponse:
    """Carry out an operation for who asks, now, with the form's reason, on what is `named`.

    words   said at `then` once it is done; the page is shown `again` when it is refused
    """
    asked = request_context(request)

    def doing() -> str:
        operation(actor=asked.actor, reason=form_value(request, "reason"), now=asked.now, **named)
        return words

    return act(request, doing, then=then, again=again)


def read_param(spec: ParamSpec, text: str) -> str | int | float | None:
    """Read one parameter as its kind; None where nothing was given.

    raises   BadForm: a number that is none
    """
    if not text:
        return None
    try:
        match spec.kind:
            case "int":
                return int(text)
            case "float":
                return float(text)
    except ValueError:
        raise BadForm(f"{spec.name} is not a number: {text[:40]!r}") from None
    return text[:200]


def read_targets(text: str) -> tuple[SubjectRef, ...]:
    """Read subjects parted by spaces or commas."""
    return tuple(SubjectRef.parse(word) for word in text.replace(",", " ").split()[:200])


def field_for(spec: ParamSpec, value: object) -> Field:
    """Return the form field of one declared parameter."""
    number = spec.kind in ("int", "float")
    return Field(
        name=f"param_{spec.name}",
        label=spec.name.replace("_", " ").capitalize(),
        kind="select" if spec.choices else "number" if number else "text",
        value="" if value is None else str(value),
        help=spec.doc,
        required=spec.required,
        choices=tuple((choice, choice) for choice in spec.choices),
        minimum="" if spec.minimum is None else f"{spec.minimum:g}",
        maximum="" if spec.maximum is None else f"{spec.maximum:g}",
        step={"int": "1", "float": "any"}.get(spec.kind, ""),
        longest=200,
    )
