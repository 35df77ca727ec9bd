"""PostgreSQL is killed while saving: what was said to be saved is there, and nothing is there by half."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config import embedded

SAVED = 25  # people that must have been saved before the server is killed


@pytest.mark.slow
def test_it_works(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    surroundings = {**os.environ, "TRAMYTE_VAR": str(var), "TRAMYTE_DB_NAME": "tramyte"}
    surroundings.pop("DATABASE_URL", None)
    embedded.ensure(var, "tramyte")
    try:
        migrate = [sys.executable, "manage.py", "migrate", "-v", "0"]
        subprocess.run(migrate, env=surroundings, cwd=embedded.BASE_DIR, check=True, timeout=600)
        said = _save_until_killed(var, surroundings)
        embedded.ensure(var, "tramyte")
        with closing(psycopg.connect(embedded.conninfo(var, "tramyte"))) as opened:
            people = _ids(opened, "SELECT id FROM patients_person")
            audited = _ids(opened, "SELECT person_id FROM core_auditentry WHERE action = 'person.created'")
        assert len(said) >= SAVED
        assert said <= people, "somebody was said to be saved and is not there"
        assert people == audited, "a save came back by half"
        assert len(people - said) <= 1, "only the answer of the last save may have been lost"
    finally:
        embedded.stop(var)


def _save_until_killed(var: Path, surroundings: dict[str, str]) -> set[str]:
    saver = subprocess.Popen(
        [sys.executable, "-m", "tests.backup.saving"],
        env=surroundings,
        cwd=embedded.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    said: set[str] = set()
    try:
        assert saver.stdout is not None
        for line in saver.stdout:
            said.add(line.strip())
            if len(said) == SAVED:
                pid = embedded.status(var).pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)  # its children end with it, in the middle of what they do
    finally:
        saver.kill()
        saver.wait()
    return said


def _ids(opened: "psycopg.Connection[Any]", query: str) -> set[str]:
    return {str(row[0]) for row in opened.execute(query)}
