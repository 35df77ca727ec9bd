"""The health record of QĐ 831: its page, its forms, its earlier versions, the yearly review."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.errors import NeedsReason, Refused
from apps.core.ids import uuid7
from apps.core.models import AuditEntry, Draft, ReadEntry
from apps.core.scope import enter
from apps.patients.health_record import reading, saving
from apps.patients.health_record.parts import PARTS
from apps.patients.models import (
    AskedNone,
    BirthHistory,
    HealthRecord,
    OwnDisease,
    RecordVersion,
    ReproductiveHistory,
    RiskFactors,
    Surgery,
)
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import shipped_once
from tests.factories.patients import a_person, a_station, an_allergy, scope_at

pytestmark = pytest.mark.django_db

RIGHTS = frozenset({"people.view", "people.edit", "records.view", "records.edit", "restricted.view"})


lists = shipped_once("code_lists", "restricted_data")


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station))


@pytest.fixture
def doctor(station):
    return client_of(a_member("doctor", station))


@pytest.fixture
def person(station):
    return a_person(station, "Đinh Thị Vân Kiều", birth_date=dt.date(1986, 5, 1))


@pytest.fixture
def inside(station):
    with enter(scope_at(station, RIGHTS)):
        yield


def post(client, person, part, tail="", **fields):
    return client.post(f"/nguoi/{person.pk}/ho-so/{part}/{tail}", {"form_key": str(uuid7()), **fields})


def page(client, person, tail=""):
    return client.get(f"/nguoi/{person.pk}/ho-so/{tail}").content.decode()


def wrong(response):
    assert response.status_code == 422
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


def save(part, person, expected=0, reason="", **values):
    return saving.section_save(
        person=person, part=PARTS[part], values=values, expected_version=expected, reason=reason
    )


def add(part, person, **values):
    return saving.line_add(person=person, part=PARTS[part], values=values)


def test_it_works(nurse, person, station):
    """Filled section by section, read back in the words of the form, reviewed."""
    an_allergy(person, "Penicillin")
    said = post(nurse, person, "luc-sinh", method="0", preterm="0", weight_g="3200", length_cm="49,5")
    assert said.url == f"/nguoi/{person.pk}/ho-so/?muc=luc-sinh#luc-sinh"
    post(nurse, person, "nguy-co", tobacco="0", alcohol="1", alcohol_glasses="2", exposure=["2", "3"])
    post(nurse, person, "benh-tat", "them/", code="02", since_year="2015")
    post(nurse, person, "khuyet-tat", "them/", code="2", degree="3")
    post(nurse, person, "phau-thuat", "them/", text="Cắt ruột thừa", year="2009")
    post(nurse, person, "gia-dinh", "them/", code="03", relative="02")
    post(nurse, person, "sinh-san", miscarriages="1", deliveries="2", normal="2", living_children="2")
    post(nurse, person, "khac", "them/", text="Đang dùng máy trợ thính")
    post(nurse, person, "hanh-chinh", birth_registered_in="Xã Ba Tơ", carer_name="Phạm Văn Hrê")
    assert nurse.post(f"/nguoi/{person.pk}/ho-so/ra-soat/", {"form_key": str(uuid7())}).status_code == 302
    shown = page(nurse, person)
    for words in (
        "Penicillin", "Đẻ thường", "3.200 g", "49,5 cm", "Bụi, Tiếng ồn", "Tăng huyết áp, từ năm 2015",
        "Thị lực, mức độ nhẹ", "Cắt ruột thừa, năm 2009", "Đái tháo đường, mẹ", "máy trợ thính", "Xã Ba Tơ",
        "Phạm Văn Hrê", "Chưa có dữ liệu tiêm chủng trong hệ thống", "Còn hạn",
    ):  # fmt: skip
        assert words in shown, words
    order = [shown.index(f">{title}") for title in ("A. Thông tin", "B. Tiền sử", "C. Tiêm", "D. Khám")]
    assert order == sorted(order)
    assert AuditEntry.objects.filter(action="record.saved", person_id=person.pk).count() == 9
    assert ReadEntry.objects.filter(screen="record.page", person_ids=[person.pk]).exists()


def test_nothing_of_it_stands_in_the_audit(inside, person):
    add("benh-tat", person, code="13", text="Ung thư vú trái", since_year=2020)
    (row,) = AuditEntry.objects.filter(action="record.saved")
    assert row.data == {"part": "B.3 Tiền sử bệnh tật, dị ứng"}


def test_the_same_form_saves_once(nurse, person):
    said = {"form_key": str(uuid7()), "text": "Mổ lấy thai", "year": "2012"}
    first = nurse.post(f"/nguoi/{person.pk}/ho-so/phau-thuat/them/", said)
    again = nurse.post(f"/nguoi/{person.pk}/ho-so/phau-thuat/them/", said)
    assert first.url == again.url
    assert Surgery.unscoped.count() == 1


def test_what_was_said_before_is_kept(inside, person):
    row = save("luc-sinh", person, weight_g=3200, defect="")
    save("luc-sinh", person, expected=row.version, weight_g=3100, defect="Hở hàm ếch")
    (earlier,), _ = reading.versions(scope_of_test(person), person)
    assert [(fact.label, fact.value) for fact in earlier.facts] == [("Cân nặng lúc sinh", "3.200 g")]
    kept = RecordVersion.unscoped.get()
    assert (kept.of_version, kept.said_by_name) == (1, "thu")


def scope_of_test(person, rights=RIGHTS):
    return scope_at(person.station, rights)


def test_what_is_saved_unchanged_is_no_new_version(inside, person):
    row = save("luc-sinh", person, weight_g=3200)
    again = save("luc-sinh", person, expected=row.version, weight_g=3200)
    assert again.version == row.version
    assert not RecordVersion.unscoped.exists()


def test_the_second_of_two_editors_sees_both(nurse, person):
    post(nurse, person, "luc-sinh", weight_g="3200")
    post(nurse, person, "luc-sinh", weight_g="3000", preterm="1", version="1")
    outrun = post(nurse, person, "luc-sinh", weight_g="2900", preterm="0", version="1")
    assert outrun.status_code == 409
    words = outrun.content.decode()
    assert "3.000 g" in words and "2.900 g" in words
    assert "True" not in words and "False" not in words
    assert Draft.unscoped.filter(kind="record-luc-sinh", object_id=person.pk).exists()
    chosen = post(nurse, person, "luc-sinh", weight_g="2900", preterm="1", version="2")
    assert chosen.status_code == 302
    assert BirthHistory.unscoped.get().weight_g == 2900


def test_lists_survive_a_conflict(nurse, person):
    post(nurse, person, "nguy-co", exposure=["1"], tobacco="1", tobacco_quit="on")
    post(nurse, person, "nguy-co", exposure=["2", "3"], tobacco="1", version="1")
    outrun = post(nurse, person, "nguy-co", exposure=["1", "2"], tobacco="1", version="1")
    assert 'value="2,3"' in outrun.content.decode()
    post(nurse, person, "nguy-co", exposure="2,3", tobacco="1", tobacco_quit="false", version="2")
    assert RiskFactors.unscoped.get().exposure == ["2", "3"]


def test_section_a_that_another_section_opened_is_no_conflict(nurse, person):
    post(nurse, person, "luc-sinh", weight_g="3200")
    assert post(nurse, person, "hanh-chinh", home_phone="0255123456").status_code == 302
    assert not RecordVersion.unscoped.exists()


# --- lines


def test_a_line_is_amended_and_the_earlier_one_kept(nurse, person):
    post(nurse, person, "benh-tat", "them/", code="02", since_year="2015")
    row = OwnDisease.unscoped.get()
    changed = post(
        nurse, person, "benh-tat", f"{row.pk}/", code="02", since_year="2016", state="resolved", version="1"
    )
    assert changed.status_code == 302
    assert "Đã khỏi" in page(nurse, person)
    assert "Tăng huyết áp, từ năm 2015" in page(nurse, person, "cac-ban/")


def test_a_mistake_is_said_and_not_deleted(nurse, person):
    post(nurse, person, "phau-thuat", "them/", text="Mổ tim")
    row = Surgery.unscoped.get()
    post(nurse, person, "phau-thuat", f"{row.pk}/", text="Mổ tim", state="entered_in_error", version="1")
    assert "<s>Mổ tim</s>" in page(nurse, person)


def test_the_same_line_is_not_made_twice(inside, person):
    add("benh-tat", person, code="02")
    with pytest.raises(Refused, match="Đã có dòng này"):
        add("benh-tat", person, code="02")
    add("benh-tat", person, code="03")


def test_none_is_said_and_withdrawn_by_a_line(nurse, person):
    assert "Không phẫu thuật" in page(nurse, person)  # the button
    nurse.post(f"/nguoi/{person.pk}/ho-so/phau-thuat/khong/", {"form_key": str(uuid7())})
    assert "Không phẫu thuật, hỏi ngày" in page(nurse, person)
    post(nurse, person, "phau-thuat", "them/", text="Cắt ruột thừa")
    assert "Không phẫu thuật" not in page(nurse, person)
    assert AskedNone.unscoped.get().withdrawn_on == timezone.localdate()


def test_none_is_refused_where_there_is_something(inside, person):
    add("phau-thuat", person, text="Cắt ruột thừa")
    with pytest.raises(Refused):
        saving.none_say(person=person, part=PARTS["phau-thuat"])


# --- what may not be said


@pytest.mark.parametrize(
    ("part", "fields", "field"),
    [
        ("luc-sinh", {"weight_g": "35"}, "weight_g"),
        ("luc-sinh", {"weight_g": "3,2"}, "weight_g"),
        ("luc-sinh", {"weight_g": "35000"}, "weight_g"),
        ("luc-sinh", {"weight_g": "nặng"}, "weight_g"),
        ("luc-sinh", {"weight_g": "-3200"}, "weight_g"),
        ("luc-sinh", {"length_cm": "495"}, "length_cm"),
        ("luc-sinh", {"method": "9"}, "method"),
        ("luc-sinh", {"defect": "Ă" * 301}, "defect"),
        ("luc-sinh", {"other": "Mẹ nhiễm HIV"}, "other"),
        ("nguy-co", {"tobacco": "0", "tobacco_a_day": "20"}, "tobacco_a_day"),
        ("nguy-co", {"tobacco": "0", "tobacco_quit": "on"}, "tobacco_quit"),
        ("nguy-co", {"alcohol": "2", "alcohol_glasses": "200"}, "alcohol_glasses"),
        ("nguy-co", {"activity": "1", "activity_minutes": "2000"}, "activity_minutes"),
        ("nguy-co", {"exposure": ["7"]}, "exposure"),
        ("nguy-co", {"toilet": "x"}, "toilet"),
        ("sinh-san", {"deliveries": "31"}, "deliveries"),
        ("sinh-san", {"deliveries": "0", "normal": "1"}, "normal"),
        ("sinh-san", {"last_pregnancy_year": "1980"}, "last_pregnancy_year"),
        ("sinh-san", {"last_pregnancy_year": "2999"}, "last_pregnancy_year"),
        ("hanh-chinh", {"home_phone": "0" * 30}, "home_phone"),
    ],
)  # fmt: skip
def test_wrong_input_is_answered_beside_its_field(nurse, person, part, fields, field):
    errors = wrong(post(nurse, person, part, **fields))
    assert list(errors) == [field]
    assert BirthHistory.unscoped.count() + RiskFactors.unscoped.count() == 0
    assert ReproductiveHistory.unscoped.count() == 0


@pytest.mark.parametrize(
    ("part", "fields", "field"),
    [
        ("benh-tat", {"code": ""}, "code"),
        ("benh-tat", {"code": "99"}, "code"),
        ("benh-tat", {"code": "15"}, "text"),
        ("benh-tat", {"code": "02", "since_year": "1985"}, "since_year"),
        ("benh-tat", {"code": "02", "since_year": "2999"}, "since_year"),
        ("benh-tat", {"code": "02", "since_year": "hai nghìn"}, "since_year"),
        ("benh-tat", {"code": "02", "icd_code": "ZZZ"}, "icd_code"),
        ("khuyet-tat", {"code": "7"}, "text"),
        ("phau-thuat", {"text": ""}, "text"),
        ("phau-thuat", {"text": "\x00\u202e"}, "text"),
        ("phau-thuat", {"text": "Mổ", "year": "86"}, "year"),
        ("gia-dinh", {"code": "A1", "relative": "01"}, "text"),
        ("gia-dinh", {"code": "02", "relative": ""}, "relative"),
        ("khac", {"text": "😀" * 501}, "text"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_answered_beside_its_field(nurse, person, part, fields, field):
    assert list(wrong(post(nurse, person, part, "them/", **fields))) == [field]
    assert not PARTS[part].model.unscoped.exists()


def test_kilograms_are_guessed(nurse, person):
    (sentence,) = wrong(post(nurse, person, "luc-sinh", weight_g="3,2"))["weight_g"]
    assert "Có phải 3200 g?" in sentence


def test_grams_may_be_written_with_a_point(nurse, person):
    post(nurse, person, "luc-sinh", weight_g="3.250")
    assert BirthHistory.unscoped.get().weight_g == 3250


def test_a_rare_weight_asks_for_a_reason(nurse, person):
    asked = post(nurse, person, "luc-sinh", weight_g="1200")
    assert "hiếm gặp" in asked.content.decode()
    assert asked.status_code == 422 and not BirthHistory.unscoped.exists()
    assert post(nurse, person, "luc-sinh", weight_g="1200", reason="Giấy chứng sinh").status_code == 302
    assert BirthHistory.unscoped.get().reason == "Giấy chứng sinh"


def test_a_man_has_no_reproductive_history(nurse, station):
    man = a_person(station, "Phạm Văn Hrê", sex="male")
    assert nurse.get(f"/nguoi/{man.pk}/ho-so/sinh-san/").status_code == 404
    assert "Sức khỏe sinh sản" not in page(nurse, man)


def test_the_service_refuses_a_man_too(inside, station):
    man = a_person(station, "Phạm Văn Hrê", sex="male")
    with pytest.raises(Refused, match="chỉ ghi cho nữ"):
        save("sinh-san", man, deliveries=1)
    assert not ReproductiveHistory.unscoped.exists()


def test_more_living_children_than_births_asks(inside, person):
    with pytest.raises(NeedsReason) as asked:
        save("sinh-san", person, deliveries=1, living_children=2)
    assert [warning.code for warning in asked.value.warnings] == ["living_children"]
    row = save("sinh-san", person, reason="Sinh đôi", deliveries=1, living_children=2)
    assert row.living_children == 2


def test_an_unknown_section_is_nothing(nurse, person):
    for tail in ("xyz/", "benh-tat/", "luc-sinh/them/", f"benh-tat/{uuid7()}/"):
        assert nurse.get(f"/nguoi/{person.pk}/ho-so/{tail}").status_code == 404, tail


# --- strangers


def test_a_stranger_finds_nothing(person):
    charlie = client_of(a_member("doctor", a_station("23293", "Trạm Y tế xã Đăk Cấm")))
    for tail in ("", "luc-sinh/", "benh-tat/them/", "cac-ban/", "in.pdf"):
        assert charlie.get(f"/nguoi/{person.pk}/ho-so/{tail}").status_code == 404, tail
    for tail in ("luc-sinh/", "benh-tat/them/", "phau-thuat/khong/", "ra-soat/"):
        answer = charlie.post(f"/nguoi/{person.pk}/ho-so/{tail}", {"form_key": str(uuid7())})
        assert answer.status_code == 404, tail
    assert not HealthRecord.unscoped.exists()


def test_who_only_treats_her_does_not_read_her_record(person):
    from apps.patients.models import TreatingAccess

    elsewhere = a_station("23293", "Trạm Y tế xã Đăk Cấm")
    until = timezone.localdate() + dt.timedelta(days=30)
    TreatingAccess.objects.create(person=person, facility=elsewhere, until=until)
    doctor = client_of(a_member("doctor", elsewhere))
    assert doctor.get(f"/nguoi/{person.pk}/").status_code == 200
    assert doctor.get(f"/nguoi/{person.pk}/ho-so/").status_code == 403
    assert post(doctor, person, "phau-thuat", "them/", text="Mổ").status_code == 403


def test_another_persons_line_is_not_changed_through_this_one(nurse, person, station):
    post(nurse, person, "phau-thuat", "them/", text="Mổ tim")
    row, other = Surgery.unscoped.get(), a_person(station, "Hồ Thị Bảy")
    assert nurse.get(f"/nguoi/{other.pk}/ho-so/phau-thuat/{row.pk}/").status_code == 404


# --- drafts


def test_what_was_typed_and_refused_is_kept(nurse, person):
    post(nurse, person, "luc-sinh", weight_g="35", defect="Hở hàm ếch")
    shown = nurse.get(f"/nguoi/{person.pk}/ho-so/luc-sinh/")
    assert "Hở hàm ếch" in shown.content.decode() and shown.status_code == 200
    post(nurse, person, "luc-sinh", weight_g="3500", defect="Hở hàm ếch")
    assert not Draft.unscoped.exists()


def test_the_draft_of_a_line_comes_back(nurse, person):
    post(nurse, person, "benh-tat", "them/", code="15", since_year="2001")
    shown = nurse.get(f"/nguoi/{person.pk}/ho-so/benh-tat/them/").content.decode()
    assert "2001" in shown and "chưa lưu" in shown
    assert "B.3 Tiền sử bệnh tật, dị ứng – Đinh" in nurse.get("/ban-nhap/").content.decode()


# --- how much it costs


def test_a_long_record_costs_as_many_queries(doctor, person, station, inside):
    def queries():
        with CaptureQueriesContext(connection) as found:
            assert doctor.get(f"/nguoi/{person.pk}/ho-so/").status_code == 200
        return len(found)

    add("benh-tat", person, code="02")
    queries()
    few = queries()
    for year in range(1990, 2010):
        add("phau-thuat", person, text=f"Mổ lần {year}", year=year)
        add("khac", person, text=f"Việc năm {year}")
    assert queries() == few


# --- the figures as the form has them


def test_a_decimal_reads_with_a_comma(inside, person):
    save("luc-sinh", person, length_cm=Decimal("49.5"))
    shown = reading.read(scope_of_test(person), person).of("luc-sinh")
    assert [fact.value for fact in shown.facts] == ["49,5 cm"]


def test_the_persons_page_asks_once_for_each_thing(doctor, person, station, inside):
    """Of this room, with a mother, a household, a card, allergies: the record costs one statement;
    her parents, papers, cards, allergies and due items come with herself.
    """
    from tests.factories.households import a_household
    from tests.factories.patients import a_card

    person.mother = a_person(station, "Đinh Thị Mẹ", birth_date=dt.date(1960, 1, 1))
    person.save()
    a_household(station, person)
    a_card(person)
    an_allergy(person)
    add("benh-tat", person, code="02", since_year=2015)
    doctor.get(f"/nguoi/{person.pk}/")
    with CaptureQueriesContext(connection) as found:
        shown = doctor.get(f"/nguoi/{person.pk}/").content.decode()
    assert "Tăng huyết áp, từ năm 2015" in shown and "Đinh Thị Mẹ" in shown
    own = [each["sql"] for each in found if each["sql"].startswith('SELECT "patients_')]
    assert len(own) == 3, "\n".join(sql[:120] for sql in own)
