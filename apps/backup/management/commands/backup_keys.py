"""``manage.py backup_keys PAPER.pdf``: the key pair of the province, its private half on paper."""

import argparse
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from pyrage import x25519

from apps.backup import sealing
from apps.core import paper


class Command(BaseCommand):
    help = "Tạo cặp khóa sao lưu của tỉnh: khóa công khai hiện ra, khóa riêng chỉ có trên giấy (PDF)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("paper", type=Path, help="tệp PDF để in rồi xóa")
        parser.add_argument(
            "--key-file", type=Path, help="ghi thêm khóa riêng vào tệp (trên USB để trong két)"
        )
        parser.add_argument("--owner", default="Sở Y tế", help="cơ quan giữ khóa, in trên giấy")

    def handle(self, *args: Any, **options: Any) -> None:
        key = x25519.Identity.generate()
        public, private = str(key.to_public()), str(key)
        head, tail = private[:16], private[16:]  # AGE-SECRET-KEY-1, then what distinguishes it
        groups = [head, *(tail[place : place + 5] for place in range(0, len(tail), 5))]
        pdf = paper.pdf(
            "backup/key_paper.html",
            {
                "title": "Khóa riêng mở bản sao lưu",
                "size": "A4",
                "facility_name": options["owner"],
                "qr": paper.qr_svg(private),
                "groups": groups,
                "public": public,
                "fingerprint": sealing.fingerprint(public),
                "made_at": timezone.localtime(),
            },
        )
        _write(options["paper"], pdf)
        if options["key_file"]:
            _write(options["key_file"], f"# {public}\n{private}\n".encode())
        self.stdout.write("Khóa công khai, đặt trong TRAMYTE_BACKUP_KEYS của từng máy chủ:")
        self.stdout.write(public)
        self.stdout.write(f"Dấu vân tay để đối chiếu: {sealing.fingerprint(public)}")
        self.stdout.write(
            f"In {options['paper']}, cất hai bản ở hai két, rồi xóa tệp. Mất khóa riêng thì không bản "
            "sao lưu nào mở được nữa; lộ khóa riêng thì mọi bản sao lưu đọc được."
        )


def _write(path: Path, data: bytes) -> None:
    """For the owner's eyes, and never over an older key."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"Đã có tệp {path}; không ghi đè một khóa.") from None
    except OSError as error:
        raise CommandError(f"Không ghi được {path}: {error.strerror}.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
