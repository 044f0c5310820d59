"""Says what a strange instant most looks like, and the flag that reads it; for remedies alone."""

import re
from datetime import UTC, datetime, timedelta

_EPOCHS = (
    (10, "seconds", "epoch-s"),
    (13, "milliseconds", "epoch-ms"),
    (16, "microseconds", "epoch-us"),
    (19, "nanoseconds", "epoch-ns"),
)
_NUMBER = re.compile(r"(\d{5,19})(\.\d{1,9})?")
_DAY_MONTH = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?P<time>.*)")
_EXCEL_DAYS = range(20_000, 80_000)
_KNOWN = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%a, %d %b %Y %H:%M:%S %z",
    "%d %b %Y %H:%M:%S %z",
    "%d %b %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%b %d, %Y %H:%M %z",
    "%b %d, %Y %H:%M",
    "%b %d, %Y",
    "%d-%b-%Y %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%Y-%j",
    "%Y-%m-%dT%H-%M-%S",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
)
_TIMES = (" %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "")
_TEXT_MAX = 64


def hint_for(text: str) -> tuple[str, str]:
    """Return (what was found, remedy), both "" where nothing comes to mind."""
    shown = repr(text[:_TEXT_MAX])
    if not text.strip():
        return "it is empty", "Write an instant, or leave the row away."
    return (
        _counted(text, shown)
        or _two_ways(text, shown)
        or _no_instant(text, shown)
        or _known(text, shown)
        or ("", "")
    )


def _counted(text: str, shown: str) -> tuple[str, str] | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits = len(match[1])
    if digits == 5 and int(match[1]) in _EXCEL_DAYS:  # noqa: PLR2004 - 1954 to 2119
        day = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=int(match[1]))
        remedy = "If so, say --time-format excel, and --time-zone."
        return f"{shown} looks like an Excel day ({day.date().isoformat()})", remedy
    for length, unit, name in _EPOCHS:
        if digits in (length - 1, length):
            second = int(match[1]) / 10 ** (length - 10)
            at = datetime.fromtimestamp(second, UTC).isoformat(timespec="seconds")
            said = f"{shown} looks like Unix {unit} ({at})"
            return said, f"If so, say --time-format {name}; if not, name the --time-format."
    return None


def _two_ways(text: str, shown: str) -> tuple[str, str] | None:
    match = _DAY_MONTH.fullmatch(text)
    if match is None:
        return None
    sign = match[2]
    orders = (f"%d{sign}%m{sign}%Y", f"%m{sign}%d{sign}%Y")
    fitting = [form for order in orders for time in _TIMES if _fits(text, form := order + time)]
    if not fitting:
        return f"{shown} has its day and month in an order of its own", "Say --time-format."
    wanted = " or ".join(f"--time-format '{form}'" for form in fitting)
    if len(fitting) == 1:
        return f"{shown} is no ISO 8601 instant", f"Say {wanted}, and --time-zone."
    months = " or ".join(datetime.strptime(text, form).strftime("%-d %B") for form in fitting)  # noqa: DTZ007 - named, not read
    return f"{shown} is {months}", f"Say {wanted}, and --time-zone."


def _known(text: str, shown: str) -> tuple[str, str] | None:
    for form in _KNOWN:
        if _fits(text, form):
            zone = "" if "%z" in form else ", and --time-zone"
            return f"{shown} is no ISO 8601 instant", f"Say --time-format '{form}'{zone}."
    return None


def _no_instant(text: str, shown: str) -> tuple[str, str] | None:
    if re.fullmatch(r"\d{4}-?W\d\d.*", text):
        return f"{shown} is a week", "Write the day on which it begins."
    if re.fullmatch(r"\d{4}-\d\d", text):
        return f"{shown} is a month", "Write the day."
    if re.search(r"[ \d](?!UTC|GMT)[A-Z]{2,5}$", text) and re.match(r"\d{4}-\d\d-\d\d", text):
        said = f"{shown} names its zone by letters, which stand for several zones"
        return said, "Write the offset, or a name such as America/Denver."
    if re.fullmatch(r"[A-Za-z/_ -]{1,20}|0", text):
        return (
            f"{shown} is no instant",
            f"If it means that nothing is known yet, say --empty FIELD={text}.",
        )
    return None


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
