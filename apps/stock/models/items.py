"""What a station keeps, where it lies, and in which lots it came."""

import datetime as dt

from django.db import models
from django.db.models import Q

from apps.catalogues.models import Drug
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.core.text import search_key
from apps.facilities.models import Facility
from apps.stock import expiry, units

ORDINARY = "ordinary"  # list stock_programme: what belongs to no programme


class ItemKind(models.TextChoices):
    DRUG = "drug", "Thuốc"
    SUPPLY = "supply", "Vật tư y tế"
    VACCINE = "vaccine", "Vắc xin"
    HERB = "herb", "Vị thuốc y học cổ truyền"


class StockItem(ScopedModel, BaseModel):
    """A drug, supply, vaccine or herb as one station keeps it, in one programme: programme stocks lie apart.

    Everything is counted in `unit`, whole; `packs` says how many of it a box holds ([['Hộp', 100], ...]).
    `code` is that of the catalogue of its kind, empty for the station's own items.
    """

    station = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField("loại", max_length=8, choices=ItemKind.choices)
    code = models.CharField("mã danh mục", max_length=80, blank=True)
    label = models.CharField("mã trong kho", max_length=100)  # short, one a station: picked and typed by it
    name = models.CharField("tên", max_length=300)
    unit = models.CharField("đơn vị tính", max_length=30)
    packs = models.JSONField("quy cách đóng gói", default=list, blank=True)
    minimum = models.PositiveIntegerField("mức tối thiểu", default=0)  # in base units; 0: none
    programme = models.CharField("chương trình", max_length=30, default=ORDINARY)  # list stock_programme
    controlled = models.CharField(
        "kiểm soát đặc biệt", max_length=20, choices=Drug.Controlled.choices, blank=True
    )
    note = models.CharField("ghi chú", max_length=300, blank=True)
    is_active = models.BooleanField("đang dùng", default=True)
    folded = models.CharField(max_length=400, editable=False)  # search_key of the name, and the label

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "mặt hàng trong kho"
        verbose_name_plural = "mặt hàng trong kho"
        constraints = [
            models.UniqueConstraint(
                fields=["station", "kind", "code", "programme", "unit"],
                condition=~Q(code=""),
                name="stock_item_once",
            ),
            models.UniqueConstraint(fields=["station", "label"], name="stock_item_label"),
        ]
        indexes = [
            # The balance list of a station, by name.
            models.Index(fields=["station", "folded"], name="stock_item_station"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.folded = f"{search_key(self.name)} {self.label.lower()}".strip()[:400]
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "station_id")

    @property
    def pack_list(self) -> tuple[units.Pack, ...]:
        return units.packs_of(self.unit, self.packs)

    def words(self, quantity: int) -> str:
        """'2 hộp 3 viên'."""
        return units.words(quantity, self.unit, self.pack_list)


class LocationKind(models.TextChoices):
    STORE = "store", "Kho"
    POINT = "point", "Quầy, tủ, điểm cấp phát"
    REFRIGERATOR = "refrigerator", "Tủ lạnh"
    SESSION_BOX = "session_box", "Hòm lạnh, phích vắc xin"


class StockLocation(ScopedModel, BaseModel):
    """A place where stock lies. Places stand in each other; each balance is that of its own place alone.

    `point` is the station's point (or former station) where the place is.
    """

    station = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    point = models.ForeignKey(
        Facility,
        verbose_name="điểm trạm",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    parent = models.ForeignKey(
        "self",
        verbose_name="nằm trong",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        db_index=False,
    )
    kind = models.CharField("loại", max_length=12, choices=LocationKind.choices)
    name = models.CharField("tên", max_length=100)
    dispenses = models.BooleanField("cấp phát cho người bệnh từ đây", default=False)
    is_active = models.BooleanField("đang dùng", default=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "nơi để hàng"
        verbose_name_plural = "nơi để hàng"
        constraints = [
            # Also the list of a station's places.
            models.UniqueConstraint(fields=["station", "name"], name="stock_location_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "station_id")


class LotState(models.TextChoices):
    USABLE = "usable", "Dùng được"
    HELD = "held", "Giữ lại"
    QUARANTINED = "quarantined", "Biệt trữ"
    BLOCKED = "blocked", "Khóa"


class Lot(ScopedModel, BaseModel):
    """A lot of an item as it came. docs/states.md; 'expired' is no state but the day being past `expiry`."""

    # Found by stock_lot_item, which begins with it.
    item = models.ForeignKey(
        StockItem, verbose_name="mặt hàng", on_delete=models.PROTECT, related_name="lots", db_index=False
    )
    number = models.CharField("số lô", max_length=60, blank=True)
    expiry = models.DateField("hạn dùng", null=True, blank=True)  # its last day of use
    month_only = models.BooleanField("hạn chỉ ghi tháng", default=False)
    state = models.CharField("tình trạng", max_length=11, choices=LotState.choices, default=LotState.USABLE)
    state_reason = models.CharField("lý do", max_length=300, blank=True)
    use_first = models.BooleanField("dùng trước", default=False)
    manufacturer = models.CharField("nhà sản xuất", max_length=200, blank=True)
    source = models.CharField("nguồn", max_length=30, blank=True)  # list stock_source
    price = models.DecimalField("đơn giá (đồng)", max_digits=16, decimal_places=4, null=True, blank=True)
    diluent = models.ForeignKey(
        "self",
        verbose_name="dung môi đi kèm",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    since = models.DateField("nhập ngày")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "lô"
        verbose_name_plural = "lô"
        indexes = [
            # The lots of an item, first expired first.
            models.Index(fields=["item", "expiry"], name="stock_lot_item"),
        ]

    def __str__(self) -> str:
        return self.number or "không ghi số lô"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "item__station_id")

    @property
    def expiry_words(self) -> str:
        return expiry.shown(self.expiry, self.month_only)

    def is_expired(self, on: dt.date) -> bool:
        return not expiry.usable(self.expiry, on)
