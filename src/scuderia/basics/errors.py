"""The two families of expected failure: policy said no (Refused), the world failed (Unable)."""

from typing import ClassVar


class ScuderiaError(Exception):
    """An expected failure that a person will read.

    code     stable, documented, e.g. "LOOP-003"
    remedy   one sentence: what to do next
    """

    code: ClassVar[str] = "BASE-000"
    remedy: str = "Read the message, change the request, and try again."

    def __init__(self, message: str, *, remedy: str | None = None, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts
        if remedy is not None:
            self.remedy = remedy

    def as_json(self) -> dict[str, object]:
        """Return what an API or `--json` shows: code, message, remedy and facts as text."""
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "facts": {name: str(value) for name, value in self.facts.items()},
        }


class Refused(ScuderiaError):  # noqa: N818 - the architecture's word, read by people
    """Policy said no. Expected; shown to the person; never retried."""

    code = "BASE-001"


class Unable(ScuderiaError):  # noqa: N818 - the architecture's word, read by people
    """The world failed. Retried within bounds, then shown."""

    code = "BASE-002"


class NotAuthorised(Refused):
    """The actor lacks the power on that scope."""

    code = "BASE-003"
    remedy = "Ask a lead or an admin of this scope for the role that may do this."


class NotFound(Refused):
    """Nothing by that name is visible to this actor (which is also what a stranger is told)."""

    code = "BASE-004"
    remedy = "Check the name; list what is visible to you with the matching `list` command."


class BadInput(Refused):
    """A value cannot be read as what it must be."""

    code = "BASE-005"
