"""How an import is shown: what each column became, the first rows, what is odd, what was done."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from scuderia.intake.fields import Change, CommitReport
from scuderia.intake.pipeline import ImportReport
from scuderia.intake.records import Bad
from scuderia.loop.commands.output import print_table, say

_CHANGES_SHOWN = 10
_BAD_SHOWN = 5
NOTHING = "(no column)"


def as_json(report: ImportReport) -> dict[str, object]:
    """Return the report as one object for scripts."""
    found = asdict(report)
    found["bad"] = [bad._asdict() for bad in report.bad]
    columns = [use.field for use in report.preview.columns]
    found["preview"]["rows"] = [
        {"record": number, **dict(zip(columns, cells, strict=True))}
        for number, cells in report.preview.rows
    ]
    return found


def show_preview(report: ImportReport, kind: str) -> None:
    """Print what a dry run understood; the oddities stand last, where they are seen."""
    preview = report.preview
    say(f"{report.file}: {report.shape}; {report.records} records, {report.bad_records} bad.")
    print_table(
        ("field", "column", "first cell", "understood as"),
        [(u.field, u.column or NOTHING, u.found, u.understood) for u in preview.columns],
        empty="",
    )
    if preview.unknown:
        say(f"Columns that nobody reads: {', '.join(preview.unknown)}.")
    say("")
    headings = ("record", *(use.field for use in preview.columns))
    rows = [(str(number), *cells) for number, cells in preview.rows]
    print_table(headings, rows, empty="No record could be read.")
    _show_bad(report.bad, report.bad_records)
    if report.forecast is not None:
        say("It would be:")
        _show_commit(report.file, kind, report.forecast)
    _show_odd(preview.odd)
    said = f"Would be refused: {report.refusal}" if report.refusal else "Nothing was booked."
    say(f"This was a dry run. {said}")


def show_import(report: ImportReport, kind: str) -> None:
    """Print what an import did."""
    if report.commit is not None:
        _show_commit(report.file, kind, report.commit)
    _show_bad(report.bad, report.bad_records)
    if report.quarantine_file:
        said = "bad records, with reasons and raw text"
        say(f"{report.bad_records} {said}: {report.quarantine_file}")
    _show_odd(report.preview.odd)


def _show_commit(file: str, kind: str, done: CommitReport) -> None:
    say(f"{file}: {done.added} new {kind}, {done.amended} amended, {done.unchanged} known.")
    _show_changes(done.changes, done.amended, "is now")
    if done.kept:
        say(f"{done.kept} say otherwise than a person did, and stay as the person put them:")
        _show_changes(done.left_alone, done.kept, "stays, the file says")
    if done.retracted:
        say(f"{done.retracted} were taken off the books by a person, and are not booked again.")
    _show_odd(done.odd)


def _show_odd(sentences: Iterable[str]) -> None:
    for odd in sentences:
        say(f"Odd: {odd}")


def _show_changes(changes: Sequence[Change], whole: int, words: str) -> None:
    for change in changes[:_CHANGES_SHOWN]:
        before, after = change.before or "nothing", change.after or "nothing"
        say(f"  record {change.number}: {change.field} {before} {words} {after}")
    if whole > _CHANGES_SHOWN:
        say("  and more; --json tells the first thousand")


def _show_bad(bad: Iterable[Bad], whole: int) -> None:
    shown = list(bad)[:_BAD_SHOWN]
    for entry in shown:
        say(f"  record {entry.number}, field {entry.field}: {entry.reason}. {entry.remedy}")
    if whole > len(shown):
        say(f"  and {whole - len(shown)} more bad records")
