"""An Argo CD AppProject's sync windows, from its text, and what they decide."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.argocd import (
    SyncAnswer,
    SyncAsked,
    SyncKind,
    SyncWindow,
    decide_sync,
    parse_go_duration,
)
from scuderia.freeze.engine.cron_schedules import parse_schedule
from scuderia.freeze.engine.globs import parse_glob
from scuderia.freeze.engine.manifests import read_documents
from scuderia.freeze.engine.wall_times import UnclearInstant, read_instant
from scuderia.freeze.nouns import WallTime
from scuderia.intake.instants import FIRST, LAST, zone_of

WINDOWS_MAX = 1_000
PATTERNS_MAX = 1_000
DESCRIPTION_MAX = 255
FLAWS_TOLD = 50
_ANY_TIME = WallTime(2026, 1, 1)
_PATTERNS = ("applications", "namespaces", "clusters")
_TEXTS = ("kind", "schedule", "duration", "timeZone", "description")
_FLAGS = ("andOperator", "manualSync", "syncOverrun")
_NEEDED = ("kind", "schedule", "duration")
_FIELDS = (*_TEXTS, *_FLAGS, *_PATTERNS)

Parsed = TypeVar("Parsed")


class BadAppProject(BadInput):
    """The file is no AppProject, or its sync windows have flaws; nothing of it was taken over."""

    code = "FREEZE-023"
    remedy = "Correct what is named, window by window, and read the file again."


class BadSyncQuestion(BadInput):
    """The question to Argo CD's windows lacks something, or two parts of it contradict."""

    code = "FREEZE-024"
    remedy = "Say --application, --at and, with --as argo-with-now, an instant for --now."


@dataclass(frozen=True, slots=True)
class WindowFlaw:
    """One thing wrong: the window by its number from 0 on, the field, and words for people."""

    window: int
    field: str
    words: str


@dataclass(frozen=True, slots=True)
class AppProject:
    """What was read: the project's name ("" where it has none), its windows, and cautions."""

    name: str
    windows: tuple[SyncWindow, ...]
    cautions: tuple[WindowFlaw, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncQuestion:
    """A sync as typed; "" is what was left out.

    reading   argo, or argo-with-now: the offsets of the zones are then those of `now`
    """

    application: str
    namespace: str = ""
    clusters: tuple[str, ...] = ()
    at: str
    manual: bool = False
    since: str = ""
    reading: str = "argo"
    now: str = ""


def read_app_project(raw: bytes) -> AppProject:
    """Read an AppProject, YAML or JSON.

    raises   BadAppProject: says every flaw by window and field
    """
    name, entries = _project_of(raw)
    flaws: list[WindowFlaw] = []
    windows = [_window(number, entry, flaws) for number, entry in enumerate(entries)]
    if flaws:
        first = [f"window {one.window}, {one.field}: {one.words}" for one in flaws[:FLAWS_TOLD]]
        rest = len(flaws) - len(first)
        told = "; ".join(first) + (f"; and {rest:,} more" if rest else "")
        named = {f"syncWindows[{flaw.window}].{flaw.field}": flaw.words for flaw in flaws}
        raise BadAppProject(told, **named)
    kept = tuple(window for window in windows if window is not None)
    return AppProject(name, kept, tuple(flaw for window in kept for flaw in _cautions(window)))


def ask_windows(project: AppProject, question: SyncQuestion) -> SyncAnswer:
    """Say what Argo CD decides about the sync.

    raises   BadSyncQuestion, UnclearInstant, UnknownTimeZone
    """
    reading, _, with_it = question.reading.strip().partition(" ")
    now = question.now or with_it.strip()
    if reading not in {"argo", "argo-with-now"} or (reading == "argo-with-now") != bool(now):
        raise BadSyncQuestion(f"--as {question.reading[:40]!r} with --now {question.now[:40]!r}")
    at = _instant(question.at, "--at")
    since = _instant(question.since, "--since") if question.since else None
    if since is not None and since > at:
        raise BadSyncQuestion("--since lies after --at")
    asked = SyncAsked(
        application=question.application,
        namespace=question.namespace,
        clusters=question.clusters,
        at=at,
        offsets_at=_instant(now, "--now") if now else at,
        manual=question.manual,
        running_since=since,
    )
    return decide_sync(project.windows, asked)


def window_json(window: SyncWindow) -> Mapping[str, object]:
    """Return a window in Argo CD's own names, its length in seconds beside them."""
    return {
        "window": window.number,
        "kind": window.kind,
        "schedule": window.cron,
        "duration": window.lasts,
        "duration_s": window.duration.total_seconds(),
        "timeZone": str(window.zone),
        "applications": window.applications,
        "namespaces": window.namespaces,
        "clusters": window.clusters,
        "andOperator": window.and_operator,
        "manualSync": window.manual_sync,
        "syncOverrun": window.sync_overrun,
        "description": window.description,
    }


def _instant(text: str, field: str) -> AwareDatetime:
    at = read_instant(text, field=field)
    if not FIRST <= at < LAST:
        raise UnclearInstant(f"{field} {text[:40]!r} lies out of reach")
    return at


def _project_of(raw: bytes) -> tuple[str, list[object]]:
    found = [_spec_of(document) for document in read_documents(raw)]
    projects = [one for one in found if one is not None]
    if len(projects) != 1:
        raise BadAppProject(f"the file holds {len(projects)} AppProjects, not one")
    name, spec = projects[0]
    entries = spec.get("syncWindows")
    if entries is not None and not isinstance(entries, list):
        raise BadAppProject("spec.syncWindows is no list")
    if len(entries or ()) > WINDOWS_MAX:
        raise BadAppProject(f"{len(entries or ()):,} windows, more than {WINDOWS_MAX:,}")
    return name, entries or []


def _spec_of(document: object) -> tuple[str, Mapping[str, object]] | None:
    """Return a project's name and spec; None: the document is none."""
    if not isinstance(document, Mapping) or document.get("kind", "AppProject") != "AppProject":
        return None
    spec, metadata = document.get("spec"), document.get("metadata")
    if not isinstance(spec, Mapping):
        return None
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return str(name or ""), spec


class _Entry:
    """One window as written, and what is wrong with it; each reader notes a flaw and goes on."""

    def __init__(self, number: int, entry: object, flaws: list[WindowFlaw]) -> None:
        self.number = number
        self.flaws = flaws
        self.fields: Mapping[object, object] = entry if isinstance(entry, Mapping) else {}
        if not isinstance(entry, Mapping):
            self.note("window", "is no mapping")
        for name in self.fields:
            if name not in _FIELDS:
                near = difflib.get_close_matches(str(name), _FIELDS, 1)
                self.note(str(name)[:60], f"is no field{f'; {near[0]} is' if near else ''}")

    def note(self, field: str, words: str) -> None:
        self.flaws.append(WindowFlaw(self.number, field, words))

    def text(self, field: str) -> str:
        value = self.fields.get(field)
        if value is None or value == "":
            if field in _NEEDED and self.fields:
                self.note(field, "is missing")
            return ""
        if not isinstance(value, str):
            self.note(field, f"is {value!r:.40}, no text")
            return ""
        return value

    def flag(self, field: str) -> bool:
        value = self.fields.get(field)
        if value is not None and not isinstance(value, bool):
            self.note(field, f"is {value!r:.40}, neither true nor false")
        return value is True

    def patterns(self, field: str) -> tuple[str, ...]:
        value = self.fields.get(field)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.note(field, "is no list of texts")
            return ()
        if len(value) > PATTERNS_MAX:
            self.note(field, f"holds {len(value):,} patterns, more than {PATTERNS_MAX:,}")
            return ()
        for one in value:
            self.parsed(field, one, parse_glob)
        return tuple(value)

    def parsed(self, field: str, text: str, parse: Callable[[str], Parsed]) -> Parsed | None:
        """Return what the text says; None where it is empty or cannot be read."""
        try:
            return parse(text) if text else None
        except BadInput as error:
            self.note(field, error.message)
            return None


def _window(number: int, entry: object, flaws: list[WindowFlaw]) -> SyncWindow | None:
    """Read one window; None where it lacks what every one has, which is then among the flaws."""
    read = _Entry(number, entry, flaws)
    kind, cron, zone = (read.text(field) for field in ("kind", "schedule", "timeZone"))
    description = read.text("description")
    if len(description) > DESCRIPTION_MAX:
        read.note("description", f"is {len(description)} characters, more than {DESCRIPTION_MAX}")
    if kind and kind not in tuple(SyncKind):
        read.note("kind", f"is {kind[:40]!r}, neither allow nor deny")
    schedule = read.parsed("schedule", cron, parse_schedule)
    lasts = read.text("duration")
    duration = read.parsed("duration", lasts, parse_go_duration)
    where = read.parsed("timeZone", zone or "UTC", zone_of)
    applications, namespaces, clusters = (read.patterns(field) for field in _PATTERNS)
    and_operator, manual_sync, sync_overrun = (read.flag(field) for field in _FLAGS)
    if schedule is None or duration is None or where is None or kind not in tuple(SyncKind):
        return None
    return SyncWindow(
        number=number,
        kind=SyncKind(kind),
        cron=cron,
        schedule=schedule,
        duration=duration,
        lasts=lasts,
        zone=where,
        applications=applications,
        namespaces=namespaces,
        clusters=clusters,
        and_operator=and_operator,
        manual_sync=manual_sync,
        sync_overrun=sync_overrun,
        description=description,
    )


def _cautions(window: SyncWindow) -> list[WindowFlaw]:
    """Say what Argo CD takes without a word, though nobody can mean it."""
    found = []
    if window.schedule.next_after(_ANY_TIME) is None:
        words = "is never due, so Argo CD holds the window to be active always"
        found.append(WindowFlaw(window.number, "schedule", words))
    elif window.duration <= timedelta(0):
        found.append(WindowFlaw(window.number, "duration", "is nothing: it is never active"))
    if not (window.applications or window.namespaces or window.clusters):
        words = "are missing, with namespaces and clusters: the window is about no application"
        found.append(WindowFlaw(window.number, "applications", words))
    return found
