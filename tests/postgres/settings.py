"""The product's settings on the PostgreSQL of SCUDERIA_DATABASE_URL, over a throw-away home."""

import os
import tempfile

os.environ["SCUDERIA_HOME"] = tempfile.mkdtemp(prefix="scuderia-test-home-")

from scuderia.config.settings import *  # noqa: F403

SECRET_KEY = "tests-only-not-a-secret-of-anything-at-all-0123456789"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
