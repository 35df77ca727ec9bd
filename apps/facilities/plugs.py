"""What the facilities room offers to the house."""

from pathlib import Path

from apps.accounts.backends import request_annotations
from apps.core import registry
from apps.core.registry import AuditSentence, Loader, LoadReport, MenuItem, Section
from apps.facilities.posts import posts_in_force

request_annotations["posts_in_force"] = posts_in_force

registry.sections.add(Section("facilities", "Cơ sở và nhân lực", 800))

registry.menu.add(
    MenuItem("facilities", "Cơ sở", "facilities:list", "facilities.view", order=800, icon="home"),
    MenuItem("accounts", "Tài khoản", "accounts:list", "users.view", order=810, icon="people"),
)

registry.user_menu.add(
    MenuItem("workplace", "Đổi nơi làm việc", "accounts:workplace", None, order=10),
    MenuItem("password", "Đổi mật khẩu", "accounts:password", None, order=20),
    MenuItem("admin", "Trang quản trị của tỉnh", "admin:index", "parameters.view", order=30),
)

registry.audit_sentences.add(
    AuditSentence("unit.created", "đã thêm đơn vị hành chính"),
    AuditSentence("unit.changed", "đã sửa đơn vị hành chính"),
    AuditSentence("facility.created", "đã thêm cơ sở"),
    AuditSentence("facility.changed", "đã sửa cơ sở"),
    AuditSentence("facility.imported", "đã nhập {rows} dòng cơ sở từ Excel"),
    AuditSentence("hamlet.imported", "đã nhập {rows} dòng thôn, tổ từ Excel"),
    AuditSentence("practitioner.imported", "đã nhập {rows} dòng người hành nghề từ Excel"),
    AuditSentence("facility.linked", "đã đổi quan hệ cấp trên của cơ sở"),
    AuditSentence("hamlet.created", "đã thêm thôn, tổ"),
    AuditSentence("hamlet.changed", "đã sửa thôn, tổ"),
    AuditSentence("catchment.opened", "đã giao địa bàn cho cơ sở"),
    AuditSentence("practitioner.created", "đã thêm người hành nghề"),
    AuditSentence("practitioner.changed", "đã sửa người hành nghề"),
    AuditSentence("post.opened", "đã giao vị trí công tác {role}"),
    AuditSentence("post.revoked", "đã thu hồi vị trí công tác {role}"),
)


def _load_units(folder: Path, report: LoadReport) -> None:
    from apps.facilities.load.units import load_units

    load_units(folder / "admin_units", report)


def _load_demo(folder: Path, report: LoadReport) -> None:
    from apps.facilities.load.demo import load_demo_when_demo

    load_demo_when_demo(folder / "demo", report)


registry.loaders.add(
    Loader("admin_units", "Đơn vị hành chính trước và sau 01/07/2025", _load_units, order=30),
    Loader("demo_facilities", "Cơ sở mẫu của tỉnh Quảng Ngãi", _load_demo, order=40),
)
