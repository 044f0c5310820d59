"""Reads one cell as its field's type, by the rules of a profile."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from scuderia.intake.fields import FieldSpec, FieldType, Value
from scuderia.intake.instants import FIRST, LAST, TimeRules, instant_reader
from scuderia.intake.profiles import DURATION_UNITS, NameRules, Profile
from scuderia.intake.readers.encodings import NOT_TEXT
from scuderia.intake.records import Flaw

YES = frozenset({"true", "yes", "y", "1"})
NO = frozenset({"false", "no", "n", "0"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_NUMBER_MAX = Decimal(10) ** 15
_CELLS_KNOWN = 4_096
_CELL_KNOWN_CHARACTERS = 200
_CLOCK = re.compile(r"(?:(\d{1,6})-)?(?:(\d{1,6}):)?(\d{1,6}):(\d\d(?:\.\d{1,6})?)")

Read = Callable[[str], Value]


def cell_reader(spec: FieldSpec, profile: Profile) -> Callable[[str | None], Value]:
    """Return the function that reads one cell of the field; it raises Flaw.

    raises   BadInput: the profile's time rules cannot be
    """
    read = _reader_of(spec, profile)
    nothing = frozenset(profile.empty_words.get(spec.name, ()))
    words = profile.words.get(spec.name, {})
    known: dict[str | None, Value] = {}  # names, causes and flags come again and again
    room = 0 if spec.type is FieldType.INSTANT else _CELLS_KNOWN

    def read_cell(cell: str | None) -> Value:
        if cell in known:
            return known[cell]
        value = read_anew(cell)
        if len(known) < room and len(cell or "") < _CELL_KNOWN_CHARACTERS:
            known[cell] = value
        return value

    def read_anew(cell: str | None) -> Value:
        text = "" if cell is None else cell.strip()
        if not text or text in nothing:
            if not spec.may_be_empty:
                raise Flaw(spec.name, "it is empty", "Fill it, or leave the row away.")
            return None
        if (not text.isascii() or "\0" in text) and NOT_TEXT.search(text):
            raise Flaw(spec.name, "it holds what is no text", "Write the characters whole.")
        try:
            return read(words.get(text, text))
        except Flaw as flaw:
            raise Flaw(spec.name, flaw.reason, _remedy(spec, flaw.remedy)) from None

    return read_anew if room == 0 else read_cell


def _remedy(spec: FieldSpec, remedy: str) -> str:
    return remedy.replace("--empty FIELD=", f"--empty {spec.name}=")


def _reader_of(spec: FieldSpec, profile: Profile) -> Read:
    if spec.type is FieldType.INSTANT:
        return _instants(spec, profile)
    if spec.type is FieldType.NAME:
        return lambda text: read_name(text, profile.names)
    if spec.type is FieldType.FLAG:
        return lambda text: _flag(text, spec.name)
    if spec.type is FieldType.WHOLE:
        return _whole
    return _number if spec.type is FieldType.NUMBER else lambda text: _text(text, spec)


def _instants(spec: FieldSpec, profile: Profile) -> Read:
    read = instant_reader(profile.times)
    if not profile.open_from or not spec.may_be_empty:
        return read
    latest = instant_reader(TimeRules(bare_date_zone="UTC"))(profile.open_from)

    def read_or_open(text: str) -> Value:
        if _is_after_all_years(text):
            return None
        at = read(text)
        return None if at >= latest else at

    return read_or_open


def _is_after_all_years(text: str) -> bool:
    """Say whether the text begins with a year past those that are read, such as 9999-12-31."""
    return text[:4].isdigit() and text[4:5] == "-" and int(text[:4]) >= LAST.year


def read_name(text: str, rules: NameRules) -> str:
    """Return a node's name after the profile's rules.

    raises   Flaw with an empty field
    """
    name = text
    if rules.cut_path:
        name = name.rpartition("/")[2]
    if rules.cut_port:
        name = re.sub(r":\d{1,5}\Z", "", name)
    if rules.cut_domain:
        name = name.partition(".")[0]
    if rules.lower_case:
        name = name.lower()
    if not _NAME.fullmatch(name):
        raise Flaw("", f"{text[:80]!r} is no node name", _name_remedy(name))
    return name


def _name_remedy(name: str) -> str:
    if "[" in name or "," in name:
        return "If it names several nodes, say --hostlists."
    if re.search(r":\d{1,5}\Z", name):
        return "If a port follows the name, say --cut-port."
    if "/" in name:
        return "If the name stands after the last /, say --cut-path."
    return "Begin with a letter or digit; use letters, digits and . _ @ -, at most 128 of them."


def _flag(text: str, name: str) -> bool:
    word = text.lower()
    if word in YES or word in NO:
        return word in YES
    remedy = f"Write true or false, or say --word {name}:{text[:40]}=true (or false)."
    raise Flaw("", f"{text[:40]!r} is neither true nor false", remedy)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise Flaw("", f"{text[:40]!r} is no whole number", "Write digits alone, at most 18.")
    return int(text)


def _number(text: str) -> float:
    number = _decimal(text)
    if abs(number) > _NUMBER_MAX:
        raise Flaw("", f"{text[:40]!r} is too large", "Write a number below 10^15.")
    return float(number)


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text[:40])
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(text) > 40:  # noqa: PLR2004 - no number is longer
        said = f"{text[:40]!r} is no number"
        raise Flaw("", said, "Write digits with a point, and no thousands sign.")
    return number


def _text(text: str, spec: FieldSpec) -> str:
    if len(text) > spec.characters_max:
        said = f"it has {len(text)} characters; {spec.characters_max} are kept"
        raise Flaw("", said, "Shorten it.")
    return text


def after(start: datetime, text: str, unit: str) -> datetime:
    """Return the instant that a duration after `start` reaches.

    raises   Flaw with an empty field
    """
    seconds = _clock(text) if unit == "clock" else _decimal(text) * DURATION_UNITS[unit]
    try:
        end = start + timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        end = LAST
    if seconds < 0 or not FIRST <= end < LAST:
        raise Flaw("", f"{text[:40]!r} {unit} is no duration", "Write one from 0; check the unit.")
    return end


def _clock(text: str) -> Decimal:
    match = _CLOCK.fullmatch(text)
    if match is None:
        said = f"{text[:40]!r} is no duration of [days-]hours:minutes:seconds"
        raise Flaw("", said, "Write it so, or say another --duration-unit.")
    days, hours, minutes = (int(part or 0) for part in match.groups()[:3])
    return Decimal(days * 86_400 + hours * 3_600 + minutes * 60) + Decimal(match[4])
