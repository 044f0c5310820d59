"""The product's settings over a throw-away home, so that no test reads or writes a real one."""

import os
import tempfile

os.environ["SCUDERIA_HOME"] = tempfile.mkdtemp(prefix="scuderia-test-home-")
os.environ.pop("SCUDERIA_DATABASE_URL", None)

from scuderia.config.settings import *  # noqa: F403

SECRET_KEY = "tests-only-not-a-secret-of-anything-at-all-0123456789"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
