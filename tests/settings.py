"""The product's settings over a throw-away home, so that no test reads or writes a real one."""

import os
import tempfile
from pathlib import Path

_home = Path(tempfile.mkdtemp(prefix="scuderia-test-home-"))
for _made in ("secret-key", "runs.sqlite3"):  # what tells that a home has been set up
    (_home / _made).write_text("tests-only" if _made == "secret-key" else "")
os.environ["SCUDERIA_HOME"] = str(_home)
os.environ.pop("SCUDERIA_DATABASE_URL", None)

from scuderia.config.settings import *  # noqa: E402, F403

SECRET_KEY = "tests-only-not-a-secret-of-anything-at-all-0123456789"
DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405 - each worker's own, by no file's name
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
