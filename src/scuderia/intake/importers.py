"""The kinds of file that rooms bring: registered by their playbooks, found by their name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.intake.fields import ImportKind


class NoSuchKind(BadInput):
    """No room brings a kind of file of that name."""

    code = "INTAKE-008"
    remedy = "`scuderia import --help` lists the kinds."


@dataclass(frozen=True, slots=True)
class Setting:
    """What a kind is told beside the file: a flag of the command, always text; "" where unsaid.

    is_place   it must be said, and is typed before the file and without a flag
    """

    name: str
    job: str
    is_place: bool = False


class Importer(Protocol):
    """What a room registers: the kind's name, its one-line job, its settings, and how to begin."""

    @property
    def name(self) -> str:
        """Return what a person writes after `import`."""
        ...

    @property
    def job(self) -> str:
        """Return one sentence for the list of kinds."""
        ...

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Return the kind's own flags."""
        ...

    def begin(
        self, said: Mapping[str, str], *, actor: Actor, now: AwareDatetime
    ) -> ImportKind[Any]:
        """Return the kind for one import; it is used once.

        said     setting -> text, every setting of the kind
        raises   NotAuthorised, BadInput: the actor may not, or a setting makes no sense
        """
        ...


_importers: dict[str, Importer] = {}


def register_importer(importer: Importer) -> None:
    """Register a kind of file; a later one of the same name takes its place."""
    _importers[importer.name] = importer


def importers() -> tuple[Importer, ...]:
    """Return every registered kind, by name."""
    return tuple(_importers[name] for name in sorted(_importers))


def importer_named(name: str) -> Importer:
    """Return the kind of that name.

    raises   NoSuchKind
    """
    found = _importers.get(name)
    if found is None:
        known = ", ".join(sorted(_importers)) or "none"
        raise NoSuchKind(f"there is no kind of file {name[:40]!r}; there is {known}")
    return found
