"""The papers by which stock moves: receipt, transfer, issue, discard, count, opening balance."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.facilities.models import Facility
from apps.stock import expiry
from apps.stock.models.items import Lot, StockItem, StockLocation


class DocumentKind(models.TextChoices):
    RECEIPT = "receipt", "Phiếu nhập kho"
    OPENING = "opening", "Phiếu tồn đầu kỳ"
    TRANSFER = "transfer", "Phiếu chuyển kho"
    ISSUE = "issue", "Phiếu xuất kho"
    DISCARD = "discard", "Biên bản hủy"
    COUNT = "count", "Biên bản kiểm kê"


class DocumentState(models.TextChoices):
    DRAFT = "draft", "Nháp"
    POSTED = "posted", "Đã ghi sổ"
    REVERSED = "reversed", "Đã hủy ghi sổ"


class StockDocument(ScopedModel, BaseModel):
    """One paper. docs/states.md. A draft may change as a whole; what is posted stays as it is."""

    station = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField("loại", max_length=8, choices=DocumentKind.choices)
    state = models.CharField(
        "tình trạng", max_length=8, choices=DocumentState.choices, default=DocumentState.DRAFT
    )
    number = models.CharField("số phiếu", max_length=30, blank=True)
    on = models.DateField("ngày")
    # Where it comes to (receipt, opening), is taken from (transfer, issue, discard), is counted (count).
    location = models.ForeignKey(
        StockLocation, verbose_name="kho", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_location = models.ForeignKey(
        StockLocation,
        verbose_name="chuyển đến",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    partner = models.CharField("nơi giao, nơi nhận", max_length=200, blank=True)
    reference = models.CharField("số chứng từ kèm theo", max_length=100, blank=True)
    reason = models.CharField("lý do", max_length=300, blank=True)
    note = models.CharField("ghi chú", max_length=500, blank=True)
    made_by = models.UUIDField("người lập", null=True)
    made_by_name = models.CharField("tên người lập", max_length=150)
    posted_at = models.DateTimeField("ghi sổ lúc", null=True, blank=True)
    posted_by = models.UUIDField("người ghi sổ", null=True, blank=True)
    posted_by_name = models.CharField("tên người ghi sổ", max_length=150, blank=True)
    second_by = models.UUIDField("người thứ hai", null=True, blank=True)
    second_by_name = models.CharField("tên người thứ hai", max_length=150, blank=True)
    reversed_at = models.DateTimeField("hủy ghi sổ lúc", null=True, blank=True)
    reversed_by = models.UUIDField("người hủy ghi sổ", null=True, blank=True)
    reversed_by_name = models.CharField("tên người hủy ghi sổ", max_length=150, blank=True)
    reverse_reason = models.CharField("lý do hủy ghi sổ", max_length=300, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "phiếu kho"
        verbose_name_plural = "phiếu kho"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft") | ~Q(number=""), name="stock_document_numbered"
            ),
            models.CheckConstraint(
                condition=Q(to_location__isnull=True) | ~Q(to_location=models.F("location")),
                name="stock_document_moves_elsewhere",
            ),
        ]
        indexes = [
            # The station's papers, newest first, of one kind or all.
            models.Index(fields=["station", "-on", "-id"], name="stock_document_station"),
            # What somebody has begun and not posted: her list, the hand-over.
            models.Index(fields=["made_by"], name="stock_document_draft", condition=Q(state="draft")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}".strip()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "station_id")

    @property
    def is_draft(self) -> bool:
        return self.state == DocumentState.DRAFT


class DocumentLine(ScopedModel, BaseModel):
    """A line of a paper. `count` packs of `factor` base units make `quantity`; of a count, `quantity` is what
    was found (empty: not counted yet) and `expected` what the ledger said.
    """

    document = models.ForeignKey(
        StockDocument, on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    position = models.PositiveIntegerField("thứ tự")
    # No page asks for the papers of an item: its ledger knows them.
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="+", db_index=False)
    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    lot_number = models.CharField("số lô", max_length=60, blank=True)
    expiry = models.DateField("hạn dùng", null=True, blank=True)
    month_only = models.BooleanField(default=False)
    manufacturer = models.CharField("nhà sản xuất", max_length=200, blank=True)
    # Of a vaccine or powder: the number of the lot of diluent that came with it.
    diluent_number = models.CharField("lô dung môi", max_length=60, blank=True)
    source = models.CharField("nguồn", max_length=30, blank=True)
    pack = models.CharField("quy cách", max_length=30, blank=True)
    factor = models.PositiveIntegerField("hệ số", default=1)
    count = models.PositiveIntegerField("số lượng theo quy cách", null=True, blank=True)
    quantity = models.PositiveIntegerField("số lượng", null=True, blank=True)
    expected = models.PositiveIntegerField("tồn theo sổ", null=True, blank=True)
    price = models.DecimalField("đơn giá (đồng)", max_digits=14, decimal_places=2, null=True, blank=True)
    reason = models.CharField("lý do", max_length=300, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "dòng phiếu kho"
        verbose_name_plural = "dòng phiếu kho"
        constraints = [
            # Also the lines of a paper in their order.
            models.UniqueConstraint(fields=["document", "position"], name="stock_line_once"),
        ]

    def __str__(self) -> str:
        return str(self.position)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "document__station_id")

    @property
    def expiry_words(self) -> str:
        return expiry.shown(self.expiry, self.month_only)

    @property
    def amount(self) -> Decimal | None:
        """What the line costs, in đồng."""
        if self.price is None or self.count is None:
            return None
        return self.price * self.count

    @property
    def difference(self) -> int | None:
        """Of a count: found less expected."""
        if self.quantity is None or self.expected is None:
            return None
        return self.quantity - self.expected
