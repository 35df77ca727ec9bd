"""The pages of visits as a browser posts them."""

import datetime as dt
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.models import Draft, ReadEntry, SubmittedForm
from apps.core.scope import enter
from apps.encounters import queries, services
from apps.encounters.models import PrescriptionLine, Visit, VisitRevision
from tests.encounters.conftest import signed_in
from tests.factories import encounters as make
from tests.factories.patients import a_card, a_person, an_allergy


def at(name, *args):
    return reverse(f"encounters:{name}", args=args)


def typed(visit, **changes):
    """What a filled page posts."""
    values = {
        "form_key": str(uuid4()),
        "version": visit.version,
        "reason": "Ho, sốt 2 ngày",
        "temperature": "37,5",
        "pulse": "88",
        "pressure": "120/80",
        "weight": "52",
        "history": "",
        "examination": "Họng đỏ",
        "main": "J06.9",
        "main_text": "",
        "external": "",
        "line": ["0", "1"],
        "line-0-drug": "TD001.1",
        "line-0-dose": "1",
        "line-0-times": "2",
        "line-0-days": "5",
        "line-0-quantity": "",
        "line-0-note": "sau ăn",
        "line-1-drug": "",
        "treatment_text": "",
        "advice": "Uống nhiều nước",
        "follow_up_on": "7",
        "outcome": "1",
        "result": "",
        "override": "",
        "action": "save",
    }
    return values | changes


def test_it_works(client, hoa, doctor):
    answer = client.post(
        at("open", hoa.pk), {"form_key": uuid4(), "reason": "Ho", "payer": "fee", "card": ""}
    )
    visit = Visit.unscoped.get()
    assert answer.url == at("visit", visit.pk)
    assert client.get(answer.url).status_code == 200
    answer = client.post(at("visit", visit.pk), typed(visit, action="finalise"))
    visit.refresh_from_db()
    assert (answer.status_code, visit.state) == (302, "finalised")
    assert visit.follow_up_on == visit.on + dt.timedelta(days=7)
    line = PrescriptionLine.unscoped.get()
    assert (line.quantity, line.usage) == (10, "Ngày uống 2 lần, mỗi lần 1 viên, sau ăn")
    page = client.get(answer.url).content.decode()
    assert "J06.9 - Nhiễm trùng đường hô hấp trên cấp" in page
    assert "Ngày uống 2 lần, mỗi lần 1 viên, sau ăn" in page
    assert "đã hoàn tất" in page


def test_saving_keeps_all_that_was_typed_and_shows_it_again(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    assert client.post(at("visit", visit.pk), typed(visit)).status_code == 302
    page = client.get(at("visit", visit.pk)).content.decode()
    for text in (
        "Ho, sốt 2 ngày",
        "37,5",
        "120/80",
        "Họng đỏ",
        "Paracetamol 500mg",
        "Uống nhiều nước",
        "10 viên",
    ):
        assert text in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"temperature": "375"}, "Có phải là 37,5 không?"),
        ({"temperature": "ba bảy"}, "không phải là số"),
        ({"pressure": "120"}, "chưa đủ hai số"),
        ({"pressure": "80/120"}, "số tối đa phải lớn hơn"),
        ({"main": "Z99.99"}, "không có trong danh mục"),
        ({"line-0-days": "400"}, "400 ngày là quá 90 ngày"),
        ({"line-0-quantity": "0"}, "số lượng phải lớn hơn 0"),
        ({"line-0-times": "hai"}, "Ghi một số."),
        ({"line-0-dose": ""}, "Ghi liều mỗi lần."),
        ({"line-0-drug": ""}, "Chọn thuốc trong danh mục."),
        ({"line-0-drug": "TD999"}, "không có trong danh mục"),
        ({"follow_up_on": "31/02/2027"}, "không có ngày 31"),
        ({"follow_up_on": "mai"}, "mai"),
        ({"outcome": "99"}, "99"),
        ({"reason": "Ho\x00"}, ""),
    ],
)
def test_bad_input_is_a_sentence_and_nothing_typed_is_lost(client, hoa, doctor, changes, sentence):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, **changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "Uống nhiều nước" in page
    visit.refresh_from_db()
    assert (visit.version, visit.advice) == (1, "")
    # and the next opening of the page still has it
    again = client.get(at("visit", visit.pk)).content.decode()
    assert "chưa lưu" in again
    assert "Uống nhiều nước" in again


def test_a_double_post_saves_once(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    data = typed(visit)
    first, second = (client.post(at("visit", visit.pk), data) for _ in range(2))
    assert first.url == second.url
    visit.refresh_from_db()
    assert visit.version == 2
    key = uuid4()
    for _ in range(2):
        client.post(at("open", hoa.pk), {"form_key": key, "payer": "fee", "override": "lần hai"})
    assert Visit.unscoped.count() == 2
    assert SubmittedForm.objects.count() == 2


def test_a_second_tab_gets_the_conflict_page_and_loses_nothing(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    client.post(at("visit", visit.pk), typed(visit))
    answer = client.post(at("visit", visit.pk), typed(visit, advice="Ở thẻ thứ hai"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Ở thẻ thứ hai" in page
    assert "Uống nhiều nước" in page
    assert Draft.unscoped.get().data["advice"] == ["Ở thẻ thứ hai"]


def test_a_second_tab_after_the_end_finds_its_text_in_the_amendment(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    client.post(at("visit", visit.pk), typed(visit, action="finalise"))
    answer = client.post(at("visit", visit.pk), typed(visit, action="finalise", advice="Ở thẻ thứ hai"))
    assert answer.status_code == 409
    page = client.get(at("amend", visit.pk)).content.decode()
    assert "Ở thẻ thứ hai" in page


def test_what_is_odd_is_saved_and_asked_about_at_the_end(client, hoa, doctor):
    an_allergy(hoa, "Paracetamol")
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, action="finalise"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "dị ứng Paracetamol" in page
    assert "<b>10 viên</b>" in page  # what the line comes to stands there again
    visit.refresh_from_db()
    assert (visit.state, visit.advice) == ("in_progress", "Uống nhiều nước")
    answer = client.post(
        at("visit", visit.pk), typed(visit, action="finalise", override_apart="Đã dùng được")
    )
    visit.refresh_from_db()
    assert visit.state == "finalised"
    assert visit.overrides[0]["reason"] == "Đã dùng được"


def test_without_a_diagnosis_it_is_saved_and_not_ended(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("visit", visit.pk), typed(visit, action="finalise", main=""))
    assert "Chưa có chẩn đoán chính." in answer.content.decode()
    visit.refresh_from_db()
    assert (visit.state, visit.version) == ("in_progress", 2)


def test_the_end_by_a_midwife_waits_and_the_doctor_signs_several(client, nurse_client, hoa, nurse):
    visits = [make.a_visit(hoa, nurse) for _ in range(2)]
    for visit in visits:
        nurse_client.post(at("visit", visit.pk), typed(visit, action="finalise"))
    page = nurse_client.get(at("visit", visits[0].pk)).content.decode()
    assert "Chờ bác sĩ ký" in page
    assert nurse_client.get(at("unsigned")).status_code == 403
    assert "J06.9" in client.get(at("unsigned")).content.decode()
    ticked = [f"{visit.pk}:{Visit.unscoped.get(pk=visit.pk).version}" for visit in visits]
    unseen = client.post(at("unsigned"), {"form_key": uuid4(), "visit": ticked}, follow=True)
    assert "Mở xem từng lượt khám trước khi ký" in unseen.content.decode()
    assert set(Visit.unscoped.values_list("state", flat=True)) == {"awaiting_signature"}
    assert "Chờ bạn ký" in client.get("/").content.decode()
    client.get(at("visit", visits[0].pk))  # both are hers: one look at the person
    assert 'name="visit"' in client.get(at("unsigned")).content.decode()
    client.post(at("unsigned"), {"form_key": uuid4(), "visit": [*ticked, f"{uuid4()}x:1"]})
    assert set(Visit.unscoped.values_list("state", flat=True)) == {"finalised"}


def test_one_is_signed_or_taken_back_from_its_page(client, nurse_client, hoa, nurse):
    first, second = make.a_finished_visit(hoa, nurse), make.a_finished_visit(hoa, nurse)
    client.post(at("sign", first.pk), {"form_key": uuid4(), "version": first.version})
    nurse_client.post(at("reopen", second.pk), {"form_key": uuid4(), "version": second.version})
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.state, second.state) == ("finalised", "in_progress")
    client.post(at("sign", second.pk), {"form_key": uuid4(), "version": "x"})
    second.refresh_from_db()
    assert second.state == "in_progress"


def test_an_amendment_shows_both_versions(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    assert client.get(at("amend", visit.pk)).status_code == 200
    refused = client.post(at("amend", visit.pk), typed(visit, amend_reason=""))
    assert refused.status_code == 422
    answer = client.post(at("amend", visit.pk), typed(visit, main="I10", amend_reason="Chẩn đoán lại"))
    assert answer.status_code == 302
    page = client.get(at("versions", visit.pk)).content.decode()
    assert "Chẩn đoán lại" in page
    assert "J06.9 - Nhiễm trùng" in page
    assert "I10 - Tăng huyết áp" in page
    assert VisitRevision.unscoped.count() == 1


def test_entered_in_error_asks_why(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    assert client.get(at("in_error", visit.pk)).status_code == 200
    data = {"form_key": uuid4(), "version": visit.version, "reason": ""}
    assert client.post(at("in_error", visit.pk), data).status_code == 422
    client.post(at("in_error", visit.pk), data | {"reason": "Nhầm người"})
    visit.refresh_from_db()
    assert visit.state == "entered_in_error"
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Nhầm người" in page
    for name in ("amend", "in_error"):
        assert client.get(at(name, visit.pk)).status_code == 302


@pytest.mark.parametrize(
    "state", ["waiting", "in_progress", "awaiting_signature", "finalised", "left", "entered_in_error"]
)
def test_each_state_shows_only_its_buttons(client, hoa, doctor, state):
    from apps.encounters import states

    visit = make.a_finished_visit(hoa, doctor)
    Visit.unscoped.filter(pk=visit.pk).update(state=state)
    page = client.get(at("visit", visit.pk)).content.decode()
    marks = {
        "save": 'value="save"',
        "finalise": 'value="finalise"',
        "sign": at("sign", visit.pk),
        "reopen": at("reopen", visit.pk),
        "amend": at("amend", visit.pk),
        "print": at("exam_slip", visit.pk),
        "error": at("in_error", visit.pk),
        "reception": at("reception", visit.pk),
        "leave": at("leave", visit.pk),
        "return": at("come_back", visit.pk),
    }
    shown = {key for key, mark in marks.items() if mark in page}
    # 'Hoàn tác' is there for who has just ended it alone (test_undoing.py)
    allowed = {action.key for action in states.actions(state)} - {"undo"}
    # One press of 'Hoàn tất' on a waiting visit saves it first, which moves it to 'đang khám'.
    assert shown == allowed | ({"finalise"} if state == "waiting" else set())


def test_a_stranger_finds_nothing(elsewhere, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    for name in ("visit", "amend", "in_error", "versions", "exam_slip", "prescription"):
        assert elsewhere.get(at(name, visit.pk)).status_code == 404, name
    for name in ("visit", "line", "more_lines", "sign", "reopen", "amend", "in_error"):
        answer = elsewhere.post(at(name, visit.pk), typed(visit))
        assert answer.status_code in (403, 404), name
    assert elsewhere.get(at("open", hoa.pk)).status_code == 404
    visit.refresh_from_db()
    assert visit.state == "finalised"


def test_who_may_not_prescribe_neither_changes_nor_loses_the_medicines(hoa, nurse, doctor):
    client = signed_in("nurse", nurse, "y.ta")
    visit = make.an_examined_visit(hoa, doctor)
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "line-0-drug" not in page
    assert "Ngày uống 2 lần" in page
    client.post(at("visit", visit.pk), typed(visit, **{"line-0-days": "9"}))
    assert PrescriptionLine.unscoped.get().days == 5


def test_a_line_is_computed_while_it_is_typed(client, hoa, doctor):
    visit = make.a_visit(hoa, doctor)
    answer = client.post(at("line", visit.pk), typed(visit, key="0"))
    assert "<b>10 viên</b> · Ngày uống 2 lần, mỗi lần 1 viên, sau ăn" in answer.content.decode()
    half = client.post(at("line", visit.pk), typed(visit, key="0", **{"line-0-dose": "5 ml"}))
    assert "hãy ghi số lượng" in half.content.decode()
    for key in ("", "x", "-1", "9999", "7"):
        assert client.post(at("line", visit.pk), typed(visit, key=key)).content.strip() == b""
    fresh = client.post(at("more_lines", visit.pk), {"line": ["0", "3", "x"]}).content.decode()
    assert 'name="line-4-drug"' in fresh or "line-4-drug" in fresh


def test_reception_asks_about_a_second_visit_of_the_day(client, hoa, doctor):
    make.a_visit(hoa, doctor)
    data = {"form_key": uuid4(), "reason": "Ho", "payer": "fee", "card": ""}
    answer = client.post(at("open", hoa.pk), data)
    assert answer.status_code == 422
    assert "đã có lượt khám" in answer.content.decode()
    assert client.post(at("open", hoa.pk), data | {"override": "Chiều quay lại"}).status_code == 302


def test_reception_offers_the_card_that_is_good(client, hoa):
    card = a_card(hoa, valid_from=None, valid_to=None)
    page = client.get(at("open", hoa.pk)).content.decode()
    assert card.number in page
    client.post(at("open", hoa.pk), {"form_key": uuid4(), "payer": "bhyt", "card": card.pk})
    assert Visit.unscoped.get().card == card
    assert (
        client.post(at("open", hoa.pk), {"form_key": uuid4(), "payer": "x", "card": uuid4()}).status_code
        == 422
    )


def test_the_day_shows_the_queue_and_its_filters(client, hoa, doctor):
    make.a_visit(hoa, doctor)
    make.a_finished_visit(hoa, doctor, at=timezone.now() - dt.timedelta(days=1))
    page = client.get(at("day")).content.decode()
    assert "1 lượt" in page
    assert "Nguyễn Thị Hòa" in page
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    for query in (f"?on={yesterday:%d/%m/%Y}", f"?on={yesterday.isoformat()}&state=finalised"):
        assert "J06.9" in client.get(at("day") + query).content.decode()
    for query in ("?state=waiting", "?state=xyz", "?on=31/02/2026", "?on=abc", "?c=fälschung"):
        assert client.get(at("day") + query).status_code == 200


def test_the_day_begins_with_what_is_left_to_do(client, as_doctor, station, doctor, nurse, monkeypatch):
    done, unsigned, begun, waits = (a_person(station, f"Đinh Văn {n}") for n in ("Một", "Hai", "Ba", "Bốn"))
    make.a_finished_visit(done, doctor)
    make.a_finished_visit(unsigned, nurse)
    make.an_examined_visit(begun, doctor)
    make.a_visit(waits, doctor)
    monkeypatch.setattr(queries, "page_size", lambda on: 2)
    first = queries.day(as_doctor, on=timezone.localdate())
    assert [visit.person for visit in first] == [begun, waits]
    rest = queries.day(as_doctor, on=timezone.localdate(), cursor=first.next_cursor)
    assert [visit.person for visit in rest] == [unsigned, done]
    back = queries.day(as_doctor, on=timezone.localdate(), cursor=rest.previous_cursor)
    assert [visit.person for visit in back] == [begun, waits]
    page = client.get(at("day")).content.decode()
    assert page.index("Đinh Văn Bốn") > page.index("Đinh Văn Ba")


def test_of_who_waits_the_emergency_stands_first_and_is_marked(client, as_doctor, station, doctor):
    early, urgent = (a_person(station, f"Đinh Văn {n}") for n in ("Sớm", "Gấp"))
    make.a_visit(early, doctor)
    make.a_visit(urgent, doctor, emergency=True)
    assert [visit.person for visit in queries.day(as_doctor, on=timezone.localdate())] == [urgent, early]
    for page in (client.get(at("day")), client.get("/")):
        text = page.content.decode()
        assert text.index("Đinh Văn Gấp") < text.index("cấp cứu") < text.index("Đinh Văn Sớm")


def test_after_a_signature_the_next_one_is_offered(client, station, doctor, nurse):
    first, second = (make.a_finished_visit(a_person(station, f"Đinh Văn {n}"), nurse) for n in ("Một", "Hai"))
    said = {"form_key": uuid4(), "version": first.version}
    client.post(at("sign", first.pk), said)
    page = client.get(at("visit", first.pk)).content.decode()
    assert f'href="{at("visit", second.pk)}" data-key="F8"' in page
    client.post(at("sign", second.pk), {"form_key": uuid4(), "version": second.version})
    assert "Lượt chờ ký tiếp theo" not in client.get(at("visit", second.pk)).content.decode()


def test_who_received_her_has_not_examined_her(client, station, doctor, nurse):
    waits, seen = (a_person(station, f"Đinh Văn {n}") for n in ("Chờ", "Khám"))
    make.a_visit(waits, nurse)
    assert nurse.full_name not in client.get(at("day")).content.decode()
    make.an_examined_visit(seen, nurse)
    assert client.get(at("day")).content.decode().count(nurse.full_name) == 1


@pytest.mark.parametrize("name", ["day", "unsigned"])
def test_a_list_costs_the_same_at_2_and_20_rows(
    client, hoa, station, nurse, doctor, name, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(at(name)).status_code == 200
        return len(found)

    for n in range(2):
        make.a_finished_visit(a_person(station, f"Đinh Văn {n}"), nurse)
    client.get(at(name))
    two = count()
    for n in range(18):
        make.a_finished_visit(a_person(station, f"Phạm Thị {n}"), nurse)
    assert count() == two
    assert two <= 14


def test_the_page_and_a_save_stay_within_their_queries(client, hoa, doctor, station):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make.a_drug("TD003.1", "Cetirizin")
    for _ in range(6):
        make.a_finished_visit(hoa, doctor)
    visit = make.a_visit(hoa, doctor)
    lines = {"line": ["0", "1", "2"]}
    for place, code in enumerate(("TD001.1", "TD028.1", "TD003.1")):
        lines |= {f"line-{place}-drug": code, f"line-{place}-dose": "1", f"line-{place}-times": "2",
                  f"line-{place}-days": "5"}  # fmt: skip
    client.get(at("visit", visit.pk))
    with CaptureQueriesContext(connection) as saving:
        assert client.post(at("visit", visit.pk), typed(visit, **lines)).status_code == 302
    with CaptureQueriesContext(connection) as looking:
        assert client.get(at("visit", visit.pk)).status_code == 200
    # two of them are the savepoint that a request is inside a test: 25 at a station
    assert len(looking) <= 27, "\n".join(row["sql"][:150] for row in looking)
    # two of them are what the law of the visit's day says: who prescribes, and how much
    assert len(saving) <= 27, "\n".join(row["sql"][:150] for row in saving)


def test_every_look_is_in_the_read_log(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    client.get(at("visit", visit.pk)), client.get(at("day")), client.get(at("versions", visit.pk))
    screens = list(ReadEntry.objects.order_by("at").values_list("screen", flat=True))
    assert screens == ["visit.page", "visit.day", "visit.versions"]


def test_nothing_english_and_nothing_personal_in_addresses(client, hoa, doctor):
    visit = make.a_finished_visit(hoa, doctor)
    with enter(make.scope_of(doctor)):
        services.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Nhầm")
    for name in ("visit", "versions"):
        assert "entered" not in client.get(at(name, visit.pk)).content.decode().split("<main")[1]


def test_from_a_visit_one_step_leads_to_the_person_and_no_allergy_noted_is_no_claim(client, hoa, doctor):
    person = reverse("patients:person", args=[hoa.pk])
    visit = make.a_visit(hoa, doctor)
    for page in (client.get(at("open", hoa.pk)), client.get(at("visit", visit.pk))):
        words = page.content.decode()
        assert f'<span class="banner-name"><a href="{person}">' in words
        assert "Chưa ghi dị ứng nào" in words
    assert f'data-back href="{person}"' in client.get(at("open", hoa.pk)).content.decode()


def test_the_way_from_one_patient_to_the_next(client, hoa, doctor):
    """From an open visit Esc leads back to the queue; from a finished one F4, and Esc to the day's list."""
    visit = make.an_examined_visit(hoa, doctor)
    assert f'data-back href="{at("queue")}"' in client.get(at("visit", visit.pk)).content.decode()
    client.post(at("visit", visit.pk), typed(visit, action="finalise"))
    page = client.get(at("visit", visit.pk)).content.decode()
    assert f'href="{at("queue")}" data-key="F4"' in page and f'data-back href="{at("day")}"' in page
    amending = client.get(at("amend", visit.pk)).content.decode()
    assert f'data-back href="{at("queue")}"' not in amending
