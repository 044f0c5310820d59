"""What the intake's tests share: a kind, a moment, and one call that imports a text."""

import pytest

from scuderia.basics.actors import IMPORTER
from scuderia.basics.clock import parse_instant
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, OnError, run_import
from scuderia.intake.profiles import Profile
from tests.intake.repairs_kind import StayKind

NOW = parse_instant("2026-11-25T00:00:00Z", field="now")


@pytest.fixture
def kind():
    return StayKind()


@pytest.fixture
def bring(tmp_path, kind):
    """Write bytes or text as a file and import it with the kind."""

    def _bring(content, profile=None, *, name="stays.csv", kind=kind, quarantine=False, **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        on_error = OnError.QUARANTINE if quarantine else OnError.ABORT
        return run_import(
            kind,
            Source.of_path(path),
            profile or Profile(),
            ImportOptions(on_error=on_error, **options),
            actor=IMPORTER,
            now=NOW,
        )

    return _bring
