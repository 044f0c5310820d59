"""Single sign-on's settings: read whole or refused, and nothing is imported without them."""

import os
import subprocess
import sys

import pytest

from scuderia.config.single_sign_on import ExtraMissing, single_sign_on
from scuderia.config.transport import SettingUnread
from scuderia.loop.nouns import Role

SET = {
    "SCUDERIA_OIDC_ISSUER": "https://id.example.com/", "SCUDERIA_OIDC_CLIENT_ID": "scuderia",
    "SCUDERIA_OIDC_CLIENT_SECRET": "a-secret",
}  # fmt: skip


def test_without_an_issuer_people_come_in_by_password_alone():
    assert single_sign_on({}) is None
    assert single_sign_on({"SCUDERIA_OIDC_ISSUER": " ", "SCUDERIA_PASSWORD_SIGN_IN": "1"}) is None


def test_the_rest_has_defaults_that_let_nobody_in_whom_nobody_added():
    read = single_sign_on(SET)
    assert read is not None
    assert (read.newcomers, read.passwords, read.provider.name) == (None, True, "single sign-on")
    assert read.provider._client.issuer == "https://id.example.com"
    assert read.provider._client.claim == "email"


def test_each_setting_is_read(tmp_path):
    (tmp_path / "secret").write_text("from-a-file\n")
    read = single_sign_on({
        **SET, "SCUDERIA_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        "SCUDERIA_OIDC_NAME": "Corp", "SCUDERIA_OIDC_CLAIM": "preferred_username",
        "SCUDERIA_OIDC_NEWCOMERS": "viewer", "SCUDERIA_PASSWORD_SIGN_IN": "0",
    })  # fmt: skip
    assert read is not None
    assert (read.newcomers, read.passwords, read.provider.name) == (Role.VIEWER, False, "Corp")
    assert read.provider._client.secret == "from-a-file"
    assert read.provider._client.claim == "preferred_username"


@pytest.mark.parametrize("change", [
    {"SCUDERIA_OIDC_ISSUER": "http://id.example.com"}, {"SCUDERIA_OIDC_ISSUER": "id.example.com"},
    {"SCUDERIA_OIDC_ISSUER": "http://localhost.evil.example"}, {"SCUDERIA_OIDC_CLIENT_ID": " "},
    {"SCUDERIA_OIDC_CLIENT_SECRET": ""}, {"SCUDERIA_OIDC_CLIENT_SECRET_FILE": "/nowhere"},
    {"SCUDERIA_OIDC_CLIENT_SECRET_FILE": "/dev/null"}, {"SCUDERIA_OIDC_CLAIM": "sub"},
    {"SCUDERIA_OIDC_NEWCOMERS": "admin"}, {"SCUDERIA_OIDC_NEWCOMERS": "lead"},
    {"SCUDERIA_PASSWORD_SIGN_IN": "no"},
    {"SCUDERIA_OIDC_ISSUER": "", "SCUDERIA_PASSWORD_SIGN_IN": "0"},
])  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_name(change):
    with pytest.raises(SettingUnread, match=next(reversed(change))):
        single_sign_on({**SET, **change})


def test_a_missing_extra_is_told_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "authlib.common.errors", None)
    monkeypatch.delitem(sys.modules, "scuderia.connectors.oidc.provider", raising=False)
    with pytest.raises(ExtraMissing, match="authlib") as told:
        single_sign_on(SET)
    assert "scuderia[sso]" in told.value.remedy


@pytest.mark.parametrize("is_set", [False, True])
def test_only_a_set_issuer_imports_what_speaks_to_it(is_set, tmp_path):
    asked = (
        "import sys, django; django.setup(); "
        "print(sorted({'authlib', 'requests', 'joserfc'} & set(sys.modules)))"
    )
    environment = {key: value for key, value in os.environ.items() if "SCUDERIA_" not in key}
    environment |= {
        "SCUDERIA_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "scuderia.config.settings",
        **(SET if is_set else {}),
    }  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True
    )
    expected = ["authlib", "joserfc", "requests"] if is_set else []
    assert said.stdout.strip() == str(expected)
