"""Invented orders, results and the few catalogue rows they need."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.care.models import fact_values
from apps.catalogues import codes, readers
from apps.catalogues.models import CodeEntry, LabTest, ServicePrice
from apps.catalogues.sheets import read_shipped
from apps.catalogues.shipped import ORDER_LISTS
from apps.core.scope import enter
from apps.encounters.models import (
    Attachment,
    HerbalFormula,
    HerbalLine,
    Order,
    OrderSet,
    ProcedureSheet,
    Result,
    ResultValue,
    SheetRow,
    TreatmentSession,
    Visit,
)
from apps.encounters.ordering import orders, results
from apps.encounters.ordering.orders import OrderInput
from apps.encounters.ordering.results import ResultInput
from apps.facilities.models import Practitioner
from config.embedded import BASE_DIR
from tests.factories.catalogues import a_service
from tests.factories.encounters import scope_of

SERVICES = (
    ("01.0281.1510", "Xét nghiệm đường máu mao mạch tại giường (một lần)", "I. HỒI SỨC CẤP CỨU", "D"),
    ("22.0121.1369", "Tổng phân tích tế bào máu ngoại vi (bằng máy đếm laser)", "XXII. HUYẾT HỌC", "C"),
    ("24.0117.1646", "HBsAg test nhanh", "XXIV. VI SINH", "D"),
    ("24.0169.1616", "HIV Ab test nhanh", "XXIV. VI SINH", "D"),
    ("02.0314.0001", "Siêu âm ổ bụng", "II. NỘI KHOA", "D"),
    ("03.2389.0212", "Tiêm bắp thịt", "III. NHI KHOA", "D"),
    ("03.3911.0200", "Thay băng, cắt chỉ", "III. NHI KHOA", "D"),
    ("08.0005.0230", "Điện châm", "VIII. Y HỌC CỔ TRUYỀN", "D"),
    ("08.0278.0230", "Điện châm điều trị hội chứng tiền đình", "VIII. Y HỌC CỔ TRUYỀN", "D"),
    ("10.0506.0459", "Cắt ruột thừa đơn thuần", "X. NGOẠI KHOA", "B"),
)
NEGATIVE = "Âm tính;Dương tính;Không xác định"
TESTS: tuple[dict[str, str], ...] = (
    {"code": "GLU_CAP", "name": "Đường máu mao mạch", "unit": "mmol/L", "ranges": "any 3.9..6.4",
     "result_type": "number", "service_code": "01.0281.1510", "loinc": "14743-9"},
    {"code": "HGB", "name": "Huyết sắc tố", "unit": "g/L", "result_type": "number",
     "ranges": "M 130..180; F 120..160; 6m-59m 110..140", "service_code": "22.0121.1369"},
    {"code": "WBC", "name": "Số lượng bạch cầu", "unit": "G/L", "ranges": "any 4.0..10.0",
     "result_type": "number", "service_code": "22.0121.1369"},
    {"code": "HBSAG", "name": "HBsAg test nhanh", "result_type": "choice", "allowed_values": NEGATIVE,
     "service_code": "24.0117.1646"},
    {"code": "HIV", "name": "HIV Ab test nhanh", "result_type": "choice", "allowed_values": NEGATIVE,
     "service_code": "24.0169.1616"},
    {"code": "HCG_U", "name": "Test thai nhanh (hCG niệu)", "result_type": "choice",
     "allowed_values": NEGATIVE, "sex": "F"},
)  # fmt: skip
GLUCOSE, COUNT, HBSAG, HIV, ULTRASOUND = (row[0] for row in SERVICES[:5])
INJECTION, DRESSING, NEEDLES = "03.2389.0212", "03.3911.0200", "08.0005.0230"


def order_catalogues() -> None:
    """The shipped lists of orders and a handful of services and tests."""
    for code, name, group, level in SERVICES:
        service = a_service(code, name, level)
        service.group = group
        service.save()
    for line in TESTS:
        LabTest.objects.create(**readers.lab_test(line))
    rows = read_shipped(BASE_DIR / "fixtures" / "catalogues" / "service_orders.csv")
    CodeEntry.objects.bulk_create(CodeEntry(**readers.entry(row, lists=ORDER_LISTS)) for row in rows)
    CodeEntry.objects.create(
        list="restricted_data", code="HIV", scope="lab", name="Xét nghiệm HIV", extra={"group": "hiv"}
    )
    codes.forget()


def a_price(code: str, price: int, **fields: Any) -> ServicePrice:
    return ServicePrice.objects.create(service_id=code, price=price, source="Nghị quyết HĐND tỉnh", **fields)


def an_order(visit: Visit, practitioner: Practitioner, code: str = GLUCOSE, **fields: Any) -> Order:
    """An order of a service, waiting to be done."""
    with enter(scope_of(practitioner)):
        placed = orders.orders_place(
            visit_id=visit.pk, items=[OrderInput(code, **fields)], override="làm lại theo yêu cầu"
        )
        return placed[0]


def a_result(order: Order, practitioner: Practitioner, *, verify: bool = True, **values: str) -> Result:
    """What an order has shown: `GLU_CAP="5,6"`, or `conclusion=` where there are no tests."""
    conclusion = values.pop("conclusion", "")
    with enter(scope_of(practitioner)):
        return results.result_save(
            order_id=order.pk,
            expected_version=Order.unscoped.get(pk=order.pk).version,
            data=ResultInput(values=values, conclusion=conclusion),
            verify=verify,
            override="đã kiểm tra lại",
        )


@dataclass
class Made:
    """One of everything that hangs on an order."""

    order: Order
    done: Order
    row: SheetRow
    sitting: TreatmentSession
    formula: HerbalFormula
    file: Attachment
    set: OrderSet


def one_of_everything(visit: Visit, practitioner: Practitioner) -> Made:
    """An order that waits, one that is verified, a sheet, a sitting, a formula, a file, a set."""
    shared, now = fact_values(visit), timezone.now()
    order = Order.unscoped.create(
        **shared, visit=visit, kind="imaging", code=ULTRASOUND, name="Siêu âm ổ bụng"
    )
    done = Order.unscoped.create(
        **shared, visit=visit, kind="imaging", code=ULTRASOUND, name="Siêu âm", state="resulted"
    )
    result = Result.unscoped.create(
        order=done, at=now, entered_at=now, conclusion="Bình thường", state="final", verifier=practitioner
    )
    ResultValue.unscoped.create(result=result, test="GLU_CAP", name="Đường máu", value=5, position=0)
    needles = Order.unscoped.create(
        **shared, visit=visit, kind="course", code=NEEDLES, name="Điện châm", sessions=5
    )
    shot = Order.unscoped.create(
        **shared, visit=visit, kind="procedure", code=INJECTION, name="Tiêm bắp", form="injection"
    )
    sheet = ProcedureSheet.unscoped.create(order=shot, form="injection", started_at=now)
    formula = HerbalFormula.unscoped.create(visit=visit, packets=5, usage="Sắc uống", prescriber=practitioner)
    HerbalLine.unscoped.create(formula=formula, name="Độc hoạt", grams=12, position=0)
    return Made(
        order=order,
        done=done,
        row=SheetRow.unscoped.create(sheet=sheet, at=now, text="Ổn"),
        sitting=TreatmentSession.unscoped.create(order=needles, at=now, methods=["dien_cham"]),
        formula=formula,
        file=Attachment.unscoped.create(
            visit=visit,
            title="Giấy ra viện",
            file="khong-co",
            type="application/pdf",
            size=9,
            sha256="0" * 64,
        ),
        set=OrderSet.unscoped.create(
            station_id=visit.facility_id, name=f"Máu {visit.number}-{visit.pk.hex[-6:]}", codes=[ULTRASOUND]
        ),
    )
