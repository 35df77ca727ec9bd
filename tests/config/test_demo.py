"""The demo from an empty folder to an answering page, stopped, and started again. Commune of 300 people."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.conf import settings

from config import demo, embedded

PEOPLE = 300


@pytest.fixture(scope="module")
def var(tmp_path_factory):
    var = tmp_path_factory.mktemp("demo")
    yield var
    embedded.remove(var)


def environment(var: Path) -> dict[str, str]:
    ours = ("TRAMYTE_", "DJANGO_", "DATABASE_URL")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**clean, "TRAMYTE_DEMO": "1", "TRAMYTE_VAR": str(var), "PORT": str(free_port())}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "demo", *arguments]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment(var), capture_output=True, text=True, check=False
    )


def read_first_page(address: str) -> None:
    client = HTTPConnection(address, timeout=20)
    client.request("GET", "/")
    answer = client.getresponse()
    answer.read()
    assert answer.status == 302
    client.request("GET", answer.getheader("Location"))
    page = client.getresponse()
    assert (page.status, "DEMO" in page.read().decode()) == (200, True)
    client.close()


def hear_ctrl_c() -> None:
    """In the child: a shell that starts the tests in the background makes them ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def serve_and_stop(var: Path) -> str:
    """Start, wait for the address, read the first page, press Ctrl-C; returns what was printed."""
    command = [sys.executable, "manage.py", "demo", "--people", str(PEOPLE)]
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=environment(var),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    stuck = threading.Timer(500, process.kill)
    stuck.start()
    printed = []
    try:
        for line in process.stdout:
            printed.append(line)
            if found := re.search(r"http://(127\.0\.0\.1:\d+)/", line):
                read_first_page(found[1])
            if "Ctrl-C" in line:
                process.send_signal(signal.SIGINT)
    finally:
        stuck.cancel()
        process.terminate()
    assert process.wait() == 0, "".join(printed)
    assert not embedded.status(var).running
    return "".join(printed)


def count(var: Path, table: str) -> int:
    import psycopg

    embedded.ensure(var, "tramyte")
    with psycopg.connect(embedded.conninfo(var, "tramyte")) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_it_works_on_an_empty_folder_and_loses_nothing_the_second_time(var):
    first = serve_and_stop(var)
    assert "Tạo xã giả định 300 người" in first
    assert "dieuduong" in first
    people, visits = count(var, "patients_person"), count(var, "encounters_visit")
    assert people >= PEOPLE and visits > 0
    embedded.stop(var)
    second = serve_and_stop(var)
    assert "Tạo xã" not in second and "Nạp danh mục" not in second
    assert (count(var, "patients_person"), count(var, "encounters_visit")) == (people, visits)


def test_a_second_demo_of_the_folder_is_told_so(var):
    with demo.alone(var):
        result = run(var)
    assert result.returncode == 1
    assert "đang chạy ở một cửa sổ khác" in result.stderr


def test_reset_leaves_nothing(var):
    embedded.ensure(var)
    assert run(var, "--reset").returncode == 0
    assert [entry.name for entry in var.iterdir()] == ["demo.lock"]
    assert not embedded.status(var).running


def test_without_the_demo_mark_nothing_is_made(tmp_path):
    result = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "TRAMYTE_DEMO": "", "TRAMYTE_VAR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "make demo" in result.stderr
    assert not (tmp_path / "var" / "pg").exists()


def test_a_taken_port_is_passed_by():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert demo._free_pair(port) > port


def test_an_interrupted_first_start_begins_anew(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(embedded, "ensure", lambda var: calls.append("ensure"))
    monkeypatch.setattr(embedded, "remove", lambda var: calls.append("remove"))
    monkeypatch.setattr(demo.upgrade, "tables_wait", lambda: False)
    monkeypatch.setattr(demo, "call_command", lambda name, **options: calls.append(name))
    (tmp_path / "pg").mkdir()
    (tmp_path / "loaded").write_text("catalogues of the first try")
    demo.prepare(tmp_path, PEOPLE, lambda line: None)
    assert calls == ["remove", "ensure", "load_catalogues", "make_population", "collectstatic"]
    calls.clear()
    demo.prepare(tmp_path, PEOPLE, lambda line: None)
    assert [name for name in calls if name != "collectstatic"] == ["ensure", "make_morning"]
