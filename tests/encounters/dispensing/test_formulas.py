"""Herbal formulas given out: grams of each herb for its packets, through the same desk, ledger, papers."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.template.loader import render_to_string

from apps.core.errors import Refused
from apps.core.scope import enter
from apps.encounters import services as visits
from apps.encounters.dispensing import offers, printing, queries, reading, services
from apps.encounters.dispensing.inputs import BackInput, DispenseInput, Part
from apps.encounters.models import Dispensing, DispensingLot, HerbalFormula, HerbalLine
from apps.encounters.ordering import traditional
from apps.encounters.writing import Problems
from apps.stock import keeping
from apps.stock.models import Lot
from tests.encounters.conftest import signed_in
from tests.encounters.test_pages import at as address
from tests.factories import dispensing as give
from tests.factories import encounters as make
from tests.factories.catalogues import a_code
from tests.factories.dispensing import agrees, at
from tests.factories.patients import a_person
from tests.factories.stock import RIGHTS as STOCK


@pytest.fixture(autouse=True)
def herbs(station):
    a_code("yhct_herb", "YH023", "Đương quy")
    a_code("yhct_herb", "YH083", "Mã tiền", extra={"kind": "toxic"}, confidence="low")


@pytest.fixture
def visit(hoa, doctor):
    """Seven packets: 12 g of Đương quy, 0.5 g of Mã tiền, 8 g of what no list has. No other medicine."""
    open_visit = make.an_examined_visit(hoa, doctor, data=make.USUAL)
    herbs = [("YH023", "12"), ("YH083", "0.5"), ("Lá lốt", "8")]
    give.a_formula(open_visit, doctor, herbs, 7)
    with enter(make.scope_of(doctor)):
        open_visit.refresh_from_db()
        return visits.visit_finalise(
            visit_id=open_visit.pk, expected_version=open_visit.version, override="x"
        )


@pytest.fixture
def shelf(desk):
    """Two lots of Đương quy, the one that expires first with 50 g; the others whole."""
    near = give.a_herb(desk, 50, number="GAN", expiry=give.in_days(40), price=Decimal(180))
    far = give.a_stock(desk, 500, item=near.item, number="XA", price=Decimal(200))
    toxic = give.a_herb(desk, 100, "YH083", "Mã tiền")
    leaf = give.a_herb(desk, 1000, "", "Lá lốt")
    return [near, far, toxic, leaf]


def herb(visit, name):
    return HerbalLine.unscoped.get(formula__visit=visit, formula__in_error=False, name=name)


def all_parts(visit, shelf, packets=7):
    items = {"Đương quy": shelf[0].item, "Mã tiền": shelf[2].item, "Lá lốt": shelf[3].item}
    return [
        Part(row.pk, row.grams * packets, items[row.name].pk)
        for row in HerbalLine.unscoped.filter(formula__visit=visit, formula__in_error=False)
    ]


def given(who, visit, desk, parts) -> Dispensing:
    visit.refresh_from_db()
    with enter(give.a_scope(who)):
        return services.dispense(
            visit_id=visit.pk, expected_version=visit.version, data=DispenseInput(parts, desk.pk)
        )


def back(who, act, quantities, left_station=True):
    with enter(give.a_scope(who)):
        return services.medicines_back(
            dispensing_id=act.pk,
            expected_version=act.version,
            data=BackInput(quantities, "Đau bụng", left_station),
        )


def waits(who):
    with enter(give.a_scope(who)) as scope:
        return queries.waiting_count(scope, give.in_days(0))


def test_it_works(visit, desk, shelf, pharmacist, hoa):
    act = given(pharmacist, visit, desk, all_parts(visit, shelf))
    # 84 g of 50 g + 34 g, first expired first; half grams are whole ones on the shelf
    assert [at(lot) for lot in shelf] == [0, 466, 96, 944]
    rows = {row.drug_name: row for row in give.rows(act)}
    assert (rows["Đương quy"].quantity, rows["Đương quy"].taken, rows["Mã tiền"].taken) == (84, 84, 4)
    assert rows["Đương quy"].strength == "12 g × 7 thang" and rows["Lá lốt"].herb == "Lá lốt"
    assert hoa.timeline(manager="unscoped").filter(kind="dispensing").get().title == (
        "Cấp phát 1 bài thuốc thang"
    )
    agrees()


def test_who_waits(visit, desk, shelf, pharmacist):
    """In the list until every packet was given or is bought elsewhere, the ten tablets aside."""
    tablets = give.a_stock(desk, 10)
    given(pharmacist, visit, desk, [give.part(visit, 10, tablets.item)])
    assert waits(pharmacist) == 1
    given(pharmacist, visit, desk, all_parts(visit, shelf, packets=3))
    assert waits(pharmacist) == 1
    progress = reading.progress_of([visit.pk])[visit.pk]
    assert (progress.state, progress.medicines, progress.settled) == ("part", 2, 1)
    given(pharmacist, visit, desk, all_parts(visit, shelf, packets=4))
    assert (waits(pharmacist), at(shelf[3])) == (0, 944)


def test_more_than_prescribed_and_another_herb_are_refused(visit, desk, shelf, pharmacist):
    with pytest.raises(Problems, match="kê 84 g"):
        given(pharmacist, visit, desk, all_parts(visit, shelf, packets=8))
    wrong = Part(herb(visit, "Đương quy").pk, Decimal(84), shelf[3].item.pk, 84, "hết", "BS")
    with pytest.raises(Problems, match="kê lại bài thuốc"):
        given(pharmacist, visit, desk, [wrong])
    assert at(shelf[3]) == 1000


def test_what_is_offered(visit, desk, shelf, pharmacist):
    formula = HerbalFormula.unscoped.get()
    with enter(give.a_scope(pharmacist)) as scope:
        found, _ = offers.offered(scope, visit, desk, give.in_days(0))
        fewer, _ = offers.offered(scope, visit, desk, give.in_days(0), {formula.pk: 2})
    quy, toxic, leaf = [each for each in found if each.line.formula]
    assert [each.proposed for each in (quy, toxic, leaf)] == [84, Decimal("3.5"), 56]
    assert [lot.lot for lot in quy.best.lots] == ["GAN", "XA"]
    assert (quy.heads, toxic.heads, quy.line.mark) == (True, False, "")
    assert toxic.line.mark == "dược liệu độc (chưa đối chiếu)"
    assert [each.proposed for each in fewer if each.line.formula] == [24, 1, 16]


def test_return_and_cancel(visit, desk, shelf, pharmacist):
    act = given(pharmacist, visit, desk, all_parts(visit, shelf))
    lot = DispensingLot.unscoped.get(lot=shelf[1])
    back(pharmacist, act, {lot.pk: 34})  # had left the station: apart
    assert at(shelf[1]) == 466 and Lot.unscoped.get(number="XA (trả lại)").state == "quarantined"
    again = given(pharmacist, visit, desk, [Part(herb(visit, "Đương quy").pk, Decimal(34), shelf[0].item.pk)])
    with enter(give.a_scope(pharmacist)):
        services.dispensing_cancel(dispensing_id=again.pk, expected_version=again.version, reason="Nhầm")
    assert at(shelf[1]) == 466
    agrees()


def test_nothing_is_undone_under_it(visit, desk, shelf, pharmacist, doctor):
    act = given(pharmacist, visit, desk, all_parts(visit, shelf))
    visit.refresh_from_db()
    with enter(make.scope_of(doctor)), pytest.raises(Refused, match="Đã cấp thuốc"):
        visits.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Trùng")
    with enter(give.a_scope(pharmacist)):
        services.dispensing_cancel(dispensing_id=act.pk, expected_version=act.version, reason="Nhầm")
    assert [at(lot) for lot in shelf] == [50, 500, 100, 1000]
    with enter(make.scope_of(doctor)):
        visits.visit_entered_in_error(visit_id=visit.pk, expected_version=visit.version, reason="Trùng")
    assert waits(pharmacist) == 0


def test_wrong_person(visit, desk, shelf, pharmacist, doctor, station):
    """The formula is prescribed on the right person's visit, and what was given is counted on it."""
    from apps.encounters import moving

    given(pharmacist, visit, desk, all_parts(visit, shelf))
    visit.refresh_from_db()
    other = a_person(station, "Đinh Văn Đúng", birth_date=give.in_days(-20_000))
    with enter(make.scope_of(doctor)):
        new = moving.visit_move(
            visit_id=visit.pk, expected_version=visit.version, person=other, reason="Nhầm", override="x"
        )
    formula = HerbalFormula.unscoped.get(in_error=False)
    assert (formula.visit_id, formula.packets, formula.prescriber_id) == (new.pk, 7, doctor.pk)
    with enter(give.a_scope(pharmacist)) as scope:
        found, orphans = offers.offered(scope, new, desk, give.in_days(0))
    assert [each.standing.given for each in found if each.line.formula] == [84, Decimal("3.5"), 56]
    assert orphans == []


def test_a_formula_that_was_a_mistake(visit, desk, shelf, pharmacist, doctor):
    """What she has of it is told as prescribed no more; nothing of it is given any longer."""
    act = given(pharmacist, visit, desk, all_parts(visit, shelf, packets=3))
    lines = all_parts(visit, shelf, packets=1)
    with enter(make.scope_of(doctor)):
        traditional.formula_in_error(formula_id=HerbalFormula.unscoped.get().pk, reason="Nhầm")
        with pytest.raises(Refused, match="đã ghi là nhập nhầm"):
            traditional.formula_in_error(formula_id=HerbalFormula.unscoped.get().pk, reason="Nhầm")
    with pytest.raises(Refused, match="vừa được sửa"):
        given(pharmacist, visit, desk, lines)
    with enter(give.a_scope(pharmacist)) as scope:
        found, orphans = offers.offered(scope, visit, desk, give.in_days(0))
        shown = queries.acts_of(scope, visit)
    assert not [each for each in found if each.line.formula] and len(orphans) == 3
    (bundle,) = printing.parted(shown[0].lines)[1]
    assert (bundle.packets, bundle.formula.name, act.pk) == (3, "Độc hoạt thang", shown[0].act.pk)


def test_the_store_keeps_herbs_by_weight(station, pharmacist):
    with enter(give.a_scope(pharmacist, rights=STOCK)):
        item = keeping.item_for("herb", "YH023")
    assert (item.kind, item.unit, item.packs, item.words(1250)) == ("herb", "g", [["kg", 1000]], "1 kg 250 g")


def test_the_pages_and_papers(visit, desk, shelf, pharmacist):
    """By the page: one packet more of what is bought elsewhere; its slip, its labels."""
    client = signed_in("pharmacist", pharmacist, "duoc.lt")
    formula = HerbalFormula.unscoped.get()
    page = client.get(address("dispense", visit.pk)).content.decode()
    assert "Thuốc thang: Độc hoạt thang" in page and "dược liệu độc" in page and 'value="84"' in page
    visit.refresh_from_db()
    typed = {"form_key": str(uuid4()), "version": visit.version, "location": str(desk.pk), "on": ""}
    for part in all_parts(visit, shelf, packets=2):
        typed |= {
            f"{part.line_id}-give": str(part.quantity).replace(".", ","),
            f"{part.line_id}-item": str(part.item_id),
        }
    answer = client.post(
        address("dispense", visit.pk), typed | {f"thang-{formula.pk}-packets": "3", "action": "place"}
    )
    assert f"thang-{formula.pk}=3" in answer.url and 'value="36"' in client.get(answer.url).content.decode()
    answer = client.post(address("dispense", visit.pk), typed | {"form_key": str(uuid4())})
    act = Dispensing.unscoped.get()
    assert answer.url == address("dispensing", act.pk)
    for name in ("dispensing_slip", "dispensing_labels"):
        assert client.get(address(name, act.pk))["Content-Type"] == "application/pdf"
    with enter(give.a_scope(pharmacist)) as scope:
        shown = queries.acts_of(scope, visit)[0]
        slip = render_to_string("print/dispensing.html", printing.slip(shown))
        label = render_to_string("print/medicine_labels.html", printing.labels(shown))
    assert "Thuốc thang: Độc hoạt thang" in slip and "2 thang" in slip and "lô GAN" in slip
    assert "Độc hoạt thang, 2 thang" in label and "Sắc với 600 ml" in label and "GAN" not in label
    bought = {"form_key": str(uuid4()), "version": visit.version, f"thang-{formula.pk}-outside": "on"}
    answer = client.post(address("dispense", visit.pk), typed | bought)
    last = Dispensing.unscoped.exclude(pk=act.pk).get()
    assert {row.kind for row in give.rows(last)} == {"outside"} and answer.url == address(
        "dispensing", last.pk
    )
    # the ten tablets of paracetamol still wait; nothing left the shelf, so there is nothing to label
    assert (waits(pharmacist), client.get(address("dispensing_labels", last.pk)).status_code) == (1, 404)
