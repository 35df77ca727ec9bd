"""`make audit` fails for what is known and says when nobody was asked; what bandit leaves out has reasons."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from scripts import known_weaknesses

ROOT: Path = settings.BASE_DIR
FINE = {"name": "django", "version": "5.2.19", "vulns": []}
WEAK = {"name": "pillow", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}


def told(packages: Any, *, code: int = 0, stderr: str = "") -> int:
    """The verdict on what a pip-audit says that answers like this."""
    out = packages if isinstance(packages, str) else json.dumps({"dependencies": packages, "fixes": []})
    fake = f"import sys; sys.stdout.write({out!r}); sys.stderr.write({stderr!r}); sys.exit({code})"
    return known_weaknesses.main(["requirements/base.txt"], (sys.executable, "-c", fake))


def test_it_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([FINE]) == 0
    assert "no known weakness" in capsys.readouterr().out


def test_a_known_weakness_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([FINE, WEAK], code=1) == 1
    said = capsys.readouterr().out
    assert "pillow 1: PYSEC-1" in said and "mended in: 2" in said


def test_it_fails_even_where_others_were_not_asked_about() -> None:
    assert told([WEAK, SKIPPED], code=1) == 1
    assert told([FINE, SKIPPED]) == 1, "one package alone is unknown: somebody must look"


@pytest.mark.parametrize(
    "stderr",
    [
        "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='pypi.org'): Max retries exceeded",
        "requests.exceptions.ProxyError: Unable to connect to proxy",
        "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed",
    ],
)
def test_without_a_network_it_says_so_and_goes_on(stderr: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told("", code=1, stderr=stderr) == 0
    assert "NOT CHECKED" in capsys.readouterr().out


def test_a_mirror_that_knows_nothing_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([SKIPPED, SKIPPED]) == 0
    assert "NOT CHECKED" in capsys.readouterr().out


@pytest.mark.parametrize(
    "stderr", ["ERROR:pip_audit._cli:hash mismatch", "", "requests.exceptions.SSLError: certificate"]
)
def test_any_other_failure_fails(stderr: str) -> None:
    assert told("", code=1, stderr=stderr) == 1
    assert told("nonsense", code=0, stderr=stderr) == 1
    assert told([], code=0) == 1


# --- our own code


def test_bandit_bites(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import subprocess\nsubprocess.run('ls ' + input(), shell=True)\neval(input())\n")
    command = [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", str(bad)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "B602" in done.stdout and "B307" in done.stdout


def test_every_rule_left_out_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    section = text.split("[tool.bandit]")[1].split("\n[")[0]
    for rule in tomllib.loads(text)["tool"]["bandit"]["skips"]:
        assert rule in section.split("skips")[0], f"{rule} is left out without a reason"
    bare = [
        str(file.relative_to(ROOT))
        for folder in ("apps", "config", "scripts")
        for file in (ROOT / folder).rglob("*.py")
        for line in file.read_text().splitlines()
        if "# nosec" in line and not re.search(r"#.*[a-z]{4,}[^#]*# nosec( B[0-9]{3})+$", line)
    ]
    assert not bare, f"say why: {bare}"
