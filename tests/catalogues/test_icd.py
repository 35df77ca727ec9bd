"""Finding and checking disease codes."""

import datetime as dt
from uuid import uuid4

import pytest

from apps.catalogues import frequency, icd
from apps.catalogues.models import Edition, Icd10Rule
from apps.catalogues.rules import AgeLimit, CodeFacts, judge
from apps.core import ports
from tests.factories.catalogues import a_code, an_icd10

BEFORE, AFTER = dt.date(2026, 6, 30), dt.date(2026, 7, 1)


def found(text, on=AFTER, **options):
    return [row.code for row in icd.find(text, on=on, **options)]


@pytest.fixture
def throat(db):
    an_icd10("J02.9", "Viêm họng cấp tính, không xác định", common=True)
    an_icd10("J02", "Viêm họng cấp tính")
    an_icd10("J06.0", "Viêm họng - thanh quản cấp tính")
    an_icd10("J18.9", "Viêm phổi, không xác định", common=True)
    an_icd10("B86", "Bệnh ghẻ", common=True)
    an_icd10("F52.1", "Ghét sợ tình dục", common=True)


def test_it_works(throat):
    assert found("viem hong cap")[0] == "J02.9"


@pytest.mark.parametrize(
    "text", ["viêm họng cấp", "VIEM  HONG CAP", "cap hong viem", "hong cap viem", "viem hong ca"]
)
def test_found_by_words_in_any_order_and_begun(throat, text):
    assert "J02.9" in found(text)


@pytest.mark.parametrize("text", ["J02.9", "j029", "J029", "j02.9 "])
def test_found_by_code_with_and_without_dot(throat, text):
    assert found(text) == ["J02.9"]


def test_a_code_begun_finds_the_code_itself_first(throat):
    assert found("J02") == ["J02", "J02.9"]
    assert set(found("j0")) == {"J02", "J02.9", "J06.0"}


def test_common_ones_come_first_and_alone_when_nothing_is_typed(throat):
    assert set(found("")) == {"J02.9", "J18.9", "B86", "F52.1"}


def test_accents_that_were_typed_count(throat):
    assert found("ghẻ")[0] == "B86"
    assert set(found("ghe")) == {"B86", "F52.1"}


def test_old_and_new_tone_place_and_i_y(db):
    an_icd10("D59.1", "Thiếu máu tan máu thuỷ ngân hoà")
    for text in ("thủy ngân hòa", "thuỷ ngân hoà", "thuy ngan hoa"):
        assert found(text) == ["D59.1"]


def test_everyday_names(throat):
    an_icd10("E11.9", "Bệnh đái tháo đường típ 2, không kèm biến chứng", common=True)
    a_code("icd10_spoken", "TN001", "tiểu đường", extra={"means": "đái tháo đường"})
    for text in ("tieu duong", "tiểu đường", "tieu duo", "tieu duong tip 2"):
        assert found(text)[0] == "E11.9", text


@pytest.mark.parametrize(
    "text", ["\0", "' OR 1=1 --", ":* & |", "(((", "😀", "‮họng", "x" * 5000, "!!!", "a & !b"]
)
def test_odd_text_breaks_nothing(throat, text):
    assert isinstance(found(text), list)


def test_the_edition_of_the_day(db):
    an_icd10("A90", "Sốt dengue", edition="qd4469", valid_to=BEFORE)
    an_icd10("A97", "Bệnh sốt xuất huyết Dengue", valid_from=AFTER)
    assert found("dengue", on=BEFORE) == ["A90"]
    assert found("dengue", on=AFTER) == ["A97"]
    assert icd.edition_on(BEFORE) == Edition.QD4469 and icd.edition_on(AFTER) == Edition.TT06
    assert icd.names(["A90", "A97"], on=AFTER) == {"A97": "Bệnh sốt xuất huyết Dengue"}


def test_a_station_s_own_frequent_codes_come_first(throat, monkeypatch):
    station = uuid4()

    class Provider:
        def top(self, kind, facility_id, limit, *, child):
            return ["J18.9"] if (kind, facility_id) == ("icd10", station) else []

    monkeypatch.setitem(ports._provided, frequency.CodeFrequency, Provider())
    assert found("viem", facility_id=station)[0] == "J18.9"
    assert found("", facility_id=station)[0] == "J18.9"


def test_finding_costs_one_query(throat, django_assert_num_queries):
    icd.find("viem", on=AFTER)
    with django_assert_num_queries(1):
        icd.find("viem hong cap tinh", on=AFTER)


# --- checking


def codes_of(findings):
    return [(finding.code, finding.level) for finding in findings]


def check(code, on=AFTER, role="main", sex="female", age_days=10_000, **options):
    return codes_of(icd.check(code, on=on, role=role, sex=sex, age_days=age_days, **options))


def test_a_good_code_has_no_findings(throat):
    assert check("J02.9") == []


def test_a_code_that_is_not_listed_blocks(throat):
    assert check("Q99.8") == [("unknown", "block")]


def test_a_code_of_the_other_edition_blocks(db):
    an_icd10("A90", "Sốt dengue", edition="qd4469")
    assert check("A90", on=BEFORE) == []
    assert check("A90", on=AFTER) == [("unknown", "block")]


def test_a_retired_code_blocks(db):
    an_icd10("J02.9", valid_to=dt.date(2026, 8, 1))
    assert check("J02.9", on=dt.date(2026, 8, 1)) == []
    assert check("J02.9", on=dt.date(2026, 8, 2)) == [("retired", "block")]


def test_a_doubtful_code_asks_for_a_reason(db):
    an_icd10("A90", "Sốt dengue", flags={"status": "qd4469_only"})
    assert check("A90") == [("doubtful", "reason")]
    assert found("dengue") == []


def test_not_as_main(db):
    an_icd10("B95.0", "Liên cầu nhóm A", flags={"not_principal": True})
    assert check("B95.0") == [("not_principal", "block")]
    assert check("B95.0", role="secondary") == []


def test_discouraged_as_main_and_death_cause_only(db):
    an_icd10("R54", "Tuổi già", flags={"discouraged_principal": True, "death_cause_only": True})
    assert check("R54") == [("discouraged_principal", "reason"), ("death_cause_only", "reason")]
    assert check("R54", role="secondary") == [("death_cause_only", "reason")]


def test_a_code_with_more_specific_ones_is_noted(db):
    an_icd10("J02", "Viêm họng cấp", flags={"has_more_specific": True})
    an_icd10("J02", "Viêm họng cấp", edition="qd4469", flags={"is_leaf": False})
    assert check("J02") == [("has_more_specific", "note")]
    assert check("J02", on=BEFORE) == [("has_more_specific", "note")]


def test_sex(db):
    an_icd10("O80", "Đẻ thường", flags={"sex": "F"})
    assert check("O80", sex="male") == [("sex", "reason")]
    assert check("O80", sex="female") == [] and check("O80", sex="unknown") == []


def test_age_at_its_borders(db):
    an_icd10("A33", "Uốn ván sơ sinh")
    Icd10Rule.objects.create(
        edition="qd4469",
        rule="age",
        code="A33",
        other="A3.1",
        data={"min_days": None, "max_days": 365, "name": "Bệnh trẻ sơ sinh", "age_text": "0 - 365 ngày"},
    )
    assert check("A33", age_days=365) == []
    assert check("A33", age_days=366) == [("age", "reason")]
    assert check("A33", age_days=None) == []


def test_an_asterisk_code_wants_its_dagger_code(db):
    an_icd10("G01", "Viêm màng não trong bệnh nhiễm khuẩn")
    an_icd10("A01.0", "Bệnh thương hàn")
    Icd10Rule.objects.create(edition="qd4469", rule="pair", code="G01", other="A01.0")
    assert check("G01", role="secondary") == [("pair", "note")]
    assert check("G01", role="secondary", others=["A01.0"]) == []
    both = icd.check_all([("A01.0", "main"), ("G01", "secondary")], on=AFTER, sex="male", age_days=9000)
    assert both == {"A01.0": [], "G01": []}


def test_plain_row_wins_over_the_marked_one(db):
    an_icd10("A18.1", "Lao tiết niệu", edition="qd4469")
    an_icd10("A18.1", "Lao tiết niệu †", edition="qd4469", marker="†", flags={"not_principal": True})
    assert check("A18.1", on=BEFORE) == []


def test_a_whole_visit_costs_two_queries(throat, django_assert_num_queries):
    picked = [("J02.9", "main"), ("J18.9", "secondary"), ("B86", "secondary")]
    with django_assert_num_queries(2):
        icd.check_all(picked, on=AFTER, sex="male", age_days=9000)


def test_the_gravest_comes_first():
    facts = CodeFacts(
        "X",
        "x",
        "TT",
        not_principal=True,
        sex="F",
        has_more_specific=True,
        age_limits=(AgeLimit(None, 10, "0 - 10 ngày", "phụ lục"),),
    )
    findings = judge(facts, code="X", edition_title="", role="main", sex="male", age_days=20)
    assert [finding.level for finding in findings] == ["block", "reason", "reason", "note"]
    assert all(finding.sentence.endswith(".") and finding.source for finding in findings)


def test_common_codes_stand_as_their_list_has_them(throat):
    for place, (code, name) in enumerate(
        [("J00", "Viêm mũi họng cấp tính [cảm thường]"), ("J31.0", "Viêm mũi mạn tính")]
    ):
        an_icd10(code, name, common=True)
        a_code("icd10_common", code, name, sort_order=place)
    an_icd10("J30.0", "Viêm mũi vận mạch")
    assert found("viem mui") == ["J00", "J31.0", "J30.0"]


def test_whole_words_come_before_begun_ones(throat):
    an_icd10("A09.9", "Viêm dạ dày ruột và đại tràng", common=True)
    an_icd10("L30.9", "Viêm da, không xác định", common=True)
    assert found("viem da")[0] == "L30.9"
    assert found("viem da day")[0] == "A09.9"


def test_an_everyday_name_that_only_begins_so_does_not_come_before_the_common_code(throat):
    a_code("icd10_spoken", "TN002", "viêm họng hạt", extra={"means": "viêm họng mạn tính"})
    an_icd10("J31.2", "Viêm họng mạn tính")
    assert found("viem hong")[0] == "J02.9"
    assert found("viem hong hat") == ["J31.2"]


def test_what_somebody_has_now_comes_before_what_is_past(db):
    """Names of the past are shorter, and would come first."""
    an_icd10("I25.2", "Nhồi máu cơ tim cũ")
    an_icd10("I21.9", "Nhồi máu cơ tim cấp, không xác định")
    an_icd10("I69.3", "Di chứng nhồi máu não")
    an_icd10("I63.9", "Nhồi máu não, không xác định vị trí")
    assert found("nhoi mau co tim") == ["I21.9", "I25.2"]
    assert found("nhồi máu cơ tim") == ["I21.9", "I25.2"]
    assert found("nhoi mau nao") == ["I63.9", "I69.3"]
    assert found("nhoi mau co tim cu")[0] == "I25.2"
    assert found("di chung nhoi mau")[0] == "I69.3"
    assert found("I25.2")[0] == "I25.2"


# --- for whom, and when nothing holds all that was typed


def near(text):
    return [row.code for row in icd.near(text, on=AFTER)]


def test_words_that_no_name_holds_are_passed_over(throat):
    assert found("viem hong wa zi") == []
    assert set(near("viem hong wa zi")) == {"J02.9", "J02", "J06.0"}
    assert near("viem phoi nang")[0] == "J18.9"
    assert near("khong la gi het") == []  # one word of four
    assert near("") == near("\0") == []


def test_what_is_near_costs_one_query(throat, django_assert_num_queries):
    icd.near("viem la", on=AFTER)
    with django_assert_num_queries(1):
        icd.near("viem hong la", on=AFTER)


def test_an_everyday_name_that_names_codes_begins_with_them(throat):
    a_code("icd10_spoken", "TN003", "đau cuống", extra={"means": "viêm họng", "codes": "J18.9 J06.0"})
    assert found("dau cuong")[:2] == found("dau cuo")[:2] == ["J18.9", "J06.0"]
    assert "J02.9" in found("dau cuong")
    assert found("dau cuong nang")[:1] == ["J18.9"]


def test_a_heading_comes_after_its_codes_unless_it_is_usual(throat):
    an_icd10("J20", "Viêm phế quản", flags={"has_more_specific": True})
    an_icd10("J20.9", "Viêm phế quản, không xác định")
    assert found("viem phe quan") == ["J20.9", "J20"]
    assert found("J20")[0] == "J20"


def test_before_typing_the_list_is_that_of_her_age_and_sex(throat, monkeypatch):
    an_icd10("N76.0", "Viêm âm đạo cấp tính", common=True, flags={"sex": "F"})
    asked = []

    class Provider:
        def top(self, kind, facility_id, limit, *, child):
            asked.append(child)
            return ["B86"] if child else ["J18.9"]

    monkeypatch.setitem(ports._provided, frequency.CodeFrequency, Provider())
    station = uuid4()

    def first(words):
        return found("", facility_id=station, patient=icd.Patient.read(words))

    assert first("M child")[0] == "B86" and first("M grown")[0] == "J18.9"
    assert "N76.0" not in first("M grown") and "N76.0" in first("F child")
    assert first("") == found("", facility_id=station)
    assert asked[:2] == [True, False]
