from pathlib import Path

import pytest

from tests.mutants.accepted import ACCEPTED
from tests.mutants.changes import ROOT, changes_of
from tests.mutants.reach import PACKAGES, files_of, joined, judges_of


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a = b < c", ["a = b <= c"]),
        ("a = b <= c < d", ["a = b < c < d", "a = b <= c <= d"]),
        ("a = b is not c", ["a = b is c"]),
        ("a = b not in c", ["a = b in c"]),
        ("a = b and c and d", ["a = b or c and d", "a = b and c or d"]),
        ("a = not b", ["a = b"]),
        ("a = not (b)", ["a = (b)"]),
        ("a = (b) + c", ["a = (b) - c"]),
        ("a = 3_600", ["a = 3601"]),
        ("a = 0.5", ["a = 1.5"]),
        ("a = b if c else d", ["a = b if True else d"]),
        ("a = 'é' < c", ["a = 'é' <= c"]),
        ("a = f'{b < 1}'", []),
        ("a = True", []),
    ],
)
def test_each_operator_and_number_is_changed_once(line, expected, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.mutants.changes.ROOT", tmp_path)
    file = tmp_path / "rule.py"
    file.write_text(f"\n{line}\n", encoding="utf-8")
    changes = changes_of(file)
    assert [change.after for change in changes] == expected
    assert {change.line for change in changes} <= {2}
    assert {change.text for change in changes} == {f"\n{one}\n" for one in expected}


def test_every_accepted_change_can_still_be_drawn():
    possible = {
        (change.path, change.before, change.after)
        for path in {one.path for one in ACCEPTED}
        for change in changes_of(ROOT / path)
    }
    assert [one for one in ACCEPTED if (one.path, one.before, one.after) not in possible] == []


@pytest.mark.long
@pytest.mark.parametrize("package", PACKAGES)
def test_every_rule_has_tests_that_judge_it(package):
    files = [file.relative_to(ROOT).as_posix() for file in files_of(package)]
    assert files
    assert all(
        change.before != change.after for file in files_of(package) for change in changes_of(file)
    )
    for file in files:
        assert all(Path(ROOT, test).is_file() for test in judges_of(file)), file


def test_files_measured_alone_come_last_and_once_in_what_was_kept():
    kept = {"a.py": ["t1", "t2"], "all": ["t1", "t2"]}
    more = {"a.py": ["t1"], "b.py": ["t1", "t3"], "all": ["t1", "t3"]}
    assert joined(kept, more) == {
        "a.py": ["t2", "t1"], "b.py": ["t1", "t3"], "all": ["t2", "t1", "t3"],
    }  # fmt: skip
