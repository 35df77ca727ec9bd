"""What a station runs after new code: checks, a copy, tables, catalogues, static files, a look at the whole.

One step that may be repeated: whoever stopped it half-way runs it again. Only one runs at a time.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.core import doctor, doctor_checks
from apps.core.words import quantity_words

Say = Callable[[str], None]
LOCK = 0x7472616D  # an advisory lock of PostgreSQL: 'tram'


class UpgradeError(RuntimeError):
    """The upgrade cannot go on; the message is a sentence for the person at the console."""


@dataclass(frozen=True)
class Steps:
    """What the caller leaves out."""

    backup: bool = True
    static: bool = True


def run(say: Say, steps: Steps) -> str:
    """The whole upgrade. Gives the gravest state that the look at the end found."""
    with _alone():
        with _step("Kiểm tra cấu hình và chỗ trống trên ổ đĩa", say):
            _check()
        if tables_wait() and not _is_empty() and steps.backup:
            _back_up(say)
        with _step("Nâng cấp bảng dữ liệu", say):
            call_command("migrate", verbosity=0, interactive=False)
        with _step("Nạp danh mục và tham số", say):
            call_command("load_catalogues")
        if missing := doctor_checks.missing_parameters(timezone.localdate()):
            raise UpgradeError(f"Còn thiếu tham số: {', '.join(missing)}. Đừng khởi động lại máy chủ.")
        if steps.static and not settings.WHITENOISE_USE_FINDERS:
            with _step("Gom tệp tĩnh", say):
                call_command("collectstatic", verbosity=0, interactive=False)
        with _step("Kiểm tra lại toàn bộ", say):
            findings = doctor.look()
    for finding in findings:
        if finding.result.state != "ok":
            say(f"  {finding.check.title}: {finding.result.sentence} → {finding.result.what_to_do}")
    return doctor.worst(findings)


def tables_wait() -> bool:
    """Whether this version has tables that the database lacks."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def must_be_done() -> None:
    """Refuse to serve before the upgrade has run. A database that is away is /khoe's matter."""
    try:
        done = not tables_wait() and not doctor_checks.missing_parameters(timezone.localdate())
    except OperationalError:
        return
    finally:
        connection.close()
    if not done:
        raise ImproperlyConfigured("Chưa nâng cấp sau khi đổi phiên bản: chạy manage.py upgrade trước.")


def _check() -> None:
    try:
        call_command("check", verbosity=0)
    except SystemCheckError as error:
        raise UpgradeError(f"Cấu hình sai: {error}") from error
    room = doctor_checks.disk()
    if room.state == "bad":
        raise UpgradeError(f"{room.sentence} {room.what_to_do}")


def _is_empty() -> bool:
    """A database without any table has nothing to copy."""
    return not connection.introspection.table_names()


def _back_up(say: Say) -> None:
    if not settings.BACKUP_KEYS:
        say("• Chưa khai khóa sao lưu (TRAMYTE_BACKUP_KEYS): nâng cấp mà không có bản sao trước đó.")
        return
    with _step("Sao lưu trước khi nâng cấp", say):
        call_command("migrate", "backup", verbosity=0, interactive=False)  # where the copy is written down
        try:
            call_command("backup")
        except CommandError as error:
            raise UpgradeError(f"Không sao lưu được nên chưa nâng cấp. {error}") from error


@contextmanager
def _alone() -> Iterator[None]:
    """Two upgrades at once would load the same catalogues twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise UpgradeError("Một lần nâng cấp khác đang chạy. Đợi nó xong rồi chạy lại.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _step(title: str, say: Say) -> Iterator[None]:
    say(f"• {title} ...")
    began = time.monotonic()
    yield
    say(f"  xong, {quantity_words(time.monotonic() - began, 1)} giây")
