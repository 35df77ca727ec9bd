"""The code pickers: what they find, in which order, who may ask."""

import datetime as dt

from django.test import Client
from django.urls import reverse

from apps.catalogues import picks
from apps.catalogues.models import Drug
from apps.core.scope import Scope
from tests.factories.catalogues import a_code, a_drug, a_lab_test, a_service, an_icd10

ON = dt.date(2026, 11, 22)
NOBODY = Scope(None, "thu", "Trạm")


def pick(kind, text, on=ON):
    return picks.find_kind(kind).find(NOBODY, text, on)


def codes_of(kind, text, on=ON):
    return [row.code for row in pick(kind, text, on)]


def test_it_works(nurse):
    an_icd10(common=True)
    answer = nurse.post(reverse("catalogues:pick", args=["icd10"]), {"q": "viem hong cap"})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "J02.9" in html and "Viêm họng cấp tính" in html


def test_an_old_record_is_coded_with_its_own_edition(nurse):
    an_icd10("A97", "Bệnh sốt xuất huyết Dengue")
    an_icd10("A90", "Sốt xuất huyết dengue cổ điển", edition="qd4469")
    address = reverse("catalogues:pick", args=["icd10"])
    assert b"A90" in nurse.post(address, {"q": "dengue", "on": "2026-06-30"}).content
    assert b"A90" in nurse.post(address, {"q": "dengue", "on": "30/06/2026"}).content, "as a form has it"
    assert b"A97" in nurse.post(address, {"q": "dengue", "on": "rác"}).content


def test_marks_are_said(nurse):
    an_icd10("O80", "Đẻ thường", flags={"sex": "F", "not_principal": True, "has_more_specific": True})
    html = nurse.post(reverse("catalogues:pick", args=["icd10"]), {"q": "O80"}).content.decode()
    assert "không làm bệnh chính, còn mã chi tiết, chỉ nữ" in html


def test_drugs_by_name_strength_ingredient_and_misspelt(db):
    a_code("drug_routes", "1.01", "Uống")
    a_drug("TD001.1", "Paracetamol", "500mg")
    a_drug("TD001.2", "Paracetamol", "150mg")
    a_drug("TD028.2", "Amoxicilin", "500mg")
    a_drug("VD-1", "Hapacol", "650mg", ingredient="Paracetamol", kind=Drug.Kind.PRODUCT, common=False)
    assert codes_of("drug", "para 500") == ["TD001.1"]
    assert codes_of("drug", "paracetamol")[-1] == "VD-1"
    assert codes_of("drug", "amoxicillin") == ["TD028.2"]
    assert codes_of("drug", "td028.2") == ["TD028.2"]
    assert pick("drug", "hapacol")[0].name == "Hapacol 650mg (Paracetamol)"
    assert pick("drug", "para 500")[0].note == "Viên, Uống"
    assert "VD-1" not in codes_of("drug", "")


def test_controlled_drugs_say_so(db):
    a_drug("TD021.1", "Diazepam", "5mg", controlled="psychotropic")
    assert "hướng thần" in pick("drug", "diazepam")[0].note


def test_withdrawn_rows_are_not_offered(db):
    eve = ON - dt.timedelta(days=1)
    a_drug("TD001.1", valid_to=eve)
    assert codes_of("drug", "para") == []
    assert codes_of("drug", "para", eve) == ["TD001.1"]


def test_services_and_lab_tests(db):
    a_service("02.0085.1778", "Điện tim thường")
    a_service("01.0002.1778", "Ghi điện tim cấp cứu tại giường", level="C")
    a_lab_test()
    assert codes_of("service", "dien tim") == ["02.0085.1778", "01.0002.1778"]
    assert codes_of("service", "02.0085") == ["02.0085.1778"]
    assert codes_of("lab", "glucose") == ["GLU"]


def test_small_lists_from_memory(db, django_assert_num_queries):
    a_code("ethnic_groups", "01", "Kinh", sort_order=1)
    a_code("ethnic_groups", "02", "Tày", sort_order=2, extra={"aliases": "Thổ, Ngạn, Pa Dí"})
    a_code("ethnic_groups", "21", "Hrê", sort_order=21)
    assert codes_of("ethnic_groups", "hre") == ["21"]
    with django_assert_num_queries(0):
        assert codes_of("ethnic_groups", "pa di") == ["02"]
        assert codes_of("ethnic_groups", "02") == ["02"]
        assert codes_of("ethnic_groups", "") == ["01", "02", "21"]


def test_small_lists_put_first_what_begins_early(db):
    a_code("occupations", "15", "Hội Phụ nữ, Hội Nông dân", sort_order=1)
    a_code("occupations", "63", "Lao động trong nông nghiệp", sort_order=2)
    a_code("occupations", "61", "Nông nghiệp có sản phẩm để bán", sort_order=3)
    assert codes_of("occupations", "nong") == ["61", "15", "63"]
    assert codes_of("occupations", "nong lao") == ["63"]


def test_chosen_codes_are_named_again(db):
    an_icd10("A90", "Sốt dengue", edition="qd4469")
    an_icd10("A97", "Bệnh sốt xuất huyết Dengue")
    a_drug()
    a_code("ethnic_groups", "01", "Kinh")
    assert picks.names("icd10", ["A90", "A97", "X99"]) == {
        "A90": "Sốt dengue",
        "A97": "Bệnh sốt xuất huyết Dengue",
    }
    assert picks.names("drug", ["TD001.1"]) == {"TD001.1": "Paracetamol 500mg"}
    assert picks.names("ethnic_groups", ["01"]) == {"01": "Kinh"}
    assert picks.names("không có", ["01"]) == {}


def test_the_widget_shows_the_chosen_code(db):
    an_icd10()
    html = picks.widget("icd10").render("main", "J02.9", {"id": "id_main"})
    assert 'value="J02.9"' in html and "Viêm họng cấp tính" in html
    assert reverse("catalogues:pick", args=["icd10"]) in html


def test_same_queries_for_2_and_20_results(nurse, django_assert_max_num_queries):
    address = reverse("catalogues:pick", args=["icd10"])
    for number in range(20):
        an_icd10(f"A{number:02d}", f"Bệnh thử số {number}")
    nurse.post(address, {"q": "benh"})
    with django_assert_max_num_queries(4) as few:
        nurse.post(address, {"q": "A01"})
    with django_assert_max_num_queries(len(few)):
        nurse.post(address, {"q": "benh thu"})


def test_an_unknown_kind(nurse):
    assert nurse.post(reverse("catalogues:pick", args=["nguoi"]), {"q": "a"}).status_code == 404


def test_only_by_post(nurse):
    assert nurse.get(reverse("catalogues:pick", args=["icd10"]), {"q": "viem"}).status_code == 405


def test_a_stranger_gets_nothing(db):
    address = reverse("catalogues:pick", args=["icd10"])
    assert Client().post(address, {"q": "viem"}).status_code == 302
    assert Client().post(address, {"q": "viem"}, headers={"HX-Request": "true"}).status_code == 401
