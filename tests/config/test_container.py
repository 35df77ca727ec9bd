"""No container engine is needed to see that the files agree with each other."""

import re
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from config import healthcheck

COMPOSE = yaml.safe_load((settings.BASE_DIR / "compose.yaml").read_text())
DOCKERFILE = (settings.BASE_DIR / "Dockerfile").read_text()
HOUSE = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "tramyte"}


def test_the_services_of_a_province():
    assert {"web", "worker", "beat", "postgres", "redis"} <= set(COMPOSE["services"])


def test_every_variable_handed_to_the_house_is_one_that_it_reads():
    code = "".join(file.read_text() for file in (settings.BASE_DIR / "config").glob("*.py"))
    for name in COMPOSE["x-house"]["environment"]:
        assert f'"{name}"' in code, name


def test_every_command_exists():
    for service in HOUSE.values():
        words = " ".join(service.get("command", []))
        assert set(re.findall(r"manage\.py (\w+)", words)) <= set(get_commands())


def test_every_copied_folder_exists_and_nobody_runs_as_root():
    for source in re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE):
        assert (settings.BASE_DIR / source).exists(), source
    assert "USER tramyte" in DOCKERFILE.rpartition("FROM ")[2]
    assert "HEALTHCHECK" in DOCKERFILE


def test_the_image_has_pg_dump_of_the_servers_major():
    server = re.match(r"postgres:(\d+)", COMPOSE["services"]["postgres"]["image"])
    client = re.search(r"^ARG POSTGRES_MAJOR=(\d+)$", DOCKERFILE.rpartition("FROM ")[2], re.MULTILINE)
    assert server and client and server[1] == client[1], "backups would stop: change both together"
    assert "postgresql-client-${POSTGRES_MAJOR}" in DOCKERFILE
    assert "POSTGRES_MAJOR" not in str(COMPOSE["x-house"].get("build")), "no build argument says otherwise"


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_healthcheck_tells_by_its_exit_code(monkeypatch, status, code):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/khoe" else 404)
            self.end_headers()

        def log_message(self, *args):
            """Be quiet."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("TRAMYTE_BIND", f"0.0.0.0:{server.server_port}")
        assert healthcheck.main() == code
        server.shutdown()
    assert healthcheck.main() == 1  # nobody listens any more
