"""What was given out on a prescription: an act, its lines, the lots they came from, what came back.

Lines, lots and returns are append-only (a trigger refuses update and delete); of an act itself only its state
and the visit it belongs to may change.
"""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.catalogues.models import Drug
from apps.core.models import BaseModel
from apps.core.scope import Scope
from apps.encounters.dispensing import states
from apps.encounters.models.visit import Visit, VisitPart
from apps.patients.facts import ClinicalFact
from apps.stock.models import Lot, StockItem, StockLocation


class Dispensing(ClinicalFact, BaseModel):
    """One act of giving out, from one place. `performer` gave, `occurred_at` when; `on` is its day in the
    stock's book, whose movements name this row (source kind 'dispensing').
    """

    visit = models.ForeignKey(
        Visit, verbose_name="lượt khám", on_delete=models.PROTECT, related_name="dispensings"
    )
    on = models.DateField("ngày cấp")
    location = models.ForeignKey(
        StockLocation,
        verbose_name="cấp từ",
        null=True,  # all of it was bought elsewhere
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    state = models.CharField("trạng thái", max_length=12, choices=list(states.TITLES.items()))
    # Asked for controlled medicines: who took them away, by which paper, and who else stood by.
    recipient = models.CharField("người nhận", max_length=120, blank=True)
    recipient_paper = models.CharField("giấy tờ của người nhận", max_length=60, blank=True)
    second_by = models.UUIDField("người thứ hai", null=True, blank=True)
    second_name = models.CharField("tên người thứ hai", max_length=150, blank=True)
    # Warnings that somebody overrode, as in Visit.
    overrides = models.JSONField(default=list, encoder=DjangoJSONEncoder, blank=True)
    end_reason = models.CharField("lý do hủy", max_length=300, blank=True)
    ended_at = models.DateTimeField("hủy lúc", null=True, blank=True)
    ended_by_name = models.CharField("người hủy", max_length=150, blank=True)
    # The visit was another person's: where this was written first.
    first_visit = models.ForeignKey(
        Visit,
        verbose_name="ghi lúc đầu ở",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        editable=False,
    )

    class Meta:
        verbose_name = "lần cấp phát"
        verbose_name_plural = "lần cấp phát"
        base_manager_name = "unscoped"
        ordering = ["occurred_at", "id"]
        indexes = [
            # A person's medicines, newest first: also how a merge finds them.
            models.Index(fields=["person", "-occurred_at"], name="dispensing_person"),
            # A station's day: the API, reports.
            models.Index(fields=["facility", "on"], name="dispensing_day"),
        ]

    def __str__(self) -> str:
        return f"cấp phát ngày {self.on:%d/%m/%Y}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return Q(visit__in=Visit.visible(scope))

    @property
    def state_word(self) -> str:
        return states.TITLES[self.state]

    @property
    def chip(self) -> str:
        return states.CHIPS[self.state]


class LineKind(models.TextChoices):
    """How a line of the prescription was met."""

    GIVEN = "given", "Cấp"
    SUBSTITUTED = "substituted", "Thay thế"
    OUTSIDE = "outside", "Mua ngoài"


class DispensingLine(VisitPart):
    """One medicine of an act. `line_id` is the line of the prescription as it then stood: lines are written
    anew by an amendment, so the medicine is kept here too. A herb (`herb`: its code, its name where it has
    none) is of the formula `formula_id` and counts in the grams of all its packets.
    """

    to_visit = "dispensing__visit"

    dispensing = models.ForeignKey(Dispensing, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    line_id = models.UUIDField("dòng trong đơn")
    drug = models.ForeignKey(Drug, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    herb = models.CharField("vị thuốc thang", max_length=100, blank=True)
    formula_id = models.UUIDField("bài thuốc", null=True)
    drug_name = models.CharField("thuốc trong đơn", max_length=620)
    strength = models.CharField("hàm lượng", max_length=400, blank=True)
    unit = models.CharField("đơn vị", max_length=40)
    usage = models.CharField("cách dùng", max_length=400, blank=True)
    prescribed = models.DecimalField("số lượng kê", max_digits=9, decimal_places=2)
    kind = models.CharField("cách cấp", max_length=12, choices=LineKind.choices)
    quantity = models.DecimalField("số lượng của đơn đã cấp", max_digits=9, decimal_places=2)
    item = models.ForeignKey(
        StockItem,
        verbose_name="mặt hàng",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    item_name = models.CharField("tên mặt hàng", max_length=300, blank=True)
    item_unit = models.CharField("đơn vị kho", max_length=30, blank=True)
    taken = models.PositiveIntegerField("lấy từ kho", default=0)  # base units of the item
    programme = models.CharField("chương trình", max_length=30, blank=True)
    reason = models.CharField("lý do thay thế", max_length=300, blank=True)
    agreed_by = models.CharField("người đồng ý thay thế", max_length=120, blank=True)

    class Meta:
        verbose_name = "thuốc đã cấp"
        verbose_name_plural = "thuốc đã cấp"
        base_manager_name = "unscoped"
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="dispensed_above_zero"),
            models.CheckConstraint(
                condition=Q(drug__isnull=False, herb="", formula_id__isnull=True)
                | (Q(drug__isnull=True, formula_id__isnull=False) & ~Q(herb="")),
                name="dispensed_drug_or_herb",
            ),
            models.CheckConstraint(
                condition=Q(kind=LineKind.OUTSIDE, taken=0, item__isnull=True)
                | (~Q(kind=LineKind.OUTSIDE) & Q(taken__gt=0, item__isnull=False)),
                name="dispensed_from_stock",
            ),
        ]

    def __str__(self) -> str:
        return str(self.position)


class DispensingLot(VisitPart):
    """So much of a line from one lot. Number and expiry are those that stood on the pack."""

    to_visit = "line__dispensing__visit"

    line = models.ForeignKey(DispensingLine, on_delete=models.PROTECT, related_name="lots")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+", db_index=False)
    lot_number = models.CharField("số lô", max_length=60, blank=True)
    expiry = models.DateField("hạn dùng", null=True, blank=True)
    month_only = models.BooleanField("hạn chỉ ghi tháng", default=False)
    quantity = models.PositiveIntegerField("số lượng")  # base units
    source = models.CharField("nguồn", max_length=30, blank=True)  # of the lot, list stock_source
    price = models.DecimalField("đơn giá (đồng)", max_digits=16, decimal_places=4, null=True, blank=True)
    why = models.CharField("vì sao lô này", max_length=200, blank=True)

    class Meta:
        verbose_name = "lô đã cấp"
        verbose_name_plural = "lô đã cấp"
        base_manager_name = "unscoped"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="dispensed_lot_above_zero"),
        ]

    def __str__(self) -> str:
        return self.lot_number or "không ghi số lô"


class MedicineReturn(VisitPart):
    """What of an act came back, at one time, for one reason. `left_station`: it was out of our hands, so it
    lies apart (quarantined) until somebody who may has looked at it.
    """

    to_visit = "dispensing__visit"

    dispensing = models.ForeignKey(Dispensing, on_delete=models.PROTECT, related_name="returns")
    at = models.DateTimeField("lúc")
    on = models.DateField("ngày trả")
    reason = models.CharField("lý do trả lại", max_length=300)
    left_station = models.BooleanField("đã mang khỏi trạm")
    by = models.UUIDField("người nhận lại", null=True)
    by_name = models.CharField("tên người nhận lại", max_length=150)

    class Meta:
        verbose_name = "lần trả lại thuốc"
        verbose_name_plural = "lần trả lại thuốc"
        base_manager_name = "unscoped"
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"trả lại ngày {self.on:%d/%m/%Y}"


class MedicineReturnLine(VisitPart):
    """So many base units of a lot that was given."""

    to_visit = "back__dispensing__visit"

    back = models.ForeignKey(MedicineReturn, on_delete=models.PROTECT, related_name="lines")
    given = models.ForeignKey(DispensingLot, on_delete=models.PROTECT, related_name="returned")
    quantity = models.PositiveIntegerField("số lượng")

    class Meta:
        verbose_name = "thuốc trả lại"
        verbose_name_plural = "thuốc trả lại"
        base_manager_name = "unscoped"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="returned_above_zero"),
        ]

    def __str__(self) -> str:
        return str(self.quantity)
