"""The key pair: the private half on paper, never over an older one."""

import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.backup import sealing


def test_it_works(tmp_path: Path) -> None:
    out = StringIO()
    call_command("backup_keys", str(tmp_path / "k.pdf"), "--key-file", str(tmp_path / "k"), stdout=out)
    assert (tmp_path / "k.pdf").read_bytes().startswith(b"%PDF")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    key = sealing.identity_of(tmp_path / "k")
    assert str(key.to_public()) in out.getvalue()
    assert str(key) not in out.getvalue()


def test_before_the_static_files_are_collected(tmp_path: Path, settings: Any) -> None:
    """A province makes its key on a machine that serves nothing yet."""
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STATIC_ROOT = tmp_path / "nothing"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": manifest}}
    call_command("backup_keys", str(tmp_path / "khoa.pdf"), stdout=StringIO())
    assert (tmp_path / "khoa.pdf").read_bytes().startswith(b"%PDF")


def test_no_key_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "k.pdf").write_text("older")
    with pytest.raises(CommandError, match="không ghi đè"):
        call_command("backup_keys", str(tmp_path / "k.pdf"), stdout=StringIO())
    assert (tmp_path / "k.pdf").read_text() == "older"
