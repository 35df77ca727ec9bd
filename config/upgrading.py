"""The embedded server's data from one major version to the next: the wheel's pg_upgrade, then a comparison.

The wheel carries two majors, so an update by one step finds the programs of both. The former folder is copied
and kept; when a single table differs afterwards it takes its place again.
"""

import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg

from apps.backup import contents
from config import embedded
from config.embedded import EmbeddedError

Tell = Callable[[str], None]


def upgrade(var: Path, tell: Tell = lambda line: None) -> Path | None:
    """Bring the data folder to this software's major version. The former folder; None when none was older."""
    data = var / "pg" / "data"
    if not data.exists():
        return None
    former = (data / "PG_VERSION").read_text().strip()
    if former == embedded.MAJOR:
        return None
    embedded.stop(var)
    old = _programs(former)
    size = sum(file.stat().st_size for file in data.rglob("*") if file.is_file())
    if shutil.disk_usage(data).free < size * 6 // 5:
        raise EmbeddedError(
            f"Không đủ chỗ để nâng cấp: cần thêm {size * 6 // 5 // 1_000_000} MB trong {var}."
        )
    fresh, kept = data.with_name("data.upgrade"), data.with_name(f"data.{former}")
    if kept.exists():
        raise EmbeddedError(f"Đã có {kept} của một lần nâng cấp trước; chuyển nó đi rồi làm lại.")
    with embedded._lock(var):
        tell(f"Đang đọc dữ liệu PostgreSQL {former}")
        before = _contents_of_former(var, data, old)
        tell(f"Đang chuyển sang PostgreSQL {embedded.MAJOR}")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            _convert(var, data, fresh, old)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        data.rename(kept)
        fresh.rename(data)
    try:
        tell("Đang đối chiếu từng bảng")
        embedded.ensure(var)
        with closing(psycopg.connect(embedded.conninfo(var, _name()), autocommit=True)) as opened:
            different = contents.differences(before, contents.read(opened))
            opened.execute("ANALYZE")
        if different:
            raise EmbeddedError("Nâng cấp không khớp, dữ liệu cũ được dùng lại: " + "; ".join(different[:5]))
    except BaseException:
        embedded.stop(var)
        data.rename(fresh)
        kept.rename(data)
        raise
    return kept


def _name() -> str:
    return str(embedded.database()["NAME"])


def _programs(major: str) -> Path:
    """The folder of that major's programs in the wheel."""
    for folder in embedded.program_folders():
        shown = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
        )
        if shown.stdout.strip().split(" ")[-1].split(".")[0] == major:
            return folder
    raise EmbeddedError(
        f"Gói cài đặt không mang PostgreSQL {major}: dùng phiên bản phần mềm trước để sao lưu, cài mới, rồi "
        "khôi phục bản sao lưu (docs/runbooks/upgrade.md)."
    )


def _contents_of_former(var: Path, data: Path, old: Path) -> contents.Contents:
    embedded._prepare_folders(var)
    embedded._open_way(old, *embedded._server_account(var))
    where = (
        f"-c unix_socket_directories='{embedded.socket_dir(var)}' -c listen_addresses='' -p {embedded.PORT}"
    )
    log = str(var / "pg" / "log")
    wait = ("-w", "-t", str(embedded.START_SECONDS), "-D", str(data))
    started = embedded._run(var, "pg_ctl", "start", *wait, "-l", log, "-o", where, binaries=old)
    if started.returncode:
        raise EmbeddedError(f"Không khởi động được dữ liệu cũ, xem {log}.")
    try:
        with closing(psycopg.connect(embedded.conninfo(var, _name()))) as opened:
            return contents.read(opened)
    finally:
        embedded._run(var, "pg_ctl", "stop", "-m", "fast", *wait, binaries=old)


def _convert(var: Path, data: Path, fresh: Path, old: Path) -> None:
    new = embedded._binaries()
    control = embedded._run(var, "pg_controldata", "-D", str(data), binaries=old).stdout
    summed = not any(
        "page checksum version" in line and line.split()[-1] == "0" for line in control.splitlines()
    )
    made = embedded._run(
        var,
        "initdb",
        *(
            "--pgdata",
            str(fresh),
            "--username",
            embedded.SUPERUSER,
            "--encoding",
            "UTF8",
            "--no-instructions",
        ),
        *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        *("--auth-local", "trust", "--auth-host", "reject"),
        "--data-checksums" if summed else "--no-data-checksums",
    )
    if made.returncode:
        raise EmbeddedError(f"Không tạo được thư mục dữ liệu mới: {made.stdout.strip()[-300:]}")
    with (fresh / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude_if_exists = 'tramyte.conf'\n")
    done = embedded._run(
        var,
        "pg_upgrade",
        *("--old-bindir", str(old), "--new-bindir", str(new), "--old-datadir", str(data)),
        *("--new-datadir", str(fresh), "--username", embedded.SUPERUSER, "--copy"),
        *("--socketdir", str(embedded.socket_dir(var))),
        cwd=str(var / "pg"),
    )
    (var / "pg" / "delete_old_cluster.sh").unlink(missing_ok=True)  # whoever looks in must not run it
    if done.returncode:
        raise EmbeddedError(f"pg_upgrade dừng, dữ liệu cũ còn nguyên: {done.stdout.strip()[-400:]}")
