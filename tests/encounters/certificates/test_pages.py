"""The pages of issued papers: the visit's panel, forms, the paper and its PDF, lists, the file, the API."""

import datetime as dt
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core.models import AuditEntry, GuardedExport, PaperCode, Parameter, ReadEntry
from apps.encounters.models import Certificate
from apps.facilities.models import Facility, FacilityLink
from tests.encounters.conftest import signed_in
from tests.encounters.test_papers import text_of
from tests.factories import certificates as papers
from tests.factories import encounters as make
from tests.factories.catalogues import an_icd10
from tests.factories.deaths import a_death
from tests.factories.patients import a_person, a_station


def at(name, *args):
    return reverse(f"encounters:{name}", args=args)


def typed(visit, **fields):
    return {"form_key": uuid4(), "version": visit.version, **fields}


REFERRAL = papers.REFERRED | {"left_at": "9:30"}


@pytest.fixture
def head(station):
    practitioner = make.a_practitioner(station, "Nguyễn Văn Minh", grade="assistant")
    return signed_in("station_head", practitioner, "minh.nv")


@pytest.fixture
def nurse(station):
    practitioner = make.a_practitioner(station, "Lê Thị Thu", grade="nurse", can_sign=False)
    return signed_in("nurse", practitioner, "thu.lt")


@pytest.fixture
def elsewhere(station):
    practitioner = make.a_practitioner(a_station("21490", "Trạm Y tế xã Ba Vì"), "Võ Thị Lan")
    return signed_in("doctor", practitioner, "lan.vt")


def test_it_works(client, referred):
    page = client.get(at("visit", referred.pk)).content.decode()
    form = at("certificate_issue", referred.pk, "chuyen-co-so")
    assert form in page
    begun = client.get(form).content.decode()
    assert papers.HOSPITAL in begun
    assert "Nhiệt độ 38,2 °C" in begun  # what the visit has found
    answer = client.post(form, typed(referred, **REFERRAL))
    made = Certificate.unscoped.get()
    assert answer.url == at("certificate", made.pk)
    shown = client.get(answer.url).content.decode()
    for words in (made.number, "Chưa có phản hồi", "Xe cứu thương", "Vượt khả năng của cơ sở"):
        assert words in shown, words


def test_the_slip_is_one_click(client, hoa, doctor):
    visit = papers.an_ended_visit(hoa, doctor, follow_up_on=timezone.localdate() + dt.timedelta(days=7))
    page = client.get(at("visit", visit.pk)).content.decode()
    assert 'id="issue-hen-kham-lai"' in page
    answer = client.post(at("certificate_issue", visit.pk, "hen-kham-lai"), typed(visit))
    assert answer.url == at("certificate", Certificate.unscoped.get().pk)


def test_the_same_post_issues_once(client, referred):
    form, sent = at("certificate_issue", referred.pk, "chuyen-co-so"), typed(referred, **REFERRAL)
    assert client.post(form, sent).url == client.post(form, sent).url
    assert Certificate.unscoped.count() == 1


def test_what_is_odd_asks_and_keeps_what_was_typed(client, visit):
    form = at("certificate_issue", visit.pk, "chuyen-co-so")
    answer = client.post(form, typed(visit, **REFERRAL))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "không phải chuyển đi" in page
    assert "Xe cứu thương" in page
    assert client.post(form, typed(visit, **REFERRAL, override="đổi ý")).status_code == 302


def test_each_wrong_field_is_told(client, visit):
    form = at("certificate_issue", visit.pk, "nghi-viec")
    answer = client.post(form, typed(visit, since="31/11/2026", until="", holder="12"))
    assert answer.status_code == 422
    page = answer.content.decode()
    for words in ("31/11/2026", "Ghi đơn vị làm việc"):
        assert words in page, words
    assert not Certificate.unscoped.exists()


@pytest.mark.parametrize(
    ("typed_days", "last", "issued", "told"),
    [
        ("3", "", 3, ""),
        ("", 4, 5, ""),
        ("5", 4, 5, ""),
        ("5", 3, None, "5 ngày thì nghỉ đến hết"),
        ("", "", None, "Ghi số ngày nghỉ, hoặc ngày nghỉ cuối cùng"),
        ("0", "", None, "Ghi số ngày, ví dụ 3"),
        ("-2", 1, None, "Ghi số ngày, ví dụ 3"),
        ("9" * 12, "", None, "Ghi số ngày, ví dụ 3"),
        ("31", "", None, "quá 30 ngày một lần cấp"),
        ("", -1, None, "đến hết phải từ ngày bắt đầu"),
    ],
)
def test_days_of_leave_and_the_last_day_say_the_same(client, visit, typed_days, last, issued, told):
    until = "" if last == "" else f"{visit.on + dt.timedelta(days=last):%d/%m/%Y}"
    form = at("certificate_issue", visit.pk, "nghi-viec")
    said = papers.leave(visit) | {"days": typed_days, "since": f"{visit.on:%d/%m/%Y}", "until": until}
    answer = client.post(form, typed(visit, **said))
    if told:
        assert answer.status_code == 422
        assert told in answer.content.decode()
    assert [row.days for row in Certificate.unscoped.all()] == ([issued] if issued else [])


def test_the_last_day_of_the_calendar_is_refused_in_words(client, visit):
    said = papers.leave(visit) | {"days": "999", "since": "31/12/9999", "until": ""}
    answer = client.post(at("certificate_issue", visit.pk, "nghi-viec"), typed(visit, **said))
    assert answer.status_code == 422


def test_a_nurse_sees_who_issues(nurse, referred):
    page = nurse.get(at("visit", referred.pk)).content.decode()
    assert "người được ký giấy này cấp" in page
    answer = nurse.get(at("certificate_issue", referred.pk, "chuyen-co-so"))
    assert answer.url == at("visit", referred.pk)


def test_the_paper_and_its_copy(client, visit, doctor):
    made = papers.a_sick_leave(visit, doctor)
    first = client.get(at("certificate_pdf", made.pk))
    text = text_of(first.content)
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "TRẠM Y TẾ XÃ BA TƠ", "GIẤY CHỨNG NHẬN NGHỈ VIỆC",
        made.number, "NGUYỄN THỊ HÒA", "5120123456", "03 ngày", "Công ty may Ba Tơ", "Trần Văn Bình",
    ):  # fmt: skip
        assert words in text, words
    assert "no-store" in first["Cache-Control"]
    assert "Bản sao" not in text
    assert "Bản sao, lần 1" in text_of(client.get(at("certificate_pdf", made.pk)).content)
    assert AuditEntry.objects.filter(action="paper.printed").count() == 2
    assert ReadEntry.objects.filter(screen="certificate.paper").count() == 2


def test_the_code_leads_to_the_paper_that_says_it_is_cancelled(client, head, visit, doctor):
    made = papers.a_sick_leave(visit, doctor)
    client.get(at("certificate_pdf", made.pk))
    code = PaperCode.objects.get(kind="certificate").code
    form = at("certificate_cancel", made.pk)
    assert "phải thu lại" in head.get(form).content.decode()
    head.post(form, {"form_key": uuid4(), "version": made.version, "reason": "ghi sai số ngày"})
    shown = client.get(reverse("core:paper", args=[code]), follow=True).content.decode()
    assert "Giấy này đã hủy, không còn giá trị" in shown
    assert "ghi sai số ngày" in shown
    assert client.get(at("certificate_pdf", made.pk)).status_code == 404


@pytest.mark.parametrize("kind", ["slip", "referral", "check_up", "summary", "death"])
def test_every_paper_is_drawn(client, station, doctor, kind):
    person = a_person(station, "Đinh Văn Lực", sex="male")
    if kind == "death":
        made = papers.a_death_notice(a_death(person, place="facility"), doctor)
        words = "GIẤY BÁO TỬ"
    else:
        visit = papers.an_ended_visit(
            person, doctor, outcome="2" if kind == "referral" else "", kind="check_up",
            follow_up_on=timezone.localdate() + dt.timedelta(days=3), findings={"heart": "T1, T2 rõ"},
        )  # fmt: skip
        make_one = {
            "slip": papers.a_slip, "referral": papers.a_referral,
            "check_up": papers.a_check_up, "summary": papers.a_summary,
        }[kind]  # fmt: skip
        made = make_one(visit, doctor)
        words = {
            "slip": "dấu hiệu (triệu chứng) bất thường", "referral": "GIẤY CHUYỂN CƠ SỞ",
            "check_up": "T1, T2 rõ", "summary": "BẢN TÓM TẮT HỒ SƠ BỆNH ÁN",
        }[kind]  # fmt: skip
    text = text_of(client.get(at("certificate_pdf", made.pk)).content)
    assert words in text
    assert "ĐINH VĂN LỰC" in text


def test_the_death_leads_to_its_notice(client, station, doctor):
    person = a_person(station, "Đinh Văn Lực", sex="male")
    death = a_death(person, place="facility")
    page = client.get(reverse("patients:death", args=[death.pk])).content.decode()
    form = at("death_notice", death.pk)
    assert form in page
    answer = client.post(form, typed(death, cause="Suy tim", place="Trạm Y tế xã Ba Tơ"))
    made = Certificate.unscoped.get()
    assert answer.url == at("certificate", made.pk)
    assert made.number in client.get(reverse("patients:death", args=[death.pk])).content.decode()


def test_strangers_find_nothing(elsewhere, visit, referred, doctor):
    made = papers.a_referral(referred, doctor)
    for name in (
        "certificate",
        "certificate_pdf",
        "certificate_cancel",
        "referral_answer",
        "referral_answer_wrong",
    ):
        assert elsewhere.get(at(name, made.pk)).status_code == 404, name
    assert elsewhere.get(at("certificate_issue", visit.pk, "tom-tat")).status_code == 404
    assert made.number not in elsewhere.get(at("certificates")).content.decode()


def test_an_unknown_kind_is_no_page(client, visit):
    for slug in ("bao-tu", "khac"):
        assert client.get(at("certificate_issue", visit.pk, slug)).status_code == 404


def test_the_list_by_kind_and_state(client, visit, referred, doctor):
    papers.a_summary(visit, doctor)
    papers.a_referral(referred, doctor)
    everything = client.get(at("certificates")).content.decode()
    assert "Tóm tắt hồ sơ bệnh án" in everything
    assert papers.HOSPITAL in everything
    some = client.get(at("certificates") + "?loai=tom-tat&trang-thai=hieu-luc").content.decode()
    assert papers.HOSPITAL not in some
    assert "Chưa cấp giấy nào" in client.get(at("certificates") + "?trang-thai=huy").content.decode()
    assert papers.HOSPITAL in client.get(at("unanswered")).content.decode()


@pytest.mark.parametrize(
    ("text", "loai", "found"),
    [
        ("hoa", "", {"Nguyễn Thị Hòa"}),
        ("NGUYEN THI HOA 1990", "", {"Nguyễn Thị Hòa"}),
        ("luc", "", {"Đinh Văn Lực"}),
        ("051190000123", "", {"Nguyễn Thị Hòa"}),
        ("2", "chuyen-co-so", {"Đinh Văn Lực"}),
        ("0000", "", set()),
        ("hoa", "chuyen-co-so", {"Nguyễn Thị Hòa"}),
        ("hoa", "tom-tat", set()),
        ("khong ai", "", set()),
        ("'); --", "", set()),
    ],
)
def test_a_paper_is_found_as_its_person_is(client, referred, doctor, station, text, loai, found):
    papers.a_referral(referred, doctor)
    other = papers.an_ended_visit(a_person(station, "Đinh Văn Lực", sex="male"), doctor, outcome="2")
    made = papers.a_referral(other, doctor)
    answer = client.post(at("certificates"), {"q": text, "loai": loai})
    page = answer.content.decode()
    assert {name for name in ("Nguyễn Thị Hòa", "Đinh Văn Lực") if name in page} == found
    if not found:
        assert "Không thấy giấy nào" in page
    assert "Đinh Văn Lực" in client.post(at("certificates"), {"q": made.number}).content.decode()
    assert "Nguyễn" in client.get(at("certificates") + "?q=luc").content.decode(), "no name in an address"


def test_what_was_looked_for_goes_on_page_by_page(client, referred, visit, doctor):
    Parameter.objects.filter(key="certificates.page_size").update(value=1)
    papers.a_referral(referred, doctor)
    papers.a_summary(visit, doctor)
    first = client.post(at("certificates"), {"q": "hoa"}).content.decode()
    assert "Tóm tắt hồ sơ bệnh án</td>" in first
    cursor = re.findall(r'name="c" value="([^"]+)"', first)[-1]
    second = client.post(at("certificates"), {"q": "hoa", "c": cursor}).content.decode()
    assert papers.HOSPITAL in second
    assert 'name="q" value="hoa"' in second
    assert ReadEntry.objects.filter(screen="certificate.list", person_ids=[visit.person_id]).count() == 2


@pytest.mark.parametrize("name", ["certificates", "unanswered"])
def test_a_list_costs_the_same_at_2_and_at_20(client, station, doctor, name):
    def some(count):
        for place in range(count):
            person = a_person(station, f"Đinh Thị {place}")
            papers.a_referral(papers.an_ended_visit(person, doctor, outcome="2"), doctor)

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(at(name)).status_code == 200
        return len(queries)

    some(2)
    cost()
    few = cost()
    some(18)
    assert cost() == few


def test_the_answer_is_noted_and_shown_on_the_visit(nurse, client, referred, doctor):
    made = papers.a_referral(referred, doctor)
    form = at("referral_answer", made.pk)
    sent = {
        "form_key": uuid4(), "version": made.version, "kind": "returned",
        "on": f"{timezone.localdate():%d/%m/%Y}", "diagnosis": "Viêm phổi thùy",
        "advice": "Khám lại sau 7 ngày",
    }  # fmt: skip
    assert nurse.post(form, sent).url == at("certificate", made.pk)
    assert "Phản hồi: Viêm phổi thùy" in client.get(at("visit", referred.pk)).content.decode()
    assert "Khám lại sau 7 ngày" in client.get(at("certificate", made.pk)).content.decode()
    outrun = nurse.post(form, sent | {"form_key": uuid4()})
    assert outrun.status_code == 422


def test_the_file_leaves_with_a_reason(head, client, referred, doctor, django_capture_on_commit_callbacks):
    papers.a_referral(referred, doctor)
    today = f"{timezone.localdate():%d/%m/%Y}"
    form = at("certificates_export")
    assert client.get(form).status_code == 403
    assert head.post(form, {"form_key": uuid4(), "since": today, "until": today}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        sent = {"form_key": uuid4(), "since": today, "until": today, "reason": "báo cáo tháng", "kind": ""}
        assert head.post(form, sent).url == reverse("core:exports")
    assert GuardedExport.unscoped.get().state == "ready"


def test_the_api_reads(client, referred, doctor):
    made = papers.a_referral(referred, doctor)
    row = client.get("/api/certificates/?kind=referral&answered=false").json()["results"][0]
    assert (row["id"], row["number"], row["answer"]) == (str(made.pk), made.number, None)
    assert row["said"]["destination"] == papers.HOSPITAL
    assert client.get("/api/certificates/?kind=summary").json()["results"] == []
    assert client.post("/api/certificates/", {}).status_code in (403, 405)


def test_the_api_masks_the_number_of_the_insured(client, head, visit, doctor):
    made = papers.a_sick_leave(visit, doctor)
    assert client.get(f"/api/certificates/{made.pk}/").json()["said"]["holder"] == "******3456"
    assert head.get(f"/api/certificates/{made.pk}/").json()["said"]["holder"] == "5120123456"


def test_no_paper_is_folded_away(client, visit, referred):
    page = client.get(at("visit", visit.pk)).content.decode()
    assert at("certificate_issue", visit.pk, "nghi-viec") in page
    assert "<details><summary>Giấy khác" not in page
    asked = client.get(at("visit", referred.pk)).content.decode()
    where = at("certificate_issue", referred.pk, "chuyen-co-so")
    button = asked.rpartition(where)[2].partition("</a>")[0]
    assert 'data-key="F7"' in button and "<kbd>F7</kbd>" in button


def test_whoever_is_sent_on_takes_her_paper_first(client, visit, referred):
    """The page of the ended visit begins with it until it is written; for others with what is printed."""
    where = '<a class="button button-primary" href="{}" autofocus'
    for each, slug in ((visit, None), (referred, "chuyen-co-so")):
        page = client.get(reverse("encounters:visit", args=[each.pk])).content.decode()
        first = where.format(reverse("encounters:certificate_issue", args=[each.pk, "chuyen-co-so"]))
        assert (first in page) is bool(slug) and page.count(" autofocus") == 1


@pytest.mark.parametrize(
    ("codes", "begun"),
    [(["Z00.0"], "Hiện tại không phát hiện bệnh, tật"), (["Z00.0", "J06.9"], "J06.9 - Nhiễm trùng")],
)
def test_why_she_came_is_no_illness_of_a_health_certificate(client, hoa, doctor, codes, begun):
    an_icd10("Z00.0", "Khám sức khỏe tổng quát")
    visit = papers.an_ended_visit(hoa, doctor, kind="check_up", codes=codes)
    page = client.get(at("certificate_issue", visit.pk, "kham-suc-khoe")).content.decode()
    box = page[page.index('name="conclusion"') :].partition("</textarea>")[0]
    assert begun in box and "Z00.0" not in box


def test_the_own_centre_stands_first_then_hospitals(client, referred, station):
    other = Facility.objects.create(name="A Trung tâm khác", kind="regional_centre", unit=station.unit)
    own = Facility.objects.create(name="Z Trung tâm của trạm", kind="regional_centre", unit=station.unit)
    FacilityLink.objects.create(facility=station, parent=own, kind="reporting")
    page = client.get(at("certificate_issue", referred.pk, "chuyen-co-so")).content.decode()
    places = page[page.index('<datalist id="places">') :].partition("</datalist>")[0]
    order = [places.index(name) for name in (own.name, papers.HOSPITAL, other.name)]
    assert order == sorted(order)
