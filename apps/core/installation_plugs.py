"""What the ground floor offers for running an installation: checks, the page Vận hành, the go-live list."""

from collections.abc import Callable
from typing import Any

from apps.core import registry
from apps.core.registry import AuditSentence, DoctorCheck, GoLiveItem, HomePanel, MenuItem, Result, Section
from apps.core.scope import Scope

registry.sections.add(Section("operations", "Vận hành", 920))
registry.audit_sentences.add(
    AuditSentence("golive.ticked", "đã đánh dấu xong việc chuẩn bị {key}"),
    AuditSentence("golive.unticked", "đã bỏ dấu xong của việc chuẩn bị {key}"),
)


def _check(name: str) -> Callable[[], Result]:
    """A check by its name, imported when it runs: the ground is loaded before its tables are known."""

    def run() -> Result:
        from apps.core import doctor_checks

        result: Result = getattr(doctor_checks, name)()
        return result

    return run


registry.checks.add(
    DoctorCheck("core.tables", "Bảng dữ liệu", _check("tables"), 10),
    DoctorCheck("core.parameters", "Tham số", _check("parameters"), 20),
    DoctorCheck("core.holidays", "Lịch nghỉ", _check("holidays"), 28),
    DoctorCheck("core.clock", "Đồng hồ", _check("clock"), 30),
    DoctorCheck("core.disk", "Ổ đĩa", _check("disk"), 40),
    DoctorCheck("core.fonts", "Phông chữ để in", _check("fonts"), 50),
    DoctorCheck("core.worker", "Việc chạy nền", _check("worker"), 60),
    DoctorCheck("core.night", "Việc ban đêm", _check("night"), 70),
)
registry.menu.add(
    MenuItem("operations", "Vận hành", "core:health", "operations.view", 920, "check", registry.RUNNING)
)


def _home(scope: Scope) -> dict[str, Any] | None:
    from apps.core import doctor

    found = doctor.troubles()
    return {"troubles": found} if found else None


registry.home_panels.add(
    HomePanel(
        "operations",
        "Máy chủ cần xử lý",
        "operations.view",
        "core/health_panel.html",
        _home,
        order=60,  # behind the people who wait; a backup that is too old has a panel of its own on top
        levels=frozenset({"station", "province", "system"}),
    )
)
BY_HAND = (
    ("printers", "Máy in", "In trang thử A4, A5 và khổ 80 mm ở trang Vận hành, đo bằng thước thật.", 60),
    ("refrigerators", "Tủ lạnh vắc xin", "Ghi số tủ, vị trí, nhiệt kế và người theo dõi nhiệt độ.", 50),
    (
        "bank-account",
        "Tài khoản ngân hàng",
        "Khai số tài khoản nhận tiền qua mã QR; chuyển thử một khoản.",
        70,
    ),
    (
        "number-books",
        "Số bắt đầu của các sổ",
        "Đối chiếu số cuối của sổ giấy với số sẽ cấp tiếp.",
        80,
    ),
    ("opening-stock", "Tồn kho đầu kỳ", "Kiểm kê thuốc, vắc xin, vật tư; hai người ký biên bản.", 90),
    ("open-pregnancies", "Thai phụ đang quản lý", "Nhập những thai phụ chưa sinh từ sổ khám thai.", 110),
    (
        "chronic-patients",
        "Người bệnh mạn tính",
        "Nhập người đang trị tăng huyết áp, đái tháo đường.",
        120,
    ),
    ("earlier-figures", "Số liệu kỳ trước", "Ghi số liệu báo cáo từ đầu năm đến ngày bắt đầu.", 130),
)
registry.golive.add(*(GoLiveItem(key, title, todo, order=order) for key, title, todo, order in BY_HAND))
