"""Settings are read once a process, so each case is a process of its own with an environment of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

PRODUCTION = {
    "TRAMYTE_ENV": "production",
    "TRAMYTE_SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnop",
    "TRAMYTE_HOSTS": "tram.example.vn",
}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    unwanted = {"DJANGO_ALLOW_ASYNC_UNSAFE", *(name for name in os.environ if name.startswith("TRAMYTE_"))}
    clean = {name: value for name, value in os.environ.items() if name not in unwanted}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_settings_pass_every_deployment_check():
    result = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"TRAMYTE_SECRET_KEY": ""}, "Set TRAMYTE_SECRET_KEY"),
        ({"TRAMYTE_SECRET_KEY": "short"}, "at least 50 characters"),
        ({"TRAMYTE_HOSTS": ""}, "Set TRAMYTE_HOSTS"),
        ({"TRAMYTE_DEMO": "1"}, "cannot be on in production"),
        ({"TRAMYTE_DEBUG": "1"}, "cannot be on in production"),
        ({"TRAMYTE_ENV": "prod"}, "'development' or 'production'"),
        ({"DATABASE_URL": "mysql://u@h/n"}, "DATABASE_URL must read"),
    ],
)
def test_production_refuses_what_a_real_station_must_not_have(change, sentence):
    result = run("-c", "import config.settings", **(PRODUCTION | change))
    assert result.returncode != 0
    assert sentence in result.stderr


def test_without_any_variable_it_is_safe(tmp_path):
    code = "import config.settings as s; print(s.DEBUG, s.DEMO, s.ALLOWED_HOSTS, len(s.SECRET_KEY) > 50)"
    first = run("-c", code, TRAMYTE_VAR=str(tmp_path / "var"))
    assert first.stdout.strip() == "False False ['localhost', '127.0.0.1', '[::1]'] True"
    secret = tmp_path / "var" / "secret_key"
    assert secret.stat().st_mode & 0o777 == 0o600
    kept = secret.read_text()
    run("-c", code, TRAMYTE_VAR=str(tmp_path / "var"))
    assert secret.read_text() == kept


@pytest.mark.django_db
def test_the_policy_of_content_allows_nothing_inline(client):
    policy = client.get("/khoe")["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "style-src 'self'" in policy
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy


@pytest.mark.django_db
def test_health_is_answered_without_https_in_production():
    assert any("khoe" in pattern for pattern in settings.SECURE_REDIRECT_EXEMPT)
