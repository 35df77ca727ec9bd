"""The national system of prescriptions: a code is taken once, never changed, never taken back.

Written from its guide, without a look at how the product builds its JSON.
"""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from .store import Issue, Refused

CODE = re.compile(r"\d{2}[0-9a-z]{3}[0-9a-z]{7}-[cnhy]")
DAY = "%d/%m/%Y"
MOMENT = "%Y-%m-%d %H:%M:%S"
NEEDED = (
    *("loai_don_thuoc", "ma_don_thuoc", "ho_ten_benh_nhan", "ngay_sinh_benh_nhan", "gioi_tinh"),
    *("chan_doan", "thong_tin_don_thuoc", "ngay_gio_ke_don"),
)
OF_A_LINE = ("ten_thuoc", "don_vi_tinh", "so_luong", "cach_dung")
SMALL = 72  # months


class Prescriptions:
    """What is held, by code. `came` counts how often each was sent."""

    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.held: dict[str, dict[str, Any]] = {}
        self.came: dict[str, int] = {}
        self.file = file
        if file and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                self.take(json.loads(line), "")

    def take(self, said: Any, unit: str) -> dict[str, Any]:
        """Keep a new one, or Refused: what is wrong with it, or that its code is there already."""
        if not isinstance(said, dict):
            raise Refused(400, Issue("body", "Dữ liệu không hợp lệ"))
        if wrong := list(_wrong(said)):
            raise Refused(422, *[Issue("invalid", text, name) for name, text in wrong])
        code = said["ma_don_thuoc"]
        if unit and not code.startswith(unit.lower()):
            raise Refused(403, Issue("unit", "Mã đơn không thuộc cơ sở đăng nhập"))
        with self.lock:
            self.came[code] = self.came.get(code, 0) + 1
            if code in self.held:
                raise Refused(400, Issue("duplicate", f"failed: the prescription: {code} already exists!"))
            self.held[code] = said
            if self.file and unit:
                with self.file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(said, ensure_ascii=False) + "\n")
        return {"success": "Gửi đơn thuốc thành công", "checksum": f"{len(self.held):08d}"}


def _wrong(said: dict[str, Any]) -> Any:
    for name in NEEDED:
        if said.get(name) in (None, "", []):
            yield name, "Trường này là bắt buộc"
            return
    code = str(said["ma_don_thuoc"])
    if not CODE.fullmatch(code) or code[-1] != said["loai_don_thuoc"]:
        yield "ma_don_thuoc", "Mã đơn thuốc không hợp lệ"
    if said["gioi_tinh"] not in (1, 2, 3):
        yield "gioi_tinh", "Giới tính không hợp lệ"
    for line in said["thong_tin_don_thuoc"]:
        if missing := [name for name in OF_A_LINE if line.get(name) in (None, "")]:
            yield missing[0], "Trường này là bắt buộc"
    if not all(line.get("ten_chan_doan") for line in said["chan_doan"]):
        yield "ten_chan_doan", "Trường này là bắt buộc"
    try:
        born = datetime.strptime(said["ngay_sinh_benh_nhan"], DAY)  # noqa: DTZ007 - a day has no zone
        at = datetime.strptime(said["ngay_gio_ke_don"], MOMENT)  # noqa: DTZ007 - theirs
    except ValueError:
        yield "ngay_sinh_benh_nhan", "Không đúng định dạng"
        return
    months = (at.year - born.year) * 12 + at.month - born.month - (at.day < born.day)
    if months < SMALL and not isinstance(said.get("can_nang"), int | float):
        yield "can_nang", "Trẻ dưới 72 tháng cần có cân nặng"
