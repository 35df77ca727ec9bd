"""The training installation: apart from the real one, marked, and silent to the outside."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.sync.receivers import http
from config.management.commands import training


def test_nothing_of_the_real_installation_reaches_it():
    real = {
        "PATH": "/bin",
        "DATABASE_URL": "postgresql://real",
        "TRAMYTE_ENV": "production",
        "TRAMYTE_BROKER_URL": "redis://real",
        "TRAMYTE_RECEIVER_TINH": "mã thật",
        "TRAMYTE_VAR": "/srv/real",
    }
    own = training.environment(real, Path("/srv/real"))
    assert own == {
        "PATH": "/bin",
        "TRAMYTE_DEMO": "1",
        "TRAMYTE_TRAINING": "1",
        "TRAMYTE_VAR": "/srv/real/training",
        "TRAMYTE_HOSTS": "localhost 127.0.0.1",
    }


def test_it_starts_a_process_of_its_own(monkeypatch):
    started = []
    monkeypatch.setattr(training.os, "execve", lambda *call: started.append(call))
    call_command("training", "--reset", "--port", "8190")
    [(_, words, environment)] = started
    assert words[-2:] == ["demo", "--reset"]
    assert (environment["PORT"], environment["TRAMYTE_TRAINING"]) == ("8190", "1")


def test_it_is_not_started_from_the_demo(settings):
    settings.DEMO = True
    with pytest.raises(CommandError):
        call_command("training")


def test_nothing_is_sent(settings):
    http.check_address("https://kho.example.vn/fhir")
    settings.TRAINING = True
    with pytest.raises(http.Forbidden, match="tập huấn"):
        http.check_address("https://kho.example.vn/fhir")
