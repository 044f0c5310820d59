"""What an action kind must declare before anyone may propose it."""

from scuderia.basics.errors import Refused
from scuderia.loop.nouns import ActionKind, Reversibility


class IncompleteDeclaration(Refused):
    """The action kind leaves something undeclared, so it is not registered."""

    code = "LOOP-001"
    remedy = "Fill in what is named, then register the kind again."


def refuse_incomplete(kind: ActionKind) -> None:
    """Raise IncompleteDeclaration, naming everything the declaration leaves out."""
    missing = [reason for holds, reason in _demands(kind) if not holds]
    if missing:
        raise IncompleteDeclaration(
            f"{kind.name or 'a nameless kind'}: {'; '.join(missing)}", kind=kind.name
        )


def _demands(kind: ActionKind) -> list[tuple[bool, str]]:
    final = kind.reversibility is Reversibility.IRREVERSIBLE
    return [
        ("." in kind.name, "the name must be room.verb"),
        (bool(kind.title), "no title"),
        (final or bool(kind.undo), "no undo, though it is not declared irreversible"),
        (kind.blast.targets_max > 0, "no absolute blast bound"),
        (0 < kind.blast.share_max <= 1, "no blast bound as a share"),
        (bool(kind.blast.denominator), "the blast bound does not say what the share is of"),
        (bool(kind.preconditions), "no preconditions"),
        (bool(kind.probe), "no verification probe"),
        (kind.version > 0, "no version"),
        (all(spec.doc for spec in kind.params), "a parameter without words"),
    ]
