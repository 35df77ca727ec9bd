"""The paper of a hand-over: its list and the names under it on one sheet where it fits."""

from django.utils import timezone

from apps.core import paper
from apps.shifts.models import ShiftHandover
from apps.shifts.rules import Line
from tests.encounters.test_papers import text_of


def sheets(lines: int) -> list[str]:
    """The words of each sheet of a hand-over with so many lines and all that may stand under them."""
    rows = [Line("", f"Việc thứ {n}", "", "", n, "info", "ghi chú của mục") for n in range(1, lines + 1)]
    handover = ShiftHandover(
        state="taken",
        on=timezone.localdate(),
        shift="day",
        note="Tủ lạnh kêu to, đã gọi người sửa.",
        override="Quỹ tiền mặt chưa khóa: chờ trưởng trạm về đối chiếu với sổ của hôm qua, đã báo.",
        remark="Đã nhận đủ",
        given_by_name="Nguyễn Thị Hòa",
        taken_by_name="Trần Thị Lan",
    )
    context = {
        "title": "Biên bản bàn giao ca",
        "facility_name": "Trạm Y tế xã Ba Tơ",
        "groups": [(f"Nhóm {at}", rows[at::5]) for at in range(5)],
        "handover": handover,
        "at": timezone.localtime(),
        "place": "Trạm Y tế xã Ba Tơ",
        "qr": paper.qr_svg("https://tram.example/p/abc"),
    }
    made = paper.pdf_response("print/shift_handover.html", context, filename="ban-giao-ca.pdf")
    # Each sheet ends with its number.
    return text_of(made.content).split("Trang ")[:-1]


def test_it_stands_on_one_sheet() -> None:
    (sheet,) = sheets(28)
    assert "Lý do vẫn bàn giao" in sheet and "Trần Thị Lan" in sheet


def test_past_one_sheet_the_names_stand_under_lines() -> None:
    first, second = sheets(34)
    assert "Trần Thị Lan" not in first
    assert "Việc thứ 34" in first + second and "Việc thứ 30" in second and "Trần Thị Lan" in second
