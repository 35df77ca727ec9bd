"""The ledger: a row for everything that moved, never changed; and what lies where, which follows from it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.stock.models.items import Lot, StockLocation


class MovementKind(models.TextChoices):
    """balance.COLUMNS says in which column of the in-out-balance each lies."""

    OPENING = "opening", "Tồn đầu kỳ"
    RECEIVE = "receive", "Nhập"
    ISSUE = "issue", "Xuất"
    DISPENSE = "dispense", "Cấp phát"
    RETURN = "return", "Trả lại"
    TRANSFER = "transfer", "Chuyển kho"
    ADJUST = "adjust", "Điều chỉnh"
    DISCARD = "discard", "Hủy"


class StockMovement(ScopedModel):
    """One lot, one place, so much more or less. Append-only: a trigger refuses update, delete and truncate.

    `source_kind` and `source_id` name the record that moved it: a StockDocument, a dispensing. What was wrong
    is taken back by a row of the same kind and source with the other sign, which names it in `reverses`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    on = models.DateField("ngày")
    recorded_at = models.DateTimeField("ghi lúc", default=timezone.now, editable=False)
    kind = models.CharField("loại", max_length=8, choices=MovementKind.choices)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="movements", db_index=False)
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.IntegerField("số lượng")  # base units, signed
    source_kind = models.CharField(max_length=30)
    source_id = models.UUIDField()
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    reason = models.CharField("lý do", max_length=300, blank=True)
    by = models.UUIDField("người ghi", null=True)
    by_name = models.CharField("tên người ghi", max_length=150)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "dòng sổ kho"
        verbose_name_plural = "sổ kho"
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="stock_movement_moves"),
        ]
        indexes = [
            # The stock card of an item: its lots, newest first.
            models.Index(fields=["lot", "-on", "-id"], name="stock_movement_lot"),
            # The in-out-balance of a place over a period.
            models.Index(fields=["location", "on"], name="stock_movement_place"),
            # What a document or a dispensing has moved.
            models.Index(fields=["source_id", "source_kind"], name="stock_movement_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "location__station_id")


class StockBalance(ScopedModel, BaseModel):
    """How much of a lot lies in a place: the sum of its movements. The database refuses less than nothing."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="balances", db_index=False)
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.IntegerField("tồn")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "tồn kho"
        verbose_name_plural = "tồn kho"
        constraints = [
            # Also the index from a lot to its places.
            models.UniqueConstraint(fields=["lot", "location"], name="stock_balance_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="stock_balance_not_negative"),
        ]
        indexes = [
            # What lies in a place.
            models.Index(fields=["location"], name="stock_balance_there", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return str(self.quantity)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "location__station_id")
