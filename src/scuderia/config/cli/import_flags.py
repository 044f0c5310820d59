"""The flags that say how a file is written, and how they amend a saved profile."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from scuderia.intake.profiles import (
    DURATION_UNITS,
    Profile,
    ProfileUnreadable,
    checked,
    load_profile,
    pairs_of,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TEXTS = {
    "time-zone": "The zone of instants without an offset, e.g. America/Denver.",
    "bare-date-zone": "The zone of dates without a time of day.",
    "time-format": "strptime's signs, or epoch-s, epoch-ms, epoch-us, epoch-ns, excel.",
    "duration-unit": f"The unit of durations: {', '.join(DURATION_UNITS)}.",
    "open-from": "An end from this instant on means that it lasts.",
    "encoding": "The file's encoding, where it is not UTF-8 or UTF-16.",
    "delimiter": "One sign, or tab, comma, semicolon, bar, space.",
    "header": "The columns of a file without a header line: node,start,end.",
    "member": "Which file of a zip.",
    "sheet": "Which sheet of a workbook.",
    "records": "Where the list is in a JSON document: data.result; . is the object itself.",
    "days-from": "Day 0 of a StepFun trace.",
}
_LISTS = {
    "map": "FIELD=COLUMN, e.g. node=hostname; repeatable.",
    "duration": "FIELD=COLUMN that holds the time from the start, e.g. end=elapsed.",
    "word": "FIELD:WORD=OURS, e.g. planned:SCHEDULED=true; repeatable.",
    "empty": "FIELD=WORD that means nothing, e.g. end=Unknown; repeatable.",
}
_SWITCHES = {
    "hostlists": "node[001-128] is 128 nodes.",
    "lower-case": "Names of nodes in small letters.",
    "cut-domain": "gpu01.dc1.example.com is gpu01.",
    "cut-port": "gpu01:9100 is gpu01.",
    "cut-path": "dc1/gpu01 is gpu01.",
}


def flags() -> dict[str, tuple[Any, Any]]:
    """Return the profile's flags: parameter -> (Typer's annotation, default)."""
    found: dict[str, tuple[Any, Any]] = {}
    for kind, default, jobs in (
        (list[str], None, _LISTS), (str, "", _TEXTS), (bool, False, _SWITCHES),
    ):  # fmt: skip
        for name, job in jobs.items():
            option = typer.Option(f"--{name}", help=job)
            annotation = Annotated[kind, option]  # type: ignore[valid-type]  # made at run time
            found[parameter(name)] = (annotation, [] if default is None else default)
    return found


def parameter(flag: str) -> str:
    """Return the Python name of a flag."""
    return flag.replace("-", "_")


def profile_path(name: str, folder: Path) -> Path:
    """Return where a profile lies: a path as it is, a bare name in the home's folder.

    raises   ProfileUnreadable: neither
    """
    path = Path(name)
    if path.suffix == ".json" or path.exists() or len(path.parts) > 1:
        return path
    if not _NAME.fullmatch(name):
        raise ProfileUnreadable(f"--profile {name[:60]!r} is neither a file nor a name")
    return folder / f"{name}.json"


def profile_of(path: Path | None, given: Mapping[str, Any], *, may_be_new: bool) -> Profile:
    """Return the saved profile, amended by the flags; flags win.

    raises   ProfileUnreadable: it cannot be read, or a flag cannot
    """
    if path is None or (may_be_new and not path.exists()):
        return amended(Profile(), given)
    return amended(load_profile(path), given)


def amended(profile: Profile, given: Mapping[str, Any]) -> Profile:
    """Return the profile with what the flags say.

    raises   ProfileUnreadable
    """
    columns = pairs_of("--map", given["map"])
    durations = pairs_of("--duration", given["duration"])
    texts = {name: given[parameter(name)] for name in _TEXTS if given[parameter(name)]}
    times = {parameter(n): texts.pop(n) for n in ("time-zone", "bare-date-zone", "time-format")
             if n in texts}  # fmt: skip
    header = tuple(part.strip() for part in texts.pop("header", "").split(",") if part.strip())
    names = {parameter(name): True for name in _SWITCHES if given[parameter(name)]}
    return checked(
        replace(
            profile,
            columns=_without(profile.columns, durations) | columns,
            durations=_without(profile.durations, columns) | durations,
            words=_words(profile.words, given["word"]),
            empty_words=_empty(profile.empty_words, given["empty"]),
            times=replace(profile.times, **times),
            names=replace(profile.names, **names),
            header=header or profile.header,
            **{parameter(name): text for name, text in texts.items()},
        )
    )


def _without(pairs: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: value for name, value in pairs.items() if name not in names}


def _words(
    known: Mapping[str, Mapping[str, str]], said: Iterable[str]
) -> dict[str, dict[str, str]]:
    words = {field: dict(pairs) for field, pairs in known.items()}
    for text in said:
        field, sign, rest = text.partition(":")
        word, equals, ours = rest.rpartition("=")
        if not (field and sign and word and equals and ours):
            raise ProfileUnreadable(
                f"--word {text[:80]!r} cannot be read",
                remedy="Write --word FIELD:WORD=OURS, e.g. --word planned:SCHEDULED=true.",
            )
        words.setdefault(field, {})[word] = ours
    return words


def _empty(known: Mapping[str, tuple[str, ...]], said: Iterable[str]) -> dict[str, tuple[str, ...]]:
    words = dict(known)
    for text in said:
        field, sign, word = text.partition("=")
        if not (field and sign and word):
            raise ProfileUnreadable(
                f"--empty {text[:80]!r} cannot be read",
                remedy="Write --empty FIELD=WORD, e.g. --empty end=Unknown.",
            )
        words[field] = tuple(dict.fromkeys((*words.get(field, ()), word)))
    return words
