"""What every test shares: the real data's folder, or a clear word that it is absent."""

import atexit
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

settings.register_profile(
    "scuderia", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("scuderia")
atexit.register(shutil.rmtree, os.environ.get("SCUDERIA_HOME", ""), ignore_errors=True)


@pytest.fixture(scope="session")
def stepfun_trace() -> Path:
    """The StepFun fault trace, or a skip that says what is missing."""
    path = DATA / "stepfun-faults" / "fault_trace.json"
    if not path.exists():
        pytest.skip("no ../shared/data/stepfun-faults beside the project: real figures not checked")
    return path
