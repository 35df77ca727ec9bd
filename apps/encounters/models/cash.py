"""The station's cash: other cash in and out, closed days, the box, the bank account that is paid into."""

from django.db import models
from django.db.models import Q

from apps.core.models import ScopedDatedModel
from apps.core.scope import Scope, of_facility
from apps.encounters.models.money import FeeState, Till
from apps.facilities.models import Facility


class MoveKind(models.TextChoices):
    """Cash that moves without a patient."""

    FLOAT_IN = "float_in", "Nhận tiền lẻ, tiền đầu kỳ"
    OTHER_IN = "other_in", "Thu khác"
    HANDED_OVER = "handed_over", "Nộp về đơn vị, ngân hàng, kho bạc"
    OTHER_OUT = "other_out", "Chi khác"


INWARD = (MoveKind.FLOAT_IN, MoveKind.OTHER_IN)


class CashMove(Till):
    """Cash put into the station's box or taken out of it, apart from receipts and refunds."""

    kind = models.CharField("loại", max_length=12, choices=MoveKind.choices)
    amount = models.PositiveBigIntegerField("số tiền")
    reason = models.CharField("nội dung", max_length=300)
    book_on = models.DateField("vào sổ quỹ ngày")
    state = models.CharField("trạng thái", max_length=20, choices=FeeState.choices, default=FeeState.FINAL)
    error_reason = models.CharField("lý do bỏ", max_length=300, blank=True)
    by = models.UUIDField(null=True)
    by_name = models.CharField("người ghi", max_length=150)

    class Meta:
        verbose_name = "khoản thu chi khác"
        verbose_name_plural = "khoản thu chi khác"
        base_manager_name = "unscoped"
        ordering = ["created_at"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="cash_move_of_something")]
        indexes = [
            # The cash book of a day.
            models.Index(fields=["facility", "book_on"], name="cash_move_book"),
        ]

    def __str__(self) -> str:
        return self.kind

    @property
    def is_in(self) -> bool:
        return self.kind in INWARD


class DayState(models.TextChoices):
    CLOSED = "closed", "chờ xác nhận"
    CONFIRMED = "confirmed", "đã xác nhận"


class CashDay(Till):
    """A closed day of the cash book: what the book said, what was counted. A day without a row is open."""

    on = models.DateField("ngày")
    opening = models.BigIntegerField("tồn đầu ngày")
    cash_in = models.BigIntegerField("thu")
    cash_out = models.BigIntegerField("chi")
    closing = models.BigIntegerField("tồn cuối ngày theo sổ")
    transfers = models.BigIntegerField("chuyển khoản", default=0)
    counted = models.PositiveBigIntegerField("kiểm đếm")
    difference_reason = models.CharField("lý do chênh lệch", max_length=300, blank=True)
    state = models.CharField("trạng thái", max_length=10, choices=DayState.choices, default=DayState.CLOSED)
    closed_at = models.DateTimeField("khóa sổ lúc")
    closed_by = models.UUIDField(null=True)
    closed_by_name = models.CharField("người khóa sổ", max_length=150)
    confirmed_count = models.PositiveBigIntegerField("người nhận đếm được", null=True, blank=True)
    confirm_note = models.CharField("ghi chú khi nhận", max_length=300, blank=True)
    confirmed_at = models.DateTimeField("xác nhận lúc", null=True, blank=True)
    confirmed_by = models.UUIDField(null=True)
    confirmed_by_name = models.CharField("người xác nhận", max_length=150, blank=True)

    class Meta:
        verbose_name = "sổ quỹ ngày"
        verbose_name_plural = "sổ quỹ ngày"
        base_manager_name = "unscoped"
        ordering = ["-on"]
        constraints = [
            # Also the list of days, newest first.
            models.UniqueConstraint(fields=["facility", "on"], name="cash_day_once"),
            models.CheckConstraint(
                condition=Q(closing=models.F("opening") + models.F("cash_in") - models.F("cash_out")),
                name="cash_day_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(counted=models.F("closing")) | ~Q(difference_reason=""),
                name="cash_day_difference_has_reason",
            ),
        ]
        indexes = [
            # What waits for the next one.
            models.Index(fields=["facility"], name="cash_day_closed", condition=Q(state="closed")),
        ]

    def __str__(self) -> str:
        return f"{self.on:%d/%m/%Y}"

    @property
    def difference(self) -> int:
        return self.counted - self.closing


class CashBox(Till):
    """The one row of a station that all who move its money lock first, and up to which day its book is
    closed.
    """

    closed_until = models.DateField("đã khóa sổ đến ngày", null=True, blank=True)

    class Meta:
        verbose_name = "quỹ tiền mặt"
        verbose_name_plural = "quỹ tiền mặt"
        base_manager_name = "unscoped"
        constraints = [models.UniqueConstraint(fields=["facility"], name="cash_box_once")]

    def __str__(self) -> str:
        return str(self.facility_id)


class BankAccount(ScopedDatedModel):
    """Where patients transfer money to (VietQR). Written by the approval of a second person alone."""

    facility = models.ForeignKey(
        Facility, verbose_name="cơ sở", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    bank_bin = models.CharField("ngân hàng", max_length=6)  # code list bank
    account = models.CharField("số tài khoản", max_length=19)
    holder = models.CharField("tên chủ tài khoản", max_length=150)
    asked_by_name = models.CharField("người đề nghị", max_length=150)
    approved_by_name = models.CharField("người duyệt", max_length=150)

    class Meta:
        verbose_name = "tài khoản ngân hàng"
        verbose_name_plural = "tài khoản ngân hàng"
        base_manager_name = "unscoped"
        ordering = ["-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility"], condition=Q(valid_to__isnull=True), name="bank_account_one_open"
            ),
        ]

    def __str__(self) -> str:
        return self.account

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)
