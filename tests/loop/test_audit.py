"""The audit: an edit, removal, insertion, move or cut is found, by two verifiers."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scuderia.loop.engine.audit_chain import Head
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.operations import audit
from tests.loop.factories import NOW, drop_guards, person

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_audit.py"
pytestmark = pytest.mark.django_db


@pytest.fixture
def chain():
    for number in range(6):
        audit.record(
            person("omar"), "valve.seen", subject=f"valve:v{number}", at=NOW,
            reason='ünïcode "quoted"', detail={"number": number, "share": 0.1},
        )  # fmt: skip
    drop_guards()
    return audit.verify().head


def test_an_untouched_chain_holds(chain):
    assert audit.verify().holds
    assert audit.verify(chain).entries == 6
    assert audit.verify(Head(3, AuditEntry.objects.get(seq=3).hash)).holds


@pytest.mark.parametrize(
    "column", ["actor", "verb", "subject", "reason", "detail", "reach", "via", "hash", "previous"]
)
def test_an_edit_of_any_column_is_found_at_its_entry(chain, column):
    AuditEntry.objects.filter(seq=3).update(**{column: "forged"})
    assert not (verdict := audit.verify()).holds
    assert verdict.broken_at == 3


def test_a_removed_entry_is_found(chain):
    AuditEntry.objects.filter(seq=3).delete()
    assert audit.verify().broken_at == 3


def test_two_swapped_entries_are_found(chain):
    AuditEntry.objects.filter(seq=3).update(seq=99)
    AuditEntry.objects.filter(seq=4).update(seq=3)
    AuditEntry.objects.filter(seq=99).update(seq=4)
    assert audit.verify().broken_at == 3


def test_an_inserted_entry_is_found(chain):
    last = AuditEntry.objects.get(seq=6)
    AuditEntry.objects.create(
        seq=7, at=NOW, actor="person:x", verb="v", subject="s", previous=last.hash, hash="f" * 64
    )
    assert audit.verify().broken_at == 7


def test_a_cut_tail_is_found_by_the_kept_head_and_by_an_exported_one(chain):
    AuditEntry.objects.filter(seq__gt=4).delete()
    assert not audit.verify().holds
    AuditHead.objects.update(seq=4, hash=AuditEntry.objects.get(seq=4).hash)
    assert audit.verify().holds  # a bare chain cannot know
    assert not audit.verify(chain).holds


def run_verifier(tmp_path, text, *extra):
    path = tmp_path / "audit.jsonl"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(path), *extra],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode


def test_the_standalone_verifier_agrees(chain, tmp_path):
    stream = io.StringIO()
    head = audit.export(stream)
    text = stream.getvalue()
    lines = text.splitlines(keepends=True)
    spelled = f"{head.seq}:{head.hash}"
    assert run_verifier(tmp_path, text, "--head", spelled) == 0
    assert run_verifier(tmp_path, text.replace("valve:v2", "valve:v9")) == 1
    assert run_verifier(tmp_path, "".join(lines[:2] + lines[3:])) == 1
    assert run_verifier(tmp_path, "".join(lines[:-1])) == 1
    third = json.loads(lines[2])
    cut = [*lines[:3], json.dumps({"head": {"seq": 3, "hash": third["hash"]}})]
    assert run_verifier(tmp_path, "".join(cut)) == 0
    assert run_verifier(tmp_path, "".join(cut), "--head", spelled) == 1
    assert run_verifier(tmp_path, "not json") == 2
    assert audit.read_head(lines[-1]) == audit.read_head(spelled) == head


def test_the_standalone_verifier_is_short_and_imports_nothing_of_ours():
    text = VERIFIER.read_text(encoding="utf-8")
    assert "import scuderia" not in text
    assert "from scuderia" not in text
    assert len(text.splitlines()) <= 110
