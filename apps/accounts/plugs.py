"""What the accounts room offers to the house."""

import datetime as dt
from pathlib import Path

from django.utils import timezone

from apps.core import registry
from apps.core.registry import AuditSentence, Loader, LoadReport, NightlyWork, Section
from apps.core.words import quantity_words

registry.sections.add(Section("users", "Tài khoản", 810))

registry.audit_sentences.add(
    AuditSentence("user.created", "đã lập tài khoản"),
    AuditSentence("user.changed", "đã sửa thông tin tài khoản"),
    AuditSentence("user.enabled", "đã cho tài khoản hoạt động lại"),
    AuditSentence("user.disabled", "đã ngừng tài khoản"),
    AuditSentence("user.slip_issued", "đã in phiếu đăng nhập dùng một lần"),
    AuditSentence("user.password_changed", "đã đổi mật khẩu của mình"),
    AuditSentence("user.totp_enrolled", "đã bật mã xác thực trên điện thoại của mình"),
    AuditSentence("user.totp_dropped", "đã bỏ ứng dụng mã xác thực của mình"),
    AuditSentence("user.recovery_used", "đã đăng nhập bằng một mã dự phòng"),
    AuditSentence("user.recovery_renewed", "đã lập lại mã dự phòng của mình"),
    AuditSentence("user.totp_reset_asked", "đã báo mất ứng dụng mã xác thực của một tài khoản"),
    AuditSentence("user.totp_reset_confirmed", "đã xác nhận bỏ ứng dụng mã xác thực bị mất"),
    AuditSentence("user.pin_set", "đã đặt mã PIN của mình trên một máy"),
    AuditSentence("user.handed_over", "đã bàn giao {count} việc của một tài khoản cho đồng nghiệp"),
    AuditSentence("api_token.created", "đã lập mã truy cập {prefix} cho phần mềm"),
    AuditSentence("api_token.revoked", "đã thu hồi mã truy cập {prefix}"),
    AuditSentence("user.session_ended", "đã kết thúc phiên của mình ở máy khác"),
)


def _load_roles(folder: Path, report: LoadReport) -> None:
    from apps.accounts.loading import load_roles

    load_roles(folder / "roles.csv", report)


def _clear_sessions(day: dt.date) -> str:
    from apps.accounts.services import sessions_cleared

    return f"Đã xóa {sessions_cleared()} phiên đã hết hạn."


def _forget_workstations(day: dt.date) -> str:
    from apps.accounts.workstation import forget_unused

    people, stations = forget_unused(timezone.now())
    return f"Đã xóa {quantity_words(people)} lượt ghi nhớ và {quantity_words(stations)} máy dùng chung."


registry.nightly.add(
    NightlyWork("accounts.sessions", "Xóa phiên đăng nhập đã hết hạn", _clear_sessions),
    NightlyWork("accounts.workstations", "Quên máy dùng chung bỏ lâu", _forget_workstations),
)
registry.loaders.add(Loader("roles", "Vai trò và quyền", _load_roles, order=20))
registry.guide.add(
    registry.GuideChapter(
        "bat-dau",
        "Buổi đầu tiên",
        "guide/start.html",
        {
            "accounts:workplace": "dang-nhap",
            "accounts:password": "dang-nhap",
            "accounts:pin": "khoa",
            "accounts:sessions": "khoa",
            "core:home": "hom-nay",
            "core:tasks": "hom-nay",
            "core:drafts": "ban-nhap",
        },
        10,
        frozenset({"station", "region", "province"}),
    )
)
