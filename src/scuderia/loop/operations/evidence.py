"""Running evidence again, for somebody: every subject that it names must be theirs to read."""

from collections.abc import Mapping

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.errors import BadInput, NotFound, ScuderiaError
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may_somewhere


class BadEvidence(BadInput):
    """The query cannot answer for these parameters."""

    code = "WEB-009"
    remedy = "Give the parameters as the finding's evidence states them."


def run_evidence(actor: Actor, query: str, params: JsonObject) -> JsonObject:
    """Return what a registered query says now.

    raises   NotFound: no such query, or a subject that the actor may not know of; BadEvidence
    """
    found = registry.evidence.get(query)
    if found is None or not may_somewhere(actor, Power.READ):
        raise NotFound("no such query is visible to you")
    for subject in _subjects(params) or [EVERYTHING]:
        access.require(actor, Power.READ, subject)
    try:
        return found.run(params)
    except ScuderiaError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadEvidence(f"{query[:64]} cannot answer for these parameters") from None


def _subjects(params: Mapping[str, object]) -> list[SubjectRef]:
    """Return every subject that the parameters name, as `crate: a1` or as `of: crate:a1`."""
    named = []
    for name, value in params.items():
        text = str(value)
        if name in registry.lineages:
            named.append(SubjectRef.parse(f"{name}:{text.removeprefix(f'{name}:')}"))
        elif text.partition(":")[0] in registry.lineages:
            named.append(SubjectRef.parse(text))
    return named
