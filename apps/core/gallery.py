"""The component gallery at /giao-dien/: every part of the interface once, for developers, people invented."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.core import fields, widgets
from apps.core.access import public
from apps.core.paper import pdf_response, qr_svg

# The shown pages speak of this day, so that pictures of two days can be compared.
TODAY = dt.date(2026, 11, 23)

ICD = [
    {"code": "J06.9", "name": "Nhiễm trùng đường hô hấp trên cấp, không xác định", "note": "hay dùng ở trạm"},
    {"code": "I10", "name": "Bệnh lý tăng huyết áp", "note": "hay dùng ở trạm"},
    {"code": "E11.9", "name": "Bệnh đái tháo đường không phụ thuộc insulin, chưa có biến chứng"},
    {"code": "K29.7", "name": "Viêm dạ dày, không đặc hiệu"},
    {"code": "A09.0", "name": "Viêm dạ dày ruột và viêm đại tràng khác do nhiễm trùng"},
    {"code": "M54.5", "name": "Đau lưng vùng thấp"},
]
SEXES = [("", "Chọn giới tính"), ("male", "Nam"), ("female", "Nữ")]


class Sample(forms.Form):
    """One field of every kind."""

    full_name = forms.CharField(label="Họ và tên", max_length=100, help_text="Viết đủ dấu, như trên giấy tờ.")
    birth = fields.PartialDateField(label="Ngày sinh", help_text="Không nhớ ngày thì ghi tháng/năm hoặc năm.")
    sex = forms.ChoiceField(label="Giới tính", choices=SEXES)
    visit_on = fields.DateField(label="Ngày khám")
    weight = fields.DecimalField(label="Cân nặng", min_value=Decimal("0.3"), max_value=Decimal(250))
    fee = fields.MoneyField(label="Thu của người bệnh", required=False)
    main_disease = forms.CharField(
        label="Bệnh chính",
        widget=widgets.CodePicker("core:gallery_pick", names=lambda codes: _names(codes)),
    )
    other_diseases = forms.Field(
        label="Bệnh kèm theo",
        required=False,
        widget=widgets.CodePicker("core:gallery_pick", names=lambda codes: _names(codes), multiple=True),
    )
    payer = forms.ChoiceField(
        label="Hình thức chi trả",
        choices=[("bhyt", "Bảo hiểm y tế"), ("self", "Tự chi trả"), ("free", "Miễn phí")],
        widget=forms.RadioSelect,
    )
    pregnant = forms.BooleanField(label="Đang mang thai", required=False)
    reason = forms.CharField(label="Lý do đến khám", widget=forms.Textarea(attrs={"rows": 2}))


def _names(codes: list[str]) -> dict[str, str]:
    return {row["code"]: row["name"] for row in ICD if row["code"] in codes}


def _allowed() -> None:
    if not (settings.DEBUG or settings.DEMO):
        raise Http404


@public
def gallery(request: HttpRequest) -> HttpResponse:
    """All components; the form can be sent, to see it refused and accepted."""
    _allowed()
    form = Sample(request.POST or None, initial=_initial())
    if request.method == "POST" and form.is_valid():
        messages.success(request, "Đã lưu phiếu mẫu.")
        return redirect("core:gallery")
    return render(request, "core/gallery.html", _context(form), status=422 if form.errors else 200)


@public
def empty_form(request: HttpRequest) -> HttpResponse:
    """The form with an error on every field."""
    _allowed()
    form = Sample(
        {"birth": "31/2/1990", "visit_on": "3/2/90", "weight": "ba mươi", "fee": "nhiều", "sex": "x"}
    )
    return render(request, "core/gallery.html", _context(form))


@public
@require_POST
def pick(request: HttpRequest) -> HttpResponse:
    """The picker's endpoint, over a list of six."""
    _allowed()
    text = request.POST.get("q", "").lower().strip()
    rows = [row for row in ICD if text in row["code"].lower() or text in row["name"].lower()]
    return render(request, "components/picker_results.html", {"results": rows})


@public
@require_POST
def grid_row(request: HttpRequest) -> HttpResponse:
    """The grid's endpoint: refuses a weight outside 0,3-250 kg."""
    _allowed()
    field = fields.DecimalField(min_value=Decimal("0.3"), max_value=Decimal(250), required=False)
    try:
        field.clean(request.POST.get("weight", ""))
    except forms.ValidationError as error:
        return JsonResponse({"errors": {"weight": " ".join(error.messages)}}, status=422)
    return JsonResponse({"version": 2})


@public
def paper(request: HttpRequest, size: str) -> HttpResponse:
    """The print layouts as PDF."""
    _allowed()
    context = _paper() | {"size": size.upper()}
    return pdf_response("print/sample.html", context, filename=f"mau-{size}.pdf")


def _initial() -> dict[str, Any]:
    return {
        "full_name": "Nguyễn Thị Kim Phượng",
        "birth": fields.PartialDate(dt.date(1958, 1, 1), "year"),
        "sex": "female",
        "visit_on": TODAY,
        "weight": Decimal("48.50"),
        "fee": 120000,
        "main_disease": "I10",
        "other_diseases": ["E11.9", "K29.7"],
        "payer": "bhyt",
        "reason": "Đau đầu, chóng mặt hai ngày nay",
    }


def _context(form: forms.Form) -> dict[str, Any]:
    person = {
        "full_name": "Nguyễn Thị Kim Phượng",
        "sex": "female",
        "birth_date": dt.date(1958, 1, 1),
        "birth_precision": "year",
        "code": "P0001834",
        "url": "#",
        "died_on": None,
    }
    child = {
        "full_name": "Lò Văn Anh Khôi",
        "sex": "male",
        "birth_date": dt.date(2025, 11, 20),
        "birth_precision": "day",
        "code": "P0008120",
        "died_on": None,
    }
    return {
        "form": form,
        "today": TODAY,
        "person": person,
        "child": child,
        "allergies": [{"substance": "Penicilin", "reaction": "mẩn ngứa toàn thân"}],
        "flags": [
            {"state": "warning", "word": "Tăng huyết áp: quá hẹn tái khám 12 ngày"},
            {"state": "info", "word": "BHYT đến 31/12/2026"},
        ],
        "dues": [
            {
                "title": "Vắc xin sởi – rubella (MR) mũi 2",
                "person": "Lò Văn Anh Khôi",
                "person_url": "#",
                "note": "12 tháng, thôn Nà Bó",
                "due_on": dt.date(2026, 11, 10),
                "overdue_on": dt.date(2026, 11, 17),
                "action_url": "#",
                "action_title": "Tiêm",
            },
            {
                "title": "Khám thai lần 3",
                "person": "Hoàng Thị Mai",
                "note": "thai 34 tuần",
                "due_on": TODAY,
                "overdue_on": dt.date(2026, 11, 30),
                "action_url": "#",
                "action_title": "Khám thai",
            },
            {"title": "Tái khám tăng huyết áp", "person": "Trần Văn Lực", "due_on": dt.date(2026, 11, 28)},
        ],
        "entries": [
            {
                "at": dt.date(2026, 11, 23),
                "title": "Khám bệnh: bệnh lý tăng huyết áp (I10)",
                "facility": "Trạm Y tế xã Tân An",
                "chip_state": "warning",
                "chip_text": "Chờ bác sĩ ký",
                "url": "#",
            },
            {
                "at": dt.date(2026, 10, 2),
                "title": "Đo huyết áp tại nhà 150/92",
                "facility": "Y tế thôn Nà Bó",
            },
            {
                "at": dt.date(2026, 9, 15),
                "title": "Khám bệnh: viêm dạ dày (K29.7)",
                "state": "error",
                "note": "Nhập nhầm người",
            },
        ],
        "chips": [
            ("danger", "Quá hạn"),
            ("warning", "Sắp đến hạn"),
            ("done", "Đã hoàn tất"),
            ("info", "Đang khám"),
            ("off", "Đã huỷ"),
        ],
        "tabs": [
            {"title": "Tóm tắt", "url": "#", "active": True, "count": None},
            {"title": "Lượt khám", "url": "#", "count": 12},
            {"title": "Tiêm chủng", "url": "#", "count": 0},
            {"title": "Giấy tờ", "url": "#", "count": 3},
        ],
        "columns": [
            {"name": "name", "label": "Họ và tên"},
            {"name": "born", "label": "Ngày sinh", "kind": "date"},
            {"name": "place", "label": "Thôn, bản"},
            {"name": "weight", "label": "Cân nặng (kg)", "kind": "number"},
            {"name": "fee", "label": "Chi phí", "kind": "money"},
            {"name": "state", "label": "Trạng thái", "kind": "chip"},
        ],
        "rows": _rows(),
        "page": {"next_cursor": "abc", "previous_cursor": "def"},
        "vitals": [
            ("Huyết áp", "165/95", "mmHg", "dưới 140/90", "danger", "Cao"),
            ("Mạch", 88, "lần/phút", "60–100", "done", "Bình thường"),
            ("Nhiệt độ", Decimal("37.8"), "°C", "36,1–37,5", "warning", "Sốt nhẹ"),
            ("Nhịp thở", None, "lần/phút", "16–20", "", ""),
            ("SpO₂", 97, "%", "từ 95", "done", "Bình thường"),
        ],
        "jobs": [
            {
                "pk": "00000000-0000-0000-0000-000000000001",
                "title": "Nhập danh sách dân từ Excel",
                "state": "running",
                "done": 3120,
                "total": 8000,
                "message": "Đang đọc dòng 3.121, chưa có dòng nào bị từ chối.",
            },
            {
                "pk": "00000000-0000-0000-0000-000000000002",
                "title": "Sổ khám bệnh tháng 10",
                "state": "done",
                "done": 412,
                "total": 412,
                "message": "Có 412 lượt khám.",
            },
        ],
        "conflicts": [
            {
                "name": "phone",
                "label": "Điện thoại",
                "mine": "0912 345 678",
                "theirs": "0987 654 321",
                "mine_value": "0912345678",
                "theirs_value": "0987654321",
            },
            {"name": "note", "label": "Ghi chú", "mine": "", "theirs": "Con gái đưa đi khám"},
        ],
        "grid": _grid(),
        "hits": [
            {
                "title": "Nguyễn Thị Kim Phượng",
                "subtitle": "Sinh 1958, nữ · thôn Nà Bó · chủ hộ Trần Văn Lực",
                "note": "người",
                "url": "#",
            },
            {
                "title": "Nguyễn Thị Kim Phượng",
                "subtitle": "Sinh 03/02/1990, nữ · thôn Bản Lầu · chủ hộ Lò Văn Páo",
                "note": "người",
                "url": "#",
            },
        ],
        "trend": _trend(),
    }


def _rows() -> list[dict[str, Any]]:
    people = [
        ("Trần Văn Lực", dt.date(1955, 4, 30), "Thôn Nà Bó", "61.2", 120000, ("done", "Đã hoàn tất")),
        ("Nguyễn Thị Kim Phượng", dt.date(1958, 1, 1), "Thôn Nà Bó", "48.5", 0, ("warning", "Chờ bác sĩ ký")),
        ("Tòng Thị Hạnh", dt.date(1987, 9, 12), "Bản Lầu", "52", 1234000, ("info", "Đang khám")),
        ("Lò Văn Anh Khôi", dt.date(2025, 11, 20), "Bản Lầu", "9.35", None, ("danger", "Quá hạn tiêm")),
        ("Hoàng Thị Mai", dt.date(1999, 2, 28), "Tổ dân phố 3", None, 35500, ("off", "Đã huỷ")),
    ]
    return [
        {
            "name": name,
            "born": born,
            "place": place,
            "weight": weight and Decimal(weight),
            "fee": fee,
            "state": {"state": state[0], "text": state[1]},
            "url": "#",
        }
        for name, born, place, weight, fee, state in people
    ]


def _grid() -> dict[str, Any]:
    from django.urls import reverse

    return {
        "name": "weigh",
        "caption": "Cân trẻ thôn Nà Bó",
        "save_url": reverse("core:gallery_grid"),
        "columns": [
            {"name": "name", "label": "Họ và tên", "kind": "fixed"},
            {"name": "age", "label": "Tuổi", "kind": "fixed"},
            {"name": "weight", "label": "Cân nặng", "unit": "kg", "kind": "number"},
            {"name": "height", "label": "Chiều cao", "unit": "cm", "kind": "number"},
            {"name": "on", "label": "Ngày cân", "kind": "date"},
            {
                "name": "feeding",
                "label": "Bú mẹ",
                "kind": "select",
                "choices": [("", ""), ("full", "Hoàn toàn"), ("part", "Một phần")],
            },
        ],
        "rows": [
            {
                "key": str(number),
                "version": 1,
                "cells": {"name": name, "age": age, "weight": weight, "on": "23/11/2026"},
            }
            for number, (name, age, weight) in enumerate(
                [
                    ("Lò Văn Anh Khôi", "12 tháng", "9,35"),
                    ("Tòng Ngọc Diệp", "5 tháng", ""),
                    ("Vì Thị Bảo Châu", "28 tháng", ""),
                    ("Quàng Minh Đức", "3 tuổi", ""),
                ],
                start=1,
            )
        ],
    }


def _trend() -> dict[str, Any]:
    from apps.core.charts import Band, trend

    points = [
        (dt.date(2026, month, 5), value)
        for month, value in [(2, 168), (4, 155), (5, 150), (7, 142), (9, 138), (11, 165)]
    ]
    return trend(points, title="Huyết áp tâm thu", unit="mmHg", band=Band(90, 140, "mục tiêu dưới 140"))


def _paper() -> dict[str, Any]:
    return {
        "title": "Phiếu mẫu",
        "parent_name": "Sở Y tế tỉnh mẫu",
        "facility_name": "Trạm Y tế xã Tân An",
        "facility_address": "Thôn Nà Bó, xã Tân An",
        "form_code": "MS: 00/MAU",
        "number": "0123/2026",
        "national": True,
        "qr": qr_svg("DEMO-PAPER-0123"),
        "copy": 1,
        "rows": _rows(),
    }
