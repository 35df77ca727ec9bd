"""manage.py audit seal | verify | seals | remove: the chain over the audit and the read log."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from apps.core import scope, sealing
from apps.core.models import LogSeal


class Command(BaseCommand):
    help = "Seal, verify and, beyond the years of the law, remove rows of the audit and the read log"

    def add_arguments(self, parser: Any) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("seal", help="seal everything up to now (done nightly)")
        verify = acts.add_parser("verify", help="recompute the chain and tell what is not as it was sealed")
        verify.add_argument("--log", choices=sealing.MODELS, help="one log only")
        verify.add_argument("--hash", default="", help="hash of a seal that was kept outside (with --log)")
        acts.add_parser("seals", help="print the last seal of each log, to be kept outside")
        remove = acts.add_parser("remove", help="delete the rows beyond their years; their seals stay")
        remove.add_argument("--yes", action="store_true", help="really delete; without it only counted")

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        with scope.system(f"manage.py audit {act}"):
            getattr(self, f"_{act}")(**options)

    def _seal(self, **options: Any) -> None:
        try:
            made = sealing.seal_all()
        except sealing.Busy as busy:
            raise CommandError(
                "Có giao dịch đang mở quá lâu nên chưa niêm phong được. Chạy lại sau; không mất gì."
            ) from busy
        for one in made:
            self.stdout.write(_line(one))
        if not made:
            self.stdout.write("Không có dòng mới từ lần niêm phong trước.")

    def _verify(self, *, log: str | None, hash: str, **options: Any) -> None:
        if hash and not log:
            raise CommandError("Nêu cả --log audit hoặc --log read khi đối chiếu mã đã giữ bên ngoài.")
        wrong = 0
        for name in [log] if log else sealing.MODELS:
            for broken in sealing.verify(name, kept_hash=hash):
                wrong += 1
                place = f"niêm phong {broken.number}" if broken.number else "cả sổ"
                self.stdout.write(self.style.ERROR(f"{sealing.TITLES[name]}, {place}: {broken.sentence}."))
            seals = LogSeal.objects.filter(log=name).count()
            waiting = sealing.unsealed(name)
            self.stdout.write(f"{sealing.TITLES[name]}: {seals} niêm phong, {waiting} dòng chưa niêm phong.")
        if wrong:
            raise CommandError(f"{wrong} chỗ không khớp. Xem docs/runbooks/logs-tampered.md.")
        self.stdout.write("Tất cả khớp.")

    def _seals(self, **options: Any) -> None:
        for name in sealing.MODELS:
            last = LogSeal.objects.filter(log=name).order_by("-number").defer("marks").first()
            self.stdout.write(_line(last) if last else f"{sealing.TITLES[name]}: chưa niêm phong lần nào.")

    def _remove(self, *, yes: bool, **options: Any) -> None:
        for name in sealing.MODELS:
            found = sealing.removable(name)
            rows = sum(link.count for link in found)
            title = sealing.TITLES[name]
            if not yes:
                self.stdout.write(f"{title}: {rows} dòng quá thời hạn lưu. Thêm --yes để xóa.")
                continue
            for link in found:
                try:
                    sealing.remove(link)
                except DatabaseError as error:
                    raise CommandError(
                        "Tài khoản này không phải chủ của bảng nhật ký nên không xóa được. "
                        "Chạy bằng tài khoản chủ của cơ sở dữ liệu (docs/security.md)."
                    ) from error
                except ValueError as error:
                    raise CommandError(
                        f"Niêm phong {link.number} không khớp nên không xóa gì thêm. Chạy audit verify."
                    ) from error
            self.stdout.write(f"{title}: đã xóa {rows} dòng, giữ lại niêm phong.")


def _line(seal: LogSeal) -> str:
    at = timezone.localtime(seal.sealed_at)
    return (
        f"{sealing.TITLES[seal.log]} · số {seal.number} · {at:%d/%m/%Y %H:%M} · "
        f"{seal.count} dòng · {seal.get_kind_display()} · {seal.hash}"
    )
