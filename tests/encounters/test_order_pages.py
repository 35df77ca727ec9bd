"""The pages of orders, results, procedures and courses as a browser posts them."""

from uuid import uuid4

import pytest
from django.urls import reverse

from apps.catalogues import picks
from apps.catalogues.models import LabTest
from apps.core.models import Draft, PaperCode, ReadEntry
from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.models import HerbalFormula, Order, Result, SheetRow, TreatmentSession
from apps.encounters.ordering import orders
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.catalogues import shipped
from tests.factories.orders import (
    COUNT,
    GLUCOSE,
    HIV,
    INJECTION,
    NEEDLES,
    ULTRASOUND,
    a_price,
    a_result,
    an_order,
    order_catalogues,
)


@pytest.fixture
def visit(hoa, doctor):
    order_catalogues()
    return make.an_examined_visit(hoa, doctor)


@pytest.fixture
def head_client(station):
    """The head of the station, who may do everything here."""
    return signed_in("station_head", make.a_practitioner(station, "Đinh Văn Hai"), "hai.dv")


def at(name, pk):
    return reverse(f"encounters:{name}", args=[pk])


def post(client, address, **values):
    return client.post(address, {"form_key": str(uuid4()), **values})


def page_of(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def version(order):
    return Order.unscoped.values_list("version", flat=True).get(pk=order.pk)


def test_it_works(client, visit):
    a_price(GLUCOSE, 16_000, payer="fee")
    answer = post(client, at("orders_place", visit.pk), codes=[GLUCOSE, ULTRASOUND], note="lúc đói")
    assert answer.url == at("orders", visit.pk)
    page = page_of(client, answer.url)
    assert "Xét nghiệm đường máu mao mạch" in page
    assert "chưa có giá" in page
    order = Order.unscoped.get(code=GLUCOSE)
    assert "3,9–6,4" in page_of(client, at("order", order.pk))
    answer = post(
        client,
        at("result_enter", order.pk),
        version=1,
        action="verify",
        **{"test-GLU_CAP": "2,4"},
    )
    assert answer.url == at("order", order.pk)
    page = page_of(client, answer.url)
    assert "thấp nguy hiểm. Báo ngay bác sĩ." in page
    assert "Thấp nguy hiểm" in page_of(client, at("visit", visit.pk))
    assert ReadEntry.objects.filter(screen="order.page").exists()


def test_a_set_is_ordered_with_one_tick(client, visit, as_doctor):
    row = orders.order_set_save(name="Máu cơ bản", codes=[GLUCOSE, COUNT])
    assert "Máu cơ bản" in page_of(client, at("orders", visit.pk))
    post(client, at("orders_place", visit.pk), sets=[str(row.pk)])
    assert {order.code for order in Order.unscoped.all()} == {GLUCOSE, COUNT}


def test_the_same_again_asks_on_the_page(client, visit):
    post(client, at("orders_place", visit.pk), codes=[GLUCOSE])
    answer = post(client, at("orders_place", visit.pk), codes=[GLUCOSE])
    assert answer.status_code == 422
    assert "đã chỉ định trong lượt khám này" in answer.content.decode()
    answer = post(client, at("orders_place", visit.pk), codes=[GLUCOSE], override="đo lại sau ăn")
    assert answer.status_code == 302
    assert Order.unscoped.count() == 2


def test_a_double_click_orders_once(client, visit):
    values = {"form_key": str(uuid4()), "codes": [GLUCOSE]}
    for _ in range(2):
        assert client.post(at("orders_place", visit.pk), values).status_code == 302
    assert Order.unscoped.count() == 1


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"codes": []}, "Chọn ít nhất một dịch vụ"),
        ({"codes": ["10.0506.0459"]}, "không thuộc danh mục chỉ định"),
        ({"codes": [GLUCOSE], "sessions": "-1"}, "Ghi số buổi, từ 1."),
        ({"codes": [NEEDLES], "sessions": "99"}, "Số buổi từ 1 đến 60"),
    ],
    ids=["none", "foreign", "minus", "many"],
)
def test_what_is_refused_is_told(client, visit, values, sentence):
    answer = post(client, at("orders_place", visit.pk), **values)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Order.unscoped.exists()


def test_the_nurse_enters_and_the_doctor_verifies(client, station, visit, doctor):
    order = an_order(visit, doctor, COUNT)
    nurse = signed_in(
        "nurse", make.a_practitioner(station, "Võ Thị Sen", grade="nurse", can_sign=False), "sen.vt"
    )
    page = page_of(nurse, at("order", order.pk))
    assert "Lưu kết quả" in page
    assert "Lưu và duyệt" not in page
    answer = post(nurse, at("result_enter", order.pk), version=1, **{"test-HGB": "11,5"})
    assert answer.status_code == 422
    assert "Có điều cần xem lại" in answer.content.decode()
    post(
        nurse,
        at("result_enter", order.pk),
        version=1,
        override="đã đo lại",
        **{"test-HGB": "125", "test-WBC": "7"},
    )
    assert post(nurse, at("result_verify", order.pk), version=2).status_code == 403
    page = page_of(client, at("order", order.pk))
    assert "chờ duyệt" in page
    post(client, at("result_verify", order.pk), version=2)
    assert Result.unscoped.get().state == "final"


def test_wrong_figures_stand_at_their_boxes(client, visit, doctor):
    order = an_order(visit, doctor, COUNT)
    answer = post(client, at("result_enter", order.pk), version=1, **{"test-HGB": "cao", "test-WBC": "x"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Huyết sắc tố: “cao” không phải là số" in page
    assert "Số lượng bạch cầu: “x” không phải là số" in page
    assert 'value="cao"' in page


def test_somebody_has_saved_meanwhile(client, visit, doctor):
    order = an_order(visit, doctor)
    a_result(order, doctor, verify=False, GLU_CAP="5,6")
    answer = post(client, at("result_enter", order.pk), version=1, **{"test-GLU_CAP": "9,9"})
    assert answer.status_code == 409


def test_a_refused_result_is_kept_as_a_draft(client, visit, doctor):
    order = an_order(visit, doctor, ULTRASOUND)
    post(client, at("result_enter", order.pk), version=1, description="Gan không to, bờ đều")
    assert Draft.unscoped.get(kind="order").data["description"] == ["Gan không to, bờ đều"]
    assert "Gan không to, bờ đều" in page_of(client, at("order", order.pk))


def test_a_correction_shows_both(client, visit, doctor):
    order = an_order(visit, doctor)
    a_result(order, doctor, GLU_CAP="5,6")
    assert "Lý do sửa kết quả" in page_of(client, at("result_correct", order.pk))
    answer = post(
        client,
        at("result_correct", order.pk),
        version=version(order),
        reason="Gõ nhầm",
        **{"test-GLU_CAP": "6,6"},
    )
    assert answer.status_code == 302
    page = page_of(client, at("order", order.pk))
    assert "Bản trước" in page
    assert "Gõ nhầm" in page
    assert ">6,6<" in page


def test_an_injection_from_beginning_to_end(client, visit, doctor):
    order = an_order(visit, doctor, INJECTION)
    assert "Phiếu tiêm, theo dõi phản vệ" in page_of(client, at("order", order.pk))
    boxes = {
        "box-drug": "Diclofenac 75 mg",
        "box-route": "Bắp",
        "box-history": "Không có tiền sử dị ứng",
        "box-kit": "Có, đủ thuốc",
    }
    post(client, at("sheet", order.pk), version=1, action="save", **boxes)
    page = page_of(client, at("order", order.pk))
    assert page.index("Ghi dòng theo dõi") < page.index('id="order-form"'), (
        "what is written every hour is first"
    )
    assert page.count("autofocus") == 1
    answer = post(client, at("sheet_row", order.pk), pressure="120/80", pulse="80")
    assert answer.status_code == 302
    answer = post(client, at("sheet", order.pk), version=2, action="end", **boxes)
    assert answer.status_code == 422
    assert "cần 30 phút" in answer.content.decode()
    post(client, at("sheet", order.pk), version=2, action="end", override="Đã dặn theo dõi", **boxes)
    page = page_of(client, at("order", order.pk))
    assert "Đã kết thúc" in page
    assert "HA 120/80" in page
    post(client, at("sheet_reopen", order.pk), version=version(order), reason="Ghi thiếu lô")
    assert "Lưu phiếu" in page_of(client, at("order", order.pk))


def test_rows_of_a_sheet_are_refused_and_struck(client, visit, doctor):
    order = an_order(visit, doctor, INJECTION)
    post(client, at("sheet", order.pk), version=1, action="save", **{"box-drug": "Diclofenac"})
    answer = post(client, at("sheet_row", order.pk), temperature="375")
    assert answer.status_code == 422
    assert "Có phải là 37,5 không?" in answer.content.decode()
    post(client, at("sheet_row", order.pk), text="Nổi mày đay")
    row = SheetRow.unscoped.get()
    post(client, at("sheet_row_in_error", row.pk))
    row.refresh_from_db()
    assert row.in_error


def test_a_course_by_sittings(client, visit, doctor):
    order = an_order(visit, doctor, NEEDLES, sessions=2)
    assert post(client, at("sitting", order.pk)).status_code == 422
    post(client, at("sitting", order.pk), methods=["dien_cham"], minutes="25", points="Phong trì")
    assert "1/2 buổi" in page_of(client, at("order", order.pk))
    answer = post(client, at("sitting", order.pk), methods=["dien_cham"])
    assert answer.status_code == 422
    assert "Hôm đó đã ghi một buổi" in answer.content.decode()
    row = TreatmentSession.unscoped.get()
    post(client, at("sitting_in_error", row.pk), reason="Nhầm người")
    row.refresh_from_db()
    assert row.in_error
    post(client, at("course_end", order.pk), version=version(order), reason="Người bệnh không đến nữa")
    assert "kết thúc sớm" in page_of(client, at("orders", visit.pk))


def test_a_formula_by_the_page(client, visit):
    assert "Các vị trong một thang" in page_of(client, at("formula_new", visit.pk))
    values = {"packets": "7", "usage": "Sắc uống", "herb-0": "Độc hoạt", "grams-0": "12"}
    answer = post(client, at("formula_new", visit.pk), **values, **{"herb-1": "Đương quy"})
    assert answer.status_code == 422
    assert "Ghi số gam" in answer.content.decode()
    answer = post(client, at("formula_new", visit.pk), **values, **{"herb-1": "Đương quy", "grams-1": "8,5"})
    assert answer.url == at("orders", visit.pk)
    assert "Độc hoạt 12 g, Đương quy 8,5 g" in page_of(client, answer.url)
    formula = HerbalFormula.unscoped.get()
    assert client.get(at("formula", formula.pk)).content[:5] == b"%PDF-"
    post(client, at("formula_in_error", formula.pk), reason="Nhầm người")
    assert client.get(at("formula", formula.pk)).status_code == 404


def test_cancelled_with_a_reason(client, visit, doctor):
    order = an_order(visit, doctor)
    assert "Hủy chỉ định" in page_of(client, at("order_cancel", order.pk))
    assert post(client, at("order_cancel", order.pk), version=1, reason="").status_code == 422
    post(client, at("order_cancel", order.pk), version=1, reason="Người bệnh về sớm")
    assert "Người bệnh về sớm" in page_of(client, at("orders", visit.pk))


def test_what_waits(client, visit, doctor):
    an_order(visit, doctor)
    an_order(visit, doctor, INJECTION)
    page = page_of(client, reverse("encounters:orders_waiting"))
    assert visit.person.full_name in page
    assert "2 chỉ định" in page
    page = page_of(client, reverse("encounters:orders_waiting") + "?loai=procedure")
    assert "Tiêm bắp thịt" in page
    assert "đường máu mao mạch" not in page
    assert "Chờ thực hiện" in page_of(client, "/")


def test_the_picker_answers(client, visit, as_doctor):
    assert picks.find_kind("order") is not None
    page = client.post("/danh-muc/chon/order/", {"q": "duong huyet"}).content.decode()
    assert "đường máu mao mạch" in page


def test_the_stations_sets(head_client, visit):
    address = reverse("encounters:order_sets")
    post(head_client, address, name="Máu cơ bản", codes=[GLUCOSE, COUNT])
    page = page_of(head_client, address)
    assert "Máu cơ bản" in page
    assert "Tổng phân tích tế bào máu" in page
    from apps.encounters.models import OrderSet

    row = OrderSet.unscoped.get()
    post(head_client, at("order_set", row.pk), name="Máu 1", codes=[GLUCOSE])
    row.refresh_from_db()
    assert (row.name, row.codes) == ("Máu 1", [GLUCOSE])
    post(head_client, at("order_set", row.pk), action="drop")
    assert head_client.get(at("order_set", row.pk)).status_code == 404


# ---- papers


def test_papers(client, visit, doctor):
    order = an_order(visit, doctor, ULTRASOUND)
    assert client.get(at("result_slip", visit.pk)).status_code == 404
    assert client.get(at("order_slip", visit.pk)).content[:5] == b"%PDF-"
    a_result(order, doctor, conclusion="Chưa thấy bất thường")
    for name, pk in (("result_slip", visit.pk), ("order_paper", order.pk)):
        assert client.get(at(name, pk)).content[:5] == b"%PDF-"
    for code in (INJECTION, NEEDLES):
        assert client.get(at("order_paper", an_order(visit, doctor, code).pk)).content[:5] == b"%PDF-"
    paper = PaperCode.objects.get(kind="order_slip")
    assert client.get(f"/p/{paper.code}/", follow=True).status_code == 200 or paper.copies == 1


def test_a_restricted_test_is_on_no_shared_paper(client, visit, doctor):
    order = an_order(visit, doctor, HIV)
    assert client.get(at("order_slip", visit.pk)).status_code == 404
    assert client.get(at("order_paper", order.pk)).status_code == 200


# ---- strangers


def test_a_stranger_sees_nothing(elsewhere, visit, doctor):
    order = an_order(visit, doctor)
    for name, pk in (("orders", visit.pk), ("order", order.pk), ("order_slip", visit.pk)):
        assert elsewhere.get(at(name, pk)).status_code == 404
    assert post(elsewhere, at("result_enter", order.pk), version=1).status_code == 404
    assert visit.person.full_name not in page_of(elsewhere, reverse("encounters:orders_waiting"))


def test_the_health_record_tells_of_results(client, visit, doctor):
    order = an_order(visit, doctor)
    a_result(order, doctor, GLU_CAP="5,6")
    with enter(make.scope_of(doctor)):
        services.visit_finalise(visit_id=visit.pk, expected_version=visit.version)
    page = page_of(client, f"/nguoi/{visit.person_id}/ho-so/")
    assert "5,6 mmol/L" in page


def test_the_finished_visit_tells_its_formula(client, visit, doctor):
    values = {"packets": "7", "usage": "Sắc uống", "name": "Quy tỳ thang"}
    post(client, at("formula_new", visit.pk), **values, **{"herb-1": "Đương quy", "grams-1": "12"})
    visit.refresh_from_db()
    with enter(make.scope_of(doctor)):
        services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="x")
    page = page_of(client, at("visit", visit.pk))
    assert "Thuốc thang: Quy tỳ thang" in page and "Đương quy 12 g" in page and "7 thang." in page
    formula = HerbalFormula.unscoped.get()
    assert at("formula", formula.pk) in page and at("formula_in_error", formula.pk) not in page


def test_a_blood_count_stands_as_the_machine_prints_it(client, visit, doctor):
    """In the order of its strip, with its letters beside the names."""
    LabTest.objects.all().delete()
    shipped("lab_tests")
    order = an_order(visit, doctor, "22.0121.1369")
    page = page_of(client, at("order", order.pk))
    letters = ["(WBC)", "(NEUT%)", "(LYMPH%)", "(RBC)", "(HGB)", "(HCT)", "MCV", "MCH", "MCHC", "(PLT)"]
    places = [page.index(each) for each in letters]
    assert places == sorted(places)


def test_the_result_is_another_paper_than_the_order(client, visit, doctor):
    order = an_order(visit, doctor)
    client.get(at("order_paper", order.pk))
    post(client, at("result_enter", order.pk), version=1, action="verify", **{"test-GLU_CAP": "5,6"})
    client.get(at("order_paper", order.pk))
    assert set(PaperCode.objects.values_list("kind", "copies")) == {("order_paper", 1), ("order_result", 1)}
