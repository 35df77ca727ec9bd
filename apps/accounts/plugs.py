"""What the accounts room offers to the house."""

from pathlib import Path

from apps.core import registry
from apps.core.registry import AuditSentence, Loader, LoadReport, Section

registry.sections.add(Section("users", "Tài khoản", 810))

registry.audit_sentences.add(
    AuditSentence("user.created", "đã lập tài khoản"),
    AuditSentence("user.changed", "đã sửa thông tin tài khoản"),
    AuditSentence("user.enabled", "đã cho tài khoản hoạt động lại"),
    AuditSentence("user.disabled", "đã ngừng tài khoản"),
    AuditSentence("user.slip_issued", "đã in phiếu đăng nhập dùng một lần"),
    AuditSentence("user.password_changed", "đã đổi mật khẩu của mình"),
)


def _load_roles(folder: Path, report: LoadReport) -> None:
    from apps.accounts.loading import load_roles

    load_roles(folder / "roles.csv", report)


registry.loaders.add(Loader("roles", "Vai trò và quyền", _load_roles, order=20))
