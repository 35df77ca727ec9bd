"""The medicines of an earlier visit once more: which are offered, what is copied, what is told."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.catalogues.models import Drug
from apps.core.errors import Refused
from apps.core.models import Parameter
from apps.encounters import copying, services
from apps.encounters.inputs import DiagnosisInput, LineInput, VisitInput
from apps.encounters.models import PrescriptionLine, Visit
from tests.encounters.test_pages import at, typed
from tests.factories import encounters as make
from tests.factories.catalogues import an_icd10
from tests.factories.patients import a_person, an_allergy

PARACETAMOL = LineInput("TD001.1", Decimal(1), 2, 5)
AMOXICILLIN = LineInput("TD028.1", Decimal(1), 3, 5, note="sau ăn")


def came(person, doctor, days_ago, main="J06.9", lines=(PARACETAMOL,)):
    """An ended visit of so many days ago."""
    data = VisitInput(fields={"reason": "Ho"}, diagnoses=[DiagnosisInput(main, "main")], lines=list(lines))
    when = timezone.now() - dt.timedelta(days=days_ago)
    visit = make.an_examined_visit(person, doctor, data, at=when)
    return services.visit_finalise(visit_id=visit.pk, expected_version=visit.version, override="đã xem")


def copy(visit, earlier):
    return copying.prescription_copy(visit_id=visit.pk, expected_version=visit.version, of_visit=earlier.pk)


def drugs_of(visit):
    rows = PrescriptionLine.unscoped.filter(prescription__visit=visit).order_by("position")
    return list(rows.values_list("drug__code", flat=True))


def test_it_works(client, hoa, doctor, as_doctor):
    earlier = came(hoa, doctor, 9, lines=[PARACETAMOL, AMOXICILLIN])
    visit = make.a_visit(hoa, doctor)
    page = client.get(at("visit", visit.pk)).content.decode()
    assert f'value="copy:{earlier.pk}" data-key="F4"' in page
    assert f"Chép đơn {earlier.on:%d/%m/%Y}" in page
    said = "J06.9 Nhiễm trùng đường hô hấp trên cấp: Paracetamol 500mg, Amoxicilin 500mg"
    assert said in page and "bệnh khác" not in page
    client.post(at("visit", visit.pk), typed(visit, action=f"copy:{earlier.pk}", line=[]))
    assert drugs_of(visit) == ["TD001.1", "TD028.1"]
    page = client.get(at("visit", visit.pk)).content.decode()
    assert f"Đã chép 2 thuốc của đơn ngày {earlier.on:%d/%m/%Y}" in page


def test_without_an_earlier_prescription_nothing_is_offered(client, hoa, doctor, as_doctor):
    came(hoa, doctor, 3, lines=())
    visit = make.a_visit(hoa, doctor)
    assert copying.offered(as_doctor, visit, "") is None
    assert 'value="copy:' not in client.get(at("visit", visit.pk)).content.decode()


def test_the_last_one_for_the_same_disease_comes_before_the_last_one(client, hoa, doctor, as_doctor):
    pressure = came(hoa, doctor, 30, main="I10", lines=[AMOXICILLIN])
    cold = came(hoa, doctor, 3)
    visit = make.a_visit(hoa, doctor)
    an_icd10("J06.0", "Viêm họng - thanh quản cấp")

    def offered(main):
        found = copying.offered(as_doctor, visit, main)
        return found.visit_id, found.other

    assert offered("") == (cold.pk, False)
    assert offered("I10") == (pressure.pk, False)
    assert offered("J06.0") == (cold.pk, False), "another of its group"
    # of another disease: said so, and no key takes it
    an_icd10("M54.5", "Đau lưng")
    assert offered("M54.5") == (cold.pk, True)
    page = client.post(at("cases", visit.pk), {"main": "M54.5"}).content.decode()
    assert "bệnh khác" in page and f'value="copy:{cold.pk}">' in page


def test_what_is_out_of_force_or_stands_there_already_is_not_copied(hoa, doctor, as_doctor):
    earlier = came(hoa, doctor, 9, lines=[PARACETAMOL, AMOXICILLIN])
    Drug.objects.filter(code="TD028.1").update(valid_to=timezone.localdate() - dt.timedelta(days=1))
    visit = make.a_visit(hoa, doctor)
    copied = copy(visit, earlier)
    assert (copied.many, drugs_of(visit)) == (1, ["TD001.1"])
    assert copied.told == ["Không điền thuốc Amoxicilin 500mg: không còn trong danh mục ngày khám."]
    again = copy(copied.visit, earlier)
    assert again.many == 0 and again.sentence.startswith("Không chép thuốc nào")


def test_what_the_record_now_warns_of_is_not_copied(client, hoa, doctor, as_doctor):
    earlier = came(hoa, doctor, 9, lines=[PARACETAMOL, AMOXICILLIN])
    an_allergy(hoa, "Amoxicilin")
    visit = make.a_visit(hoa, doctor)
    client.post(at("visit", visit.pk), typed(visit, action=f"copy:{earlier.pk}", line=[]))
    assert drugs_of(visit) == ["TD001.1"]
    page = client.get(at("visit", visit.pk)).content.decode()
    assert "Không chép Amoxicilin 500mg: người bệnh dị ứng Amoxicilin. Vẫn cần thì tự thêm." in page


def test_an_ingredient_of_the_visit_is_not_copied_again(hoa, doctor, as_doctor):
    make.a_drug("TD001.2", "Paracetamol", strength="325mg")
    earlier = came(hoa, doctor, 9, lines=[LineInput("TD001.2", Decimal(1), 2, 5), AMOXICILLIN])
    visit = make.an_examined_visit(hoa, doctor)
    copied = copy(visit, earlier)
    assert drugs_of(visit) == ["TD001.1", "TD028.1"]
    assert copied.told == [
        "Không chép Paracetamol 325mg: cùng hoạt chất với thuốc số 1. Vẫn cần thì tự thêm."
    ]


def test_what_only_asks_is_copied_and_told(hoa, doctor, as_doctor):
    earlier = came(hoa, doctor, 60, main="I10", lines=[LineInput("TD028.1", Decimal(1), 1, 60)])
    visit = make.a_visit(hoa, doctor)  # no diagnosis yet that allows so many days
    copied = copy(visit, earlier)
    assert drugs_of(visit) == ["TD028.1"]
    assert len(copied.told) == 1 and copied.told[0].startswith("Đã chép, xem lại Amoxicilin 500mg: 60 ngày")


def test_days_that_are_allowed_no_longer_are_not_copied(hoa, doctor, as_doctor):
    earlier = came(hoa, doctor, 60, main="I10", lines=[LineInput("TD028.1", Decimal(1), 1, 60)])
    Parameter.objects.filter(key="prescriptions.days").update(value={"usual": 10, "most": 30})
    visit = make.a_visit(hoa, doctor)
    copied = copy(visit, earlier)
    assert copied.many == 0 and "quá 30 ngày" in copied.told[0] and not drugs_of(visit)


@pytest.mark.parametrize("key", ["x", "", "01900000-0000-7000-8000-000000000000"])
def test_a_key_that_is_none_copies_nothing(client, hoa, doctor, as_doctor, key):
    came(hoa, doctor, 9)
    visit = make.a_visit(hoa, doctor)
    client.post(at("visit", visit.pk), typed(visit, action=f"copy:{key}", line=[]))
    assert "Đã lưu, chưa chép" in client.get(at("visit", visit.pk)).content.decode()
    assert not drugs_of(visit)


def test_strangers(hoa, doctor, station, as_doctor):
    """Neither another person's prescription, nor one in error, nor a later one."""
    visit = make.a_visit(hoa, doctor, at=timezone.now() - dt.timedelta(hours=2))
    others = came(a_person(station, "Trần Văn Tám"), doctor, 9)
    wrong = came(hoa, doctor, 9)
    Visit.unscoped.filter(pk=wrong.pk).update(state="entered_in_error")
    later = came(hoa, doctor, 0)
    for each in (others, wrong, later):
        with pytest.raises(Refused, match="không có đơn thuốc"):
            copy(visit, each)
    assert copying.offered(as_doctor, visit, "") is None
