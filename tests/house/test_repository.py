"""What must never stand in a tracked file: secrets, package addresses, a machine's paths, left-overs."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT: Path = settings.BASE_DIR
BINARY = {".gz", ".ico", ".mo", ".pdf", ".png", ".woff2", ".xlsx", ".zip"}
LARGE = 3_000_000  # bytes; a catalogue's data hold no such thing and would cost seconds

NEVER = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a key of a cloud": r"\bAKIA[0-9A-Z]{16}\b|\bghp_[A-Za-z0-9]{30,}|\bxox[bp]-[0-9]{6,}",
    "a password in an address": r"[a-z]+://[^/\s:@\"'{<$]+:(?!password@|postgres@)[^/\s:@\"'{<$]{3,}@[\w.]",
    "a package index": r"(?i)(--(extra-)?index-url|--find-links)[ =]\S|pypi\.org/simple|files\.pythonhosted",
    "a path of one machine": r"(?<![\w./])/(?:root|home/[a-z]\w*|Users/\w+|work|farm)/[\w.]",
}
ALLOWED = {"tests/house/test_repository.py", "tests/config/test_database_url.py"}


def tracked() -> list[Path]:
    """The files of the repository; in an exported tree without git, every file that would be one."""
    shown = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if shown.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in shown.stdout.split("\0") if name]


def test_nothing_that_must_not_be_there():
    found = []
    for file in tracked():
        name = str(file.relative_to(ROOT))
        if file.suffix in BINARY or name in ALLOWED or not file.is_file() or file.stat().st_size > LARGE:
            continue
        text = file.read_text(errors="replace")
        found += [f"{name}: {what}" for what, pattern in NEVER.items() if re.search(pattern, text)]
    assert not found, found


@pytest.mark.parametrize("text", ["sql://me:hunter22@db.vn/x", "-----BEGIN RSA PRIVATE KEY", "/root/x"])
def test_the_patterns_bite(text):
    assert any(re.search(pattern, text) for pattern in NEVER.values())


def test_no_lock_file_with_addresses_and_no_environment_file():
    names = {file.name for file in tracked()}
    assert not names & {"uv.lock", "poetry.lock", "package-lock.json", ".env"}


def test_no_drawer_for_everything():
    drawers = {"utils", "helpers", "common", "misc"}
    modules = [file for file in tracked() if file.suffix == ".py"]
    assert not [file for file in modules if drawers & {file.stem, file.parent.name}]


def test_every_requirement_is_pinned_by_hash():
    for file in (ROOT / "requirements").glob("*.txt"):
        blocks = re.split(r"\n(?=\S)", file.read_text().strip())
        assert all("==" in block and "--hash=sha256:" in block for block in blocks), file.name
