"""What people script against is documented: error codes, settings, commands, decisions."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "scuderia"
CODE = re.compile(r"""\bcode(?:: ClassVar\[str\])? = ["']([A-Z]+-\d{3})["']""")
MADE_BY_SETUP = {"charts/vega.js", "django_htmx/htmx.min.js"}
SETTING = re.compile(r"""["'](SCUDERIA_[A-Z_]+)["']""")


def source_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py")))


def docs_text() -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))
    )


def test_every_error_code_is_used_by_one_class():
    doubled = [code for code, uses in Counter(CODE.findall(source_text())).items() if uses > 1]
    assert doubled == []


def test_every_error_code_has_a_line_in_the_reference():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert sorted(code for code in set(CODE.findall(source_text())) if code not in page) == []


def test_every_setting_from_the_environment_is_documented():
    page = docs_text()
    assert sorted(name for name in set(SETTING.findall(source_text())) if name not in page) == []


def test_decisions_are_numbered_without_a_gap_and_listed():
    folder = ROOT / "docs" / "decisions"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in records if name not in index] == []


def test_every_decision_says_what_would_change_our_mind():
    silent = [
        path.name
        for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")
        if "what would change our mind" not in path.read_text(encoding="utf-8").lower()
    ]
    assert silent == []


def test_the_exact_versions_name_no_address():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", pin) for pin in pins)


def test_every_static_file_that_a_template_names_exists():
    absent = [
        f"{path.relative_to(SOURCE)} names {name}"
        for path in sorted(SOURCE.rglob("*.html"))
        for name in re.findall(r"""{% static ["']([^"']+)["']""", path.read_text(encoding="utf-8"))
        if name not in MADE_BY_SETUP and not list(SOURCE.glob(f"*/static/{name}"))
    ]
    assert absent == []
