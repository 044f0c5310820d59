"""What a room brings, said in one place: the ROOM of its `apps.py`, which config iterates over.

Everything that would have to be imported to be named is a dotted path, `package.module:attribute`,
opened when it is asked for: listing the rooms costs no table, page or agent.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One line of the navigation.

    url_name   the name of the page's URL, which takes no argument
    key        pressed after `g` to go there; one letter, unique among the rooms
    match      the path prefix that marks it as current; the page's own path if empty
    order      lower comes first; ties stand in the order of the rooms
    power      shown to those alone who hold this power on everything; to everybody if empty
    """

    label: str
    url_name: str
    key: str
    match: str = ""
    order: int = 50
    power: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where subjects of one kind are shown: the name of a URL that takes the subject's name."""

    kind: str
    url_name: str


@dataclass(frozen=True, slots=True)
class Command:
    """One group or command of the command line, imported only when it is asked for.

    name           "GROUP PART" adds a part to a group that another room brings
    target         the `typer.Typer`; "" where `import_kind` is said
    needs_django   whether the tables' classes must be loaded first
    import_kind    it is `scuderia import KIND` of this kind of file, offered here as well
    """

    name: str
    job: str
    target: str = ""
    needs_django: bool = True
    import_kind: str = ""


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A call without arguments that the worker makes again and again.

    every_s   seconds between the end of one call and the next
    call      a function; what it returns, if a whole number above zero, is logged
    thread    tasks of one thread wait for one another; `heartbeat` and `runs` are the loop's own
    """

    name: str
    every_s: float
    call: str
    thread: str = "polling"


@dataclass(frozen=True, slots=True)
class PowerSpec:
    """A power of a person, and the roles that hold it.

    roles     names of roles: viewer, operator, lead, admin
    acting    whether it changes the world; agents and services never hold an acting power
    machines  the kinds of actor beside people, agent or service, that hold it; none if acting
    """

    name: str
    roles: tuple[str, ...]
    acting: bool
    machines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedDemo:
    """A file of what happened to somebody's world, for a demo to live through.

    as_of   where the demo's time begins, as typed; empty: well into the file
    """

    file: Path
    fleet_size: int
    spares: int
    as_of: str


@dataclass(frozen=True, slots=True)
class Demo:
    """An invented world that `scuderia demo` makes, with people to sign in as.

    is_in         of a home folder: whether its demo is there
    make_world    of (folder, speed, healthy, recorded): makes or keeps it; returns a few words.
                  `recorded` is a RecordedDemo, or None
    refuse        of (folder, healthy): raises BadInput where the demo cannot be made so
    is_occupied   without arguments: whether the books hold somebody's real world already
    read_history  without arguments: puts the world's past on the books; returns a few words
    cast          of a home folder: (name, role, scope, full name) of each person
    task_seconds  how often, in a demo, tasks are due that a real home makes more rarely
    """

    is_in: str
    make_world: str
    refuse: str
    is_occupied: str
    read_history: str
    cast: str
    task_seconds: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class DomainClock:
    """Where the domain's time comes from when it is not the machine's.

    read    of (folder, served): the clock, or None where this home has the machine's time
    start   of a folder: called when the first process serves it
    """

    read: str
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a room brings. Every field but the name may be left out.

    package      the Django app; "scuderia.NAME" if empty
    search       of (actor, text, limit): the `web.search.SearchHit`s that the actor may read
    urls         a URLconf module; api: a ninja Router, mounted at /api/v1 + api_prefix
    playbook     of the loop's registry: registers executors, gates, detectors, agents, evidence
    register     of a home folder: fills this room's own ports, e.g. with a connector
    notices      of a request: lines above every page, as `web.page_chrome.Notice`
    coming       of (actor, now): what soon begins or ends, or waits for somebody beside the
                 proposals, as `web.page_chrome.Coming`
    stylesheets  static paths, in the order in which they apply
    urgent       names of URLs whose writes wait for no other: they need no turn at the database
    """

    name: str
    package: str = ""
    nav: tuple[NavEntry, ...] = ()
    places: tuple[Place, ...] = ()
    search: str = ""
    urls: str = ""
    api: str = ""
    api_prefix: str = ""
    commands: tuple[Command, ...] = ()
    playbook: str = ""
    register: str = ""
    tasks: tuple[PeriodicTask, ...] = ()
    powers: tuple[PowerSpec, ...] = ()
    notices: str = ""
    coming: str = ""
    stylesheets: tuple[str, ...] = ()
    urgent: tuple[str, ...] = ()
    clock: DomainClock | None = None
    demo: Demo | None = None

    @property
    def app(self) -> str:
        """Return the Django app's package."""
        return self.package or f"scuderia.{self.name}"


def opened(path: str) -> Any:  # what a dotted path names can be anything
    """Return what `package.module:attribute` names.

    raises   ImportError, AttributeError: nothing is there
    """
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
