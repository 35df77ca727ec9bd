"""A shelf to give out from, a prescription that waits, an act."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from apps.care.models import fact_values
from apps.core.loading import load_parameters
from apps.core.registry import LoadReport
from apps.core.scope import enter
from apps.encounters.dispensing import services
from apps.encounters.dispensing.inputs import DispenseInput, Part
from apps.encounters.inputs import LineInput
from apps.encounters.models import (
    Dispensing,
    DispensingLine,
    DispensingLot,
    HerbalFormula,
    MedicineReturn,
    MedicineReturnLine,
    PrescriptionLine,
    Visit,
)
from apps.encounters.ordering import traditional
from apps.encounters.ordering.traditional import HerbInput
from apps.facilities.models import Facility, Practitioner
from apps.patients.models import Person
from apps.stock.models import Lot, StockBalance, StockItem, StockLocation, StockMovement
from tests.factories import encounters as make
from tests.factories.catalogues import a_code
from tests.factories.patients import RIGHTS
from tests.factories.stock import a_lot, a_place, an_item

ALL = frozenset(f"dispensing.{action}" for action in ("view", "enter", "edit", "approve"))
SIX_TABLETS = LineInput("TD028.1", Decimal(1), 2, 3)


def rules() -> None:
    """The shipped parameters and the small lists that the stock names its programmes by."""
    load_parameters(Path(settings.BASE_DIR) / "fixtures", LoadReport())
    a_code("stock_programme", "ordinary", "Thuốc và vật tư thường")
    a_code("stock_programme", "tb", "Chống lao")
    a_code("stock_source", "tender", "Đấu thầu (BHYT)")
    a_code("stock_source", "aid", "Viện trợ, tài trợ")


def a_desk(station: Facility, name: str = "Quầy cấp phát") -> StockLocation:
    return a_place(station, name, kind="point", dispenses=True)


def a_stock(
    desk: StockLocation,
    quantity: int = 100,
    code: str = "TD001.1",
    name: str = "Paracetamol 500mg",
    **fields: Any,
) -> Lot:
    """So much of a medicine on the desk, in one lot; more lots by `item`."""
    lot = {key: fields.pop(key) for key in ("number", "expiry", "state", "price", "source") if key in fields}
    item = fields.pop("item", None) or an_item(desk.station, name, code=code, **fields)
    return a_lot(item, desk, quantity, **lot)


def a_herb(
    desk: StockLocation, quantity: int, code: str = "YH023", name: str = "Đương quy", **fields: Any
) -> Lot:
    """So many grams of a herb on the desk."""
    return a_stock(desk, quantity, code, name, kind="herb", unit="g", packs=[["kg", 1000]], **fields)


def a_formula(
    visit: Visit, doctor: Practitioner, herbs: list[tuple[str, str]], packets: int
) -> HerbalFormula:
    """A formula on an open visit: (herb, grams of a packet)."""
    with enter(make.scope_of(doctor)):
        return traditional.formula_save(
            visit_id=visit.pk,
            herbs=[HerbInput(herb, Decimal(grams)) for herb, grams in herbs],
            packets=packets,
            usage="Sắc với 600 ml nước còn 200 ml, uống ấm",
            name="Độc hoạt thang",
            override="đã xem liều",
        )


def a_scope(who: Practitioner, **fields: Any) -> Any:
    """The scope of somebody who gives out: her own practitioner, all rights of dispensing."""
    return replace(make.scope_of(who, rights=RIGHTS | ALL | {"restricted.view"}), **fields)


def a_prescription(person: Person, doctor: Practitioner, *lines: LineInput, **fields: Any) -> Visit:
    """A signed visit: ten tablets of paracetamol unless other lines are named."""
    data = replace(make.USUAL, lines=list(lines)) if lines else make.USUAL
    return make.a_finished_visit(person, doctor, data=data, **fields)


def line_of(visit: Visit, code: str = "TD001.1") -> PrescriptionLine:
    return PrescriptionLine.unscoped.get(prescription__visit=visit, drug__code=code)


def part(visit: Visit, quantity: Any, item: StockItem | None, code: str = "TD001.1", **fields: Any) -> Part:
    return Part(line_of(visit, code).pk, Decimal(quantity), item.pk if item else None, **fields)


def given(
    who: Practitioner, visit: Visit, desk: StockLocation, *parts: Part, override: str = "", **fields: Any
) -> Dispensing:
    """What `who` gives out of these parts."""
    visit.refresh_from_db()
    with enter(a_scope(who)):
        return services.dispense(
            visit_id=visit.pk,
            expected_version=visit.version,
            data=DispenseInput(parts=parts, location_id=desk.pk, **fields),
            override=override,
        )


def an_act(visit: Visit, quantity: int = 4) -> Dispensing:
    """An act written directly, from a lot that lies nowhere: for walks over pages."""
    place = StockLocation.unscoped.filter(station=visit.facility_id).first() or a_desk(visit.facility)
    item = StockItem.unscoped.filter(station=visit.facility_id).first() or an_item(visit.facility)
    line = PrescriptionLine.unscoped.filter(prescription__visit=visit).select_related("drug").first()
    assert line is not None
    act = Dispensing.unscoped.create(
        **fact_values(visit), visit=visit, on=visit.on, location=place, state="completed"
    )
    row = DispensingLine.unscoped.create(
        dispensing=act,
        position=1,
        line_id=line.pk,
        drug=line.drug,
        drug_name=line.drug_name,
        unit=line.unit,
        prescribed=line.quantity,
        kind="given",
        quantity=quantity,
        item=item,
        item_name=item.name,
        item_unit=item.unit,
        taken=quantity,
    )
    lot = a_lot(item)
    DispensingLot.unscoped.create(line=row, lot=lot, lot_number=lot.number, quantity=quantity)
    back = MedicineReturn.unscoped.create(
        dispensing=act, at=act.occurred_at, on=act.on, reason="Cấp thừa", left_station=False, by_name="Dược"
    )
    MedicineReturnLine.unscoped.create(back=back, given=row.lots(manager="unscoped").get(), quantity=1)
    return act


def rows(act: Dispensing) -> list[DispensingLine]:
    return list(DispensingLine.unscoped.filter(dispensing=act).order_by("position"))


def at(lot: Lot, desk: StockLocation | None = None) -> int:
    """What lies there of a lot."""
    rows = StockBalance.unscoped.filter(lot=lot)
    if desk is not None:
        rows = rows.filter(location=desk)
    return sum(rows.values_list("quantity", flat=True))


def agrees() -> None:
    """Every balance is the sum of its movements."""
    for row in StockBalance.unscoped.all():
        moved = StockMovement.unscoped.filter(lot_id=row.lot_id, location_id=row.location_id)
        assert row.quantity == moved.aggregate(all=Sum("quantity"))["all"]


def in_days(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)
