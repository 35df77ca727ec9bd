"""The page that tells people what the API offers: /api/. Its lines come from the router: none is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.routers import SimpleRouter

from apps.core import registry
from apps.core.access import View, signed_in
from apps.core.api import ScopedViewSet
from apps.core.scope import active

ACTIONS = {"view": "xem", "enter": "nhập mới", "edit": "sửa", "approve": "duyệt", "export": "xuất"}

# What each call does, by the name of its list and of its action.
WORDS = {
    ("people", "list"): "Danh sách người dân trên địa bàn, theo tên",
    ("people", "retrieve"): "Hồ sơ hành chính của một người",
    ("people", "create"): "Thêm một người; báo lại khi có thể trùng người đã có",
    ("people", "partial_update"): "Sửa hồ sơ hành chính của một người, theo phiên bản đã đọc",
    ("people", "search"): "Tìm người như ô tìm kiếm, nhiều nhất 20 người",
    ("people", "record"): "Hồ sơ sức khỏe cá nhân (QĐ 831/QĐ-BYT), mục A và B",
    ("households", "list"): "Danh sách hộ gia đình, theo tên chủ hộ",
    ("households", "retrieve"): "Một hộ và các thành viên hiện nay",
    ("households", "create"): "Lập một hộ với chủ hộ đã có hồ sơ",
    ("households", "partial_update"): "Sửa địa chỉ, diện hộ, mã hộ BHXH, theo phiên bản đã đọc",
    (
        "measurements",
        "list",
    ): "Các số đo (mạch, huyết áp, cân nặng ...), mới nhất trước; lọc theo người, chỉ số",
    ("measurements", "retrieve"): "Một số đo",
    ("measurements", "growth"): "Điểm z tăng trưởng của một trẻ theo chuẩn WHO, từng ngày đo",
    ("stock", "list"): "Mặt hàng trong kho với các lô đang có, theo tên",
    ("stock", "retrieve"): "Một mặt hàng trong kho với các lô đang có",
    ("visits", "list"): "Danh sách lượt khám, mới nhất trước",
    ("visits", "retrieve"): "Một lượt khám với chẩn đoán, đơn thuốc và chỉ số sống",
    ("visits", "create"): "Tiếp nhận một người vào khám",
    ("visits", "save"): "Lưu phần đã nhập của lượt khám",
    ("visits", "finalise"): "Hoàn tất lượt khám",
    ("visits", "undo"): "Hoàn tác việc hoàn tất, trong ít phút và khi chưa in, chưa gửi, chưa phát thuốc",
    ("visits", "move"): "Nhầm người: chuyển lượt khám sang người đúng",
    ("receipts", "list"): "Danh sách biên lai thu tiền, mới nhất trước",
    ("receipts", "retrieve"): "Một biên lai với các khoản và lần hoàn tiền",
    ("orders", "list"): "Danh sách chỉ định, mới nhất trước; máy xét nghiệm đọc việc chờ làm",
    ("orders", "retrieve"): "Một chỉ định với kết quả đang có",
    (
        "certificates",
        "list",
    ): "Danh sách giấy đã cấp (hẹn, chuyển, nghỉ việc, khám sức khỏe, báo tử), mới nhất trước",
    ("certificates", "retrieve"): "Một giấy đã cấp, với phản hồi của giấy chuyển",
    ("orders", "result"): "Gửi kết quả của một chỉ định, chờ người duyệt",
    ("templates", "list"): "Mẫu khám đang dùng của trạm, theo tên",
    ("templates", "retrieve"): "Một mẫu khám của trạm",
    ("dispensings", "list"): "Danh sách lần cấp phát thuốc, mới nhất trước",
    ("dispensings", "retrieve"): "Một lần cấp phát với lô đã lấy và thuốc trả lại",
    ("dispensings", "create"): "Cấp thuốc theo đơn đã ký, lấy lô hết hạn trước",
    ("follow-ups", "list"): "Phiếu theo dõi tăng huyết áp, đái tháo đường, mới nhất trước",
    ("follow-ups", "retrieve"): "Một phiếu theo dõi với mục tiêu và nguy cơ",
    ("follow-ups", "create"): "Lưu phiếu theo dõi của một lượt khám",
}


@dataclass(frozen=True)
class Call:
    """One way of asking the API."""

    method: str
    path: str
    says: str
    right: str


def calls(router: SimpleRouter) -> Iterator[Call]:
    """Every way that the router knows, list by list."""
    for prefix, viewset, _ in router.registry:
        for route in router.get_routes(viewset):
            for method, action in route.mapping.items():
                if not hasattr(viewset, action):
                    continue
                path = route.url.replace("{prefix}", prefix).replace("{lookup}", "{id}")
                path = path.replace("{trailing_slash}", router.trailing_slash).replace("^", "").rstrip("$")
                offered = cast(type[ScopedViewSet], viewset)
                right = offered.rights.get(action, offered.right)
                yield Call(method.upper(), f"/api/{path}", WORDS[prefix, action], right)


def in_words(right: str) -> str:
    section, _, action = right.partition(".")
    known = registry.sections.get(section)
    return f"{known.title if known else section}: {ACTIONS[action]}"


def page_of(router: SimpleRouter) -> View:
    """The view of the page about what this router offers. It shows no record, so it needs no right."""

    @signed_in
    def api_page(request: HttpRequest) -> HttpResponse:
        scope = active()
        lines = [
            {
                "call": call,
                "right": in_words(call.right),
                "held": scope is not None and scope.can(call.right),
            }
            for call in calls(router)
        ]
        context = {"lines": lines, "may_see_keys": scope is not None and scope.can("users.view")}
        return render(request, "api/page.html", context)

    return api_page
