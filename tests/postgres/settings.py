"""The product's settings on the PostgreSQL of SCUDERIA_DATABASE_URL, over a throw-away home."""

import os
import tempfile
from pathlib import Path

_home = Path(tempfile.mkdtemp(prefix="scuderia-test-home-"))
(_home / "secret-key").write_text("tests-only")  # what tells that a home has been set up
os.environ["SCUDERIA_HOME"] = str(_home)

from scuderia.config.settings import *  # noqa: E402, F403

SECRET_KEY = "tests-only-not-a-secret-of-anything-at-all-0123456789"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
