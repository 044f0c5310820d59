"""A profile: how one source writes its files; saved as JSON, and amended by flags."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from scuderia.basics.errors import BadInput
from scuderia.intake.instants import TimeRules

DURATION_UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400, "clock": 0}
"""Seconds a unit; `clock` reads [days-]hours:minutes:seconds."""
PROFILE_BYTES_MAX = 1 << 20
_SIGNS_BY_NAME = {"tab": "\t", "comma": ",", "semicolon": ";", "bar": "|", "space": " "}
_ENTRIES_MAX = 1_000


class ProfileUnreadable(BadInput):
    """The profile, or a flag that amends it, cannot be read."""

    code = "INTAKE-006"
    remedy = "docs/importing.md lists what a profile may say."


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """How names of nodes are made alike before they are compared; nothing is done unasked."""

    lower_case: bool = False
    cut_domain: bool = False  # gpu-01.cluster.example -> gpu-01
    cut_port: bool = False  # gpu-01:9100 -> gpu-01
    cut_path: bool = False  # cluster-a/gpu-01 -> gpu-01
    hostlists: bool = False  # node[001-128] -> 128 records


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a source writes; empty means as the file itself shows, and never a guess about meaning.

    columns      field -> column
    durations    field -> the column that holds the time from the field before it
    empty_words  field -> words that mean nothing, such as Unknown
    open_from    an instant (ISO); an optional instant at or after it means nothing
    words        field -> the source's word -> ours, such as planned: {"SCHEDULED": "true"}
    header       the columns of a file without a header line
    records      the path of the list in a JSON document
    days_from    day 0 of a StepFun trace (ISO)
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    durations: Mapping[str, str] = field(default_factory=dict)
    duration_unit: str = ""
    empty_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    open_from: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    times: TimeRules = field(default_factory=TimeRules)
    names: NameRules = field(default_factory=NameRules)
    encoding: str = ""
    delimiter: str = ""
    header: tuple[str, ...] = ()
    member: str = ""
    sheet: str = ""
    records: str = ""
    days_from: str = ""

    def as_json(self) -> dict[str, object]:
        """Return what differs from an empty profile."""
        return _without_defaults(asdict(self), asdict(Profile()))


def _without_defaults(said: Mapping[str, object], plain: Mapping[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in said.items():
        default = plain[name]
        if isinstance(value, dict) and isinstance(default, dict) and default:
            value = _without_defaults(value, default)  # noqa: PLW2901 - narrowed in place
            if not value:
                continue
        if value != default:
            kept[name] = value
    return kept


def save_profile(profile: Profile, path: Path) -> None:
    """Write the profile as JSON, whole or not at all.

    raises   ProfileUnreadable: the folder cannot be written to
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(profile.as_json(), indent=2) + "\n", encoding="utf-8")
        os.replace(part, path)  # noqa: PTH105 - os.replace is the atomic one by name
    except OSError as error:
        raise ProfileUnreadable(f"{path.name}: it cannot be written: {error.strerror}") from None


def load_profile(path: Path) -> Profile:
    """Read a profile.

    raises   ProfileUnreadable naming the entry
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(PROFILE_BYTES_MAX + 1)
        if len(text) > PROFILE_BYTES_MAX:
            raise ProfileUnreadable(f"{path.name}: it is too long for a profile")
        said = json.loads(text)
    except OSError as error:
        raise ProfileUnreadable(f"{path.name}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ProfileUnreadable(f"{path.name}: it is not JSON: {str(error)[:120]}") from None
    return profile_of(said, path.name)


def profile_of(said: object, name: str) -> Profile:
    """Return the profile that decoded JSON says.

    raises   ProfileUnreadable naming the entry
    """
    entries = _entries(said, name, Profile)
    parts: dict[str, object] = dict(entries)
    if "times" in entries:
        parts["times"] = TimeRules(
            **_texts(_entries(entries["times"], f"{name}: times", TimeRules))
        )
    if "names" in entries:
        parts["names"] = NameRules(
            **_flags(_entries(entries["names"], f"{name}: names", NameRules))
        )
    for key in ("columns", "durations"):
        if key in entries:
            parts[key] = _texts(_mapping(entries[key], f"{name}: {key}"))
    if "empty_words" in entries:
        words = _mapping(entries["empty_words"], f"{name}: empty_words")
        parts["empty_words"] = {key: _list(value, f"{name}: {key}") for key, value in words.items()}
    if "words" in entries:
        outer = _mapping(entries["words"], f"{name}: words")
        parts["words"] = {key: _texts(_mapping(value, key)) for key, value in outer.items()}
    if "header" in entries:
        parts["header"] = _list(entries["header"], f"{name}: header")
    structured = {"times", "names", "columns", "durations", "empty_words", "words", "header"}
    _texts({key: value for key, value in entries.items() if key not in structured})
    return checked(replace(Profile(), **parts))  # type: ignore[arg-type]  # each part is checked


def checked(profile: Profile) -> Profile:
    """Return the profile if its parts go together.

    raises   ProfileUnreadable
    """
    sign = _SIGNS_BY_NAME.get(profile.delimiter, profile.delimiter)
    if len(sign) > 1 or sign in {'"', "\n", "\r"}:
        said = f"{profile.delimiter[:40]!r} is no delimiter"
        raise ProfileUnreadable(
            said, remedy="Write one sign, or tab, comma, semicolon, bar, space."
        )
    profile = replace(profile, delimiter=sign)
    if profile.durations and profile.duration_unit not in DURATION_UNITS:
        said = "durations have no unit" if not profile.duration_unit else "there is no such unit"
        raise ProfileUnreadable(said, remedy=f"Say --duration-unit {'|'.join(DURATION_UNITS)}.")
    both = sorted(set(profile.durations) & set(profile.columns))
    if both:
        remedy = "Map it to its column, or to a duration, and not to both."
        raise ProfileUnreadable(f"{both[0]!r} is mapped twice", remedy=remedy)
    return profile


def pairs_of(flag: str, pairs: Iterable[str]) -> dict[str, str]:
    """Return {"node": "hostname"} of ["node=hostname"], as flags say it.

    raises   ProfileUnreadable: no `=`, an empty side, or a name twice
    """
    found: dict[str, str] = {}
    for pair in pairs:
        left, sign, right = pair.partition("=")
        if not sign or not left.strip() or not right.strip() or left.strip() in found:
            said = f"{flag} {pair[:80]!r} cannot be read"
            raise ProfileUnreadable(said, remedy=f"Write {flag} NAME=VALUE, each name once.")
        found[left.strip()] = right.strip()
    return found


def _entries(
    said: object, name: str, of: type[Profile | TimeRules | NameRules]
) -> dict[str, object]:
    entries = _mapping(said, name)
    known = [entry.name for entry in fields(of)]
    for key in entries:
        if key not in known:
            remedy = f"It may say {', '.join(known)}."
            raise ProfileUnreadable(
                f"{name}: it says {key[:80]!r}, which is unknown", remedy=remedy
            )
    return entries


def _mapping(said: object, name: str) -> dict[str, object]:
    if not isinstance(said, dict) or len(said) > _ENTRIES_MAX:
        raise ProfileUnreadable(f"{name}: it is no object of at most {_ENTRIES_MAX} entries")
    return said


def _texts(said: Mapping[str, object]) -> dict[str, str]:
    for key, value in said.items():
        if not isinstance(value, str):
            raise ProfileUnreadable(f"{key}: {str(value)[:80]!r} is no text")
    return {key: str(value) for key, value in said.items()}


def _flags(said: Mapping[str, object]) -> dict[str, bool]:
    for key, value in said.items():
        if not isinstance(value, bool):
            raise ProfileUnreadable(f"{key}: {str(value)[:80]!r} is neither true nor false")
    return {key: bool(value) for key, value in said.items()}


def _list(said: object, name: str) -> tuple[str, ...]:
    if not isinstance(said, list) or not all(isinstance(item, str) for item in said):
        raise ProfileUnreadable(f"{name}: it is no list of texts")
    return tuple(said)
