"""What of a health record only few may read: by the house's dated rules, in every channel."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.core.errors import Refused
from apps.core.ids import uuid7
from apps.core.scope import enter
from apps.patients.health_record import papers, reading, saving
from apps.patients.health_record.parts import PARTS
from apps.patients.models import (
    AskedNone,
    OwnDisease,
    Person,
    RecordVersion,
    ReproductiveHistory,
    RiskFactors,
)
from tests.factories.accounts import a_member, client_of
from tests.factories.catalogues import an_icd10, shipped_once
from tests.factories.patients import a_person, scope_at

pytestmark = pytest.mark.django_db

OPEN = frozenset({"people.view", "people.edit", "records.view", "records.edit"})
ALL = OPEN | {"restricted.view"}
SECRET = "Giả định điều riêng"


lists = shipped_once("code_lists", "restricted_data")


@pytest.fixture(autouse=True)
def hiv(db):
    an_icd10("B20", "Bệnh do HIV giả định")


@pytest.fixture
def person(station):
    """A woman with something of each restricted kind in her record, and something that is not."""
    found = a_person(station, "Đinh Thị Vân Kiều", birth_date=dt.date(1986, 5, 1))
    with enter(scope_at(station, ALL)):
        add("benh-tat", found, code="02", text="Cao huyết áp nhẹ")
        add("benh-tat", found, code="10", text=SECRET)
        add("benh-tat", found, code="15", icd_code="B20", text=SECRET)
        add("gia-dinh", found, code="10", relative="02", text=SECRET)
        add("khac", found, text=f"Từng phá thai. {SECRET}")
        row = save("nguy-co", found, tobacco="0", drugs="2", drugs_quantity=SECRET)
        save("nguy-co", found, row.version, tobacco="1", drugs="1", drugs_quantity=SECRET)
        row = save("sinh-san", found, deliveries=2, pregnancies=27, abortions=24)
        save("sinh-san", found, row.version, deliveries=2, pregnancies=29, abortions=23)
        line = OwnDisease.objects.get(code="10")
        saving.line_change(
            line=line, part=PARTS["benh-tat"], values={"code": "10", "text": f"{SECRET} nữa"},
            state="active", expected_version=1,
        )  # fmt: skip
    return found


def add(part, person, **values):
    return saving.line_add(person=person, part=PARTS[part], values=values)


def save(part, person, expected=0, **values):
    return saving.section_save(person=person, part=PARTS[part], values=values, expected_version=expected)


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station))


@pytest.fixture
def doctor(station):
    return client_of(a_member("doctor", station))


Look = Callable[[Client, Person], HttpResponse]
CHANNELS: dict[str, Look] = {
    "page": lambda who, person: who.get(f"/nguoi/{person.pk}/ho-so/"),
    "versions": lambda who, person: who.get(f"/nguoi/{person.pk}/ho-so/cac-ban/"),
    "API": lambda who, person: who.get(f"/api/people/{person.pk}/record/"),
    "form of risks": lambda who, person: who.get(f"/nguoi/{person.pk}/ho-so/nguy-co/"),
}


def told(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_doctor_reads_and_the_nurse_does_not(channel, nurse, doctor, person):
    assert SECRET in told(CHANNELS[channel](doctor, person))
    assert SECRET not in told(CHANNELS[channel](nurse, person))


def test_the_persons_page(nurse, doctor, person):
    assert SECRET in told(doctor.get(f"/nguoi/{person.pk}/"))
    shown = told(nurse.get(f"/nguoi/{person.pk}/"))
    assert SECRET not in shown and "Cao huyết áp nhẹ" in shown


def test_the_paper(station, person):
    def paper(rights):
        from django.template.loader import render_to_string

        with enter(scope_at(station, rights)):
            return render_to_string("print/health_record.html", papers.record_context(person))

    assert SECRET in paper(ALL)
    assert SECRET not in paper(OPEN) and "Cao huyết áp nhẹ" in paper(OPEN)
    assert "Số lần phá thai" in paper(ALL)
    assert "Số lần phá thai" not in paper(OPEN)


def test_the_number_of_abortions_cannot_be_reckoned(nurse, doctor, person):
    """Pregnancies less births and miscarriages would tell it."""
    for tail in ("", "cac-ban/"):
        assert "29" in told(doctor.get(f"/nguoi/{person.pk}/ho-so/")).replace("2029", "")
        shown = told(nurse.get(f"/nguoi/{person.pk}/ho-so/{tail}"))
        assert "Số lần phá thai: 2" not in shown and "Số lần có thai: 2" not in shown
        assert "<dd>29</dd>" not in shown and "<dd>23</dd>" not in shown
    form = told(nurse.get(f"/nguoi/{person.pk}/ho-so/sinh-san/"))
    assert 'name="abortions"' not in form and 'name="pregnancies"' not in form


def test_a_nurses_save_keeps_what_she_does_not_see(nurse, person):
    row = ReproductiveHistory.unscoped.get()
    said = {"form_key": str(uuid7()), "version": row.version, "deliveries": "3", "abortions": "0"}
    assert nurse.post(f"/nguoi/{person.pk}/ho-so/sinh-san/", said).status_code == 302
    row.refresh_from_db()
    assert (row.deliveries, row.abortions, row.pregnancies) == (3, 23, 29)
    risks = RiskFactors.unscoped.get()
    said = {"form_key": str(uuid7()), "version": risks.version, "tobacco": "2", "drugs": "0"}
    assert nurse.post(f"/nguoi/{person.pk}/ho-so/nguy-co/", said).status_code == 302
    risks.refresh_from_db()
    assert (risks.tobacco, risks.drugs, risks.drugs_quantity) == ("2", "1", SECRET)


def test_a_conflict_does_not_tell(nurse, person):
    answer = nurse.post(
        f"/nguoi/{person.pk}/ho-so/nguy-co/", {"form_key": str(uuid7()), "version": 1, "tobacco": "0"}
    )
    assert answer.status_code == 409
    assert SECRET not in answer.content.decode()


def test_a_restricted_line_is_nothing_to_the_nurse(nurse, doctor, person):
    line = OwnDisease.unscoped.get(code="10")
    path = f"/nguoi/{person.pk}/ho-so/benh-tat/{line.pk}/"
    assert doctor.get(path).status_code == 200
    assert nurse.get(path).status_code == 404
    assert nurse.post(path, {"form_key": str(uuid7()), "code": "02", "version": 2}).status_code == 404


def test_what_the_nurse_writes_does_not_tell_her_of_what_is_there(station, person):
    """The same disease again, and 'none', are taken: a refusal would say that something is there."""
    with enter(scope_at(station, ALL)):
        add("khac", person, text="Trầm cảm")
    with enter(scope_at(station, OPEN)):
        add("benh-tat", person, code="10", text=f"{SECRET} nữa")
        saving.none_say(person=person, part=PARTS["khac"])
    with enter(scope_at(station, ALL)):
        add("khac", person, text="Mất ngủ vì trầm cảm")
    assert AskedNone.unscoped.get(part="khac").withdrawn_on is None
    shown = reading.read(scope_at(station, OPEN), person).of("khac")
    assert not shown.lines and shown.none is not None
    assert len(reading.read(scope_at(station, ALL), person).of("khac").lines) == 3


def test_she_is_told_that_her_line_is_out_of_her_sight(nurse, station):
    person = a_person(station, "Hồ Thị Bảy")
    path = f"/nguoi/{person.pk}/ho-so/benh-tat/them/"
    answer = nurse.post(path, {"form_key": str(uuid7()), "code": "10"}, follow=True)
    assert "thuộc dữ liệu hạn chế" in answer.content.decode()


def test_the_folded_page_tells_nothing_over_her_shoulder(station, person):
    record = reading.read(scope_at(station, ALL), person)
    gists = " ".join(shown.gist for shown in record.parts)
    assert SECRET not in gists and "Số lần phá thai" not in gists and "Sử dụng ma túy" not in gists
    assert "2 dòng hạn chế xem" in record.of("benh-tat").gist


def test_what_was_restricted_stays_so(station, person):
    line = OwnDisease.unscoped.get(code="10")
    with enter(scope_at(station, ALL)):
        changed = saving.line_change(
            line=line, part=PARTS["benh-tat"], values={"code": "02", "text": "Nhầm"}, state="active",
            expected_version=2,
        )  # fmt: skip
    assert changed.restricted_by == ["mental"]
    assert all(row.restricted for row in RecordVersion.unscoped.filter(object_id=line.pk))


def test_a_girls_reproductive_history_is_closed(nurse, doctor, station):
    girl = a_person(station, "Y Nhung", birth_date=dt.date(2012, 1, 1))
    path = f"/nguoi/{girl.pk}/ho-so/sinh-san/"
    said = {"form_key": str(uuid7()), "contraception": "5"}
    assert doctor.post(path, said).status_code == 302
    assert "Bao cao su" in told(doctor.get(f"/nguoi/{girl.pk}/ho-so/"))
    shown = told(nurse.get(f"/nguoi/{girl.pk}/ho-so/"))
    assert "Bao cao su" not in shown and "Chỉ người có quyền xem dữ liệu hạn chế" in shown
    assert nurse.get(path).status_code == 403
    answer = nurse.post(path, {"form_key": str(uuid7()), "contraception": "1"})
    assert answer.status_code == 403
    assert ReproductiveHistory.unscoped.get().contraception == "5"


@pytest.mark.parametrize("text", ["Nhiễm HIV từ 2010", "đã PHÁ THAI 2 lần", "bệnh tâm thần"])
def test_words_in_an_open_section_are_sent_to_one_that_can_hide_them(station, person, text):
    with enter(scope_at(station, ALL)), pytest.raises(Refused, match=r"B\.3 hoặc B\.8"):
        save("luc-sinh", person, other=text)


def test_the_village_worker_opens_no_record(station, person):
    worker = client_of(a_member("village_worker", station))
    assert worker.get(f"/nguoi/{person.pk}/ho-so/").status_code == 403
    assert "Cao huyết áp" not in worker.get(f"/nguoi/{person.pk}/").content.decode()
    assert worker.get("/nguoi/ho-so/den-han/").status_code == 403
    assert worker.get(f"/api/people/{person.pk}/record/").status_code == 403
