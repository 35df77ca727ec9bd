"""What a station keeps and where: its items, its places, the states of its lots."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.catalogues import codes
from apps.catalogues.models import Drug, Supply
from apps.core import audit
from apps.core.errors import Refused
from apps.core.events import publish
from apps.core.scope import current
from apps.core.text import clean
from apps.core.versions import save_versioned
from apps.facilities.models import Facility
from apps.stock import units
from apps.stock.events import LotStateChanged
from apps.stock.models import ItemKind, LocationKind, Lot, LotState, StockBalance, StockItem, StockLocation
from apps.stock.models.items import ORDINARY

FIRST_STORE = "Kho chính"
OWN = "R"  # labels of items that no catalogue has: R001
HERBS = "yhct_herb"  # the catalogue of herbs, a small list; herbs are weighed
GRAM, KILOGRAM = "g", ("kg", 1000)


@dataclass(frozen=True)
class ItemInput:
    """What is said of an item. `code` is a row of a catalogue; empty: the station's own."""

    kind: str
    name: str
    unit: str
    code: str = ""
    packs: Sequence[tuple[str, int]] = field(default_factory=tuple)
    minimum: int = 0
    programme: str = ORDINARY
    controlled: str = ""
    note: str = ""
    is_active: bool = True


@transaction.atomic
def item_add(*, data: ItemInput, station_id: UUID | None = None) -> StockItem:
    """A new item of the workplace (or of a station of the scope)."""
    station = _station(station_id)
    item = StockItem(station_id=station, kind=data.kind, code=data.code)
    _fill(item, data)
    if item.code == "" and _own_names(item).exists():
        raise Refused(f"Kho đã có {item.name} ({item.unit}).", field="name", code="double")
    item.label = _label(item)
    try:
        with transaction.atomic():
            item.save(force_insert=True)
    except IntegrityError:
        raise _double(item, "code") from None
    _told("stock.item_added", item, station)
    return item


@transaction.atomic
def item_change(*, item_id: UUID, data: ItemInput, expected_version: int) -> StockItem:
    """Change an item. Its base unit stays once anything lies in it: every figure is told in that unit."""
    current().require("stock.edit")
    item = StockItem.objects.select_for_update(of=("self",)).filter(pk=item_id).first()
    if item is None:
        raise Refused("Không có mặt hàng này.", code="no-item")
    was, controlled = item.unit, item.controlled
    _fill(item, data)
    # unscoped: of an item found through the scope
    if item.unit != was and Lot.unscoped.filter(item=item).exists():
        raise Refused(
            f"Mặt hàng đã có trong sổ kho theo {was.lower()}, không đổi đơn vị tính được. "
            "Hãy lập mặt hàng mới và chuyển tồn sang.",
            field="unit",
            code="unit",
        )
    if not item.is_active and StockBalance.objects.filter(lot__item=item, quantity__gt=0).exists():
        raise Refused("Mặt hàng này còn tồn kho, chưa ngừng dùng được.", field="is_active", code="holds")
    if item.controlled != controlled:
        _refuse_less_control(item)
    if item.code == "" and _own_names(item).exists():
        raise Refused(f"Kho đã có {item.name} ({item.unit}).", field="name", code="double")
    try:
        with transaction.atomic():
            save_versioned(item, expected=expected_version)
    except IntegrityError:
        raise _double(item, "programme") from None
    _told("stock.item_changed", item, item.station_id)
    if item.controlled != controlled:
        _told(
            "stock.item_controlled",
            item,
            item.station_id,
            was=_control(controlled),
            now=_control(item.controlled),
        )
    return item


def _refuse_less_control(item: StockItem) -> None:
    """Two people answer for a controlled drug, so nobody alone makes an ordinary one of it: not of what the
    catalogue lists, nor of what lies on a shelf.
    """
    listed = _as_listed(item.kind, item.code)
    if listed is not None and listed.controlled not in ("", item.controlled):
        raise Refused(
            f"Danh mục thuốc ghi {_control(listed.controlled)}: không ghi khác được.",
            field="controlled",
            code="listed",
        )
    if not item.controlled and StockBalance.objects.filter(lot__item=item, quantity__gt=0).exists():
        raise Refused(
            "Mặt hàng này còn tồn kho, chưa bỏ kiểm soát đặc biệt được.", field="controlled", code="holds"
        )


def _control(controlled: str) -> str:
    return Drug.Controlled(controlled).label.lower()


@transaction.atomic
def pack_add(*, item_id: UUID, name: str, factor: int) -> StockItem:
    """One more pack that the item comes in, told while it is received."""
    current().require("stock.enter")
    item = StockItem.objects.select_for_update(of=("self",)).filter(pk=item_id).first()
    if item is None:
        raise Refused("Không có mặt hàng này.", code="no-item")
    try:
        packs = units.packs_of(item.unit, [*item.packs, (clean(name)[:30], factor)])
    except ValueError as wrong:
        raise Refused(str(wrong), field="pack", code="packs") from None
    item.packs = [[pack.name, pack.factor] for pack in packs]
    save_versioned(item, expected=item.version)
    _told("stock.item_changed", item, item.station_id)
    return item


def item_for(kind: str, code: str, *, programme: str = "") -> StockItem:
    """The workplace's item of a row of a catalogue; made, as the catalogue says, when it is not there.

    Without `programme` it lies where the catalogue puts it (a drug of a programme), else in ordinary stock.
    """
    station = _station(None)
    data = _as_listed(kind, code)
    if data is None:
        raise Refused("Không có mã này trong danh mục.", field="item", code="no-code")
    programme = programme or data.programme
    found = StockItem.objects.filter(station_id=station, kind=kind, code=code, programme=programme)
    if (item := found.order_by("-is_active", "pk").first()) is not None:
        return item
    return item_add(data=replace(data, programme=programme))


def _as_listed(kind: str, code: str) -> ItemInput | None:
    """An item as the catalogue of its kind says; None for a code that it does not know."""
    if kind == ItemKind.HERB:
        herb = codes.get(HERBS, code)
        return ItemInput(kind, herb.name, GRAM, code, [KILOGRAM]) if herb else None
    if kind == ItemKind.DRUG:
        drug = Drug.objects.filter(code=code).first()
        if drug is None:
            return None
        programme = PROGRAMMES.get(drug.programme, ORDINARY)
        return ItemInput(
            kind, str(drug), drug.unit or "Cái", code, programme=programme, controlled=drug.controlled
        )
    supply = Supply.objects.filter(code=code).first()
    return ItemInput(kind, str(supply), supply.unit or "Cái", code) if supply else None


# As the drug catalogue writes its programmes -> list stock_programme.
PROGRAMMES = {
    "sức khỏe tâm thần cộng đồng": "mental",
    "CTMT lao": "tb",
    "HIV/viêm gan theo phân cấp": "hiv",
    "CTMT sốt rét": "malaria",
    "chương trình dân số": "contraceptive",
}


def _fill(item: StockItem, data: ItemInput) -> None:
    item.name, item.unit = clean(data.name)[:300], clean(data.unit)[:30]
    if not item.name:
        raise Refused("Ghi tên mặt hàng.", field="name", code="no-name")
    if not item.unit:
        raise Refused("Ghi đơn vị tính nhỏ nhất khi cấp phát: viên, ống, chai.", field="unit", code="no-unit")
    try:
        packs = units.packs_of(item.unit, [(clean(name)[:30], factor) for name, factor in data.packs])
    except ValueError as wrong:
        raise Refused(str(wrong), field="packs", code="packs") from None
    item.packs = [[pack.name, pack.factor] for pack in packs]
    if not 0 <= data.minimum <= units.MOST:
        raise Refused("Mức tối thiểu không thể lớn như vậy.", field="minimum", code="minimum")
    item.minimum, item.programme, item.controlled = data.minimum, data.programme, data.controlled
    item.note, item.is_active = clean(data.note)[:300], data.is_active


def _label(item: StockItem) -> str:
    """The code of the catalogue where it is free; with its programme or a number where it is not."""
    taken = set(StockItem.objects.filter(station_id=item.station_id).values_list("label", flat=True))
    wishes = [item.code, f"{item.code}-{item.programme}"] if item.code else []
    stem = f"{item.code}-" if item.code else OWN
    numbered = (f"{stem}{number:03d}" for number in count(1))
    return next(wish for wish in chain(wishes, numbered) if wish not in taken)


def _double(item: StockItem, field: str) -> Refused:
    return Refused(f"Kho đã có {item.name} trong chương trình này.", field=field, code="double")


def _own_names(item: StockItem) -> QuerySet[StockItem]:
    return StockItem.objects.filter(
        station_id=item.station_id, code="", name__iexact=item.name, unit=item.unit, programme=item.programme
    ).exclude(pk=item.pk)


def _station(station_id: UUID | None) -> UUID:
    scope = current()
    scope.require("stock.enter")
    station = station_id or scope.workplace_id
    if scope.hamlet_ids is not None:
        raise Refused("Kho do người thấy cả trạm giữ.", code="hamlets")
    if station is None or not scope.reaches(station):
        raise Refused("Hãy chọn trạm làm việc.", code="no-station")
    return station


def _told(action: str, item: StockItem, station_id: UUID, **more: str) -> None:
    audit.record(
        action,
        object_id=item.pk,
        facility_id=station_id,
        data={"code": item.code or "riêng", "name": item.name} | more,
    )


# --- places


def store_of(station_id: UUID) -> StockLocation:
    """The station's first store, made when it has none yet: a station keeps something somewhere."""
    found = StockLocation.objects.filter(station_id=station_id, kind=LocationKind.STORE, is_active=True)
    if (first := found.order_by("created_at", "pk").first()) is not None:
        return first
    made, _ = StockLocation.objects.get_or_create(
        station_id=station_id,
        name=FIRST_STORE,
        defaults={"kind": LocationKind.STORE, "dispenses": True},
    )
    return made


@dataclass(frozen=True)
class PlaceInput:
    """What is said of a place."""

    kind: str
    name: str
    parent_id: UUID | None = None
    point_id: UUID | None = None
    dispenses: bool = False
    is_active: bool = True


@transaction.atomic
def place_add(*, data: PlaceInput) -> StockLocation:
    """A new place of the workplace."""
    current().require("stock.edit")
    place = StockLocation(station_id=_station(None))
    _fill_place(place, data)
    place.save(force_insert=True)
    _told_place("stock.place_added", place)
    return place


@transaction.atomic
def place_change(*, place_id: UUID, data: PlaceInput, expected_version: int) -> StockLocation:
    """Change a place. One that holds stock stays in use."""
    current().require("stock.edit")
    place = StockLocation.objects.select_for_update(of=("self",)).filter(pk=place_id).first()
    if place is None:
        raise Refused("Không có nơi để hàng này.", code="no-place")
    _fill_place(place, data)
    if not place.is_active and StockBalance.objects.filter(location=place, quantity__gt=0).exists():
        raise Refused(
            f"{place.name} còn hàng. Chuyển hết đi rồi mới ngừng dùng.", field="is_active", code="holds"
        )
    save_versioned(place, expected=expected_version)
    _told_place("stock.place_changed", place)
    return place


def _fill_place(place: StockLocation, data: PlaceInput) -> None:
    place.kind, place.name = data.kind, clean(data.name)[:100]
    place.dispenses, place.is_active = data.dispenses, data.is_active
    if not place.name:
        raise Refused("Ghi tên nơi để hàng.", field="name", code="no-name")
    rows = StockLocation.objects.filter(station_id=place.station_id)
    if rows.filter(name__iexact=place.name).exclude(pk=place.pk).exists():
        raise Refused(f"Đã có nơi tên {place.name}.", field="name", code="double")
    parents = dict(rows.values_list("pk", "parent_id"))
    above = data.parent_id
    if above is not None and above not in parents:
        raise Refused("Nơi này không thuộc trạm.", field="parent", code="no-place")
    while above is not None:
        if above == place.pk:
            raise Refused("Một nơi không thể nằm trong chính nó.", field="parent", code="circle")
        above = parents[above]
    place.parent_id = data.parent_id
    if (
        data.point_id is not None
        and not Facility.objects.filter(pk=data.point_id, part_of_id=place.station_id).exists()
    ):
        raise Refused("Điểm trạm này không thuộc trạm.", field="point", code="no-point")
    place.point_id = data.point_id


def _told_place(action: str, place: StockLocation) -> None:
    audit.record(action, object_id=place.pk, facility_id=place.station_id, data={"name": place.name})


# --- lots


@transaction.atomic
def lot_state_set(
    *, lot_id: UUID, state: str, reason: str, expected_version: int, use_first: bool = False
) -> Lot:
    """Hold, quarantine, block or free a lot everywhere, with the reason: what is not usable is not taken."""
    current().require("stock.edit")
    lot = Lot.objects.select_for_update(of=("self",)).select_related("item").filter(pk=lot_id).first()
    if lot is None:
        raise Refused("Không có lô này.", code="no-lot")
    if state not in LotState.values:
        raise Refused("Không có tình trạng này.", field="state", code="state")
    reason = clean(reason)[:300]
    if state != lot.state and not reason:
        raise Refused("Ghi lý do đổi tình trạng của lô.", field="reason", code="no-reason")
    changed = state != lot.state
    lot.state, lot.use_first = state, use_first
    if changed:
        lot.state_reason = reason
    save_versioned(lot, expected=expected_version)
    audit.record(
        "stock.lot_state",
        object_id=lot.pk,
        facility_id=lot.item.station_id,
        data={"lot": lot.number, "state": LotState(state).label.lower(), "item": lot.item.name},
    )
    if changed:
        publish(
            LotStateChanged(
                lot_id=lot.pk,
                item_id=lot.item_id,
                station_id=lot.item.station_id,
                state=state,
                on=timezone.localdate(),
            )
        )
    return lot
