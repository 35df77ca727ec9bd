"""Money at the station: typed fees, receipts, refunds."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.encounters.models.visit import Visit, VisitPart
from apps.facilities.models import Facility
from apps.patients.models import Person


class FeeState(models.TextChoices):
    FINAL = "final", "có hiệu lực"
    ENTERED_IN_ERROR = "entered_in_error", "nhập nhầm"


class FeeLine(VisitPart):
    """What is charged on a visit by hand, with the reason: what no order, medicine or examination brings."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="fee_lines")
    text = models.CharField("khoản thu", max_length=200)
    quantity = models.DecimalField("số lượng", max_digits=8, decimal_places=2, default=1)
    price = models.PositiveBigIntegerField("đơn giá (đồng)")
    reason = models.CharField("lý do thu", max_length=300)
    state = models.CharField("trạng thái", max_length=20, choices=FeeState.choices, default=FeeState.FINAL)
    error_reason = models.CharField("lý do bỏ", max_length=300, blank=True)
    by = models.UUIDField(null=True)
    by_name = models.CharField("người ghi", max_length=150)

    class Meta:
        verbose_name = "khoản thu ghi tay"
        verbose_name_plural = "khoản thu ghi tay"
        base_manager_name = "unscoped"
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.text


class Way(models.TextChoices):
    """What of insured care it was (QĐ 3176/QĐ-BYT, MUC_HUONG)."""

    STATION = "station", "Khám tại trạm: quỹ trả 100%"
    REFILL = "refill", "Chỉ lĩnh thuốc tuyến trên kê: theo mức hưởng của thẻ"


class VisitFees(VisitPart):
    """How a visit is charged where it is not the usual way: insured refill, and what the patient is let
    off.
    """

    visit = models.OneToOneField(Visit, on_delete=models.CASCADE, related_name="fees")
    way = models.CharField("cách tính BHYT", max_length=8, choices=Way.choices, default=Way.STATION)
    relief_percent = models.PositiveSmallIntegerField("miễn giảm (%)", default=0)
    relief_amount = models.PositiveBigIntegerField("miễn giảm (đồng)", default=0)
    relief_reason = models.CharField("lý do miễn giảm", max_length=300, blank=True)
    relief_by = models.UUIDField(null=True)
    relief_by_name = models.CharField("người cho miễn giảm", max_length=150, blank=True)

    class Meta:
        verbose_name = "cách tính tiền của lượt khám"
        verbose_name_plural = "cách tính tiền của lượt khám"
        base_manager_name = "unscoped"
        constraints = [
            models.CheckConstraint(condition=Q(relief_percent__lte=100), name="fees_percent"),
            models.CheckConstraint(
                condition=Q(relief_percent=0) | Q(relief_amount=0), name="fees_one_kind_of_relief"
            ),
        ]

    def __str__(self) -> str:
        return self.way


class ReceiptState(models.TextChoices):
    WAITING = "waiting", "chờ thu"
    PAID = "paid", "đã thu"
    VOID = "void", "đã hủy"


class Method(models.TextChoices):
    CASH = "cash", "tiền mặt"
    TRANSFER = "transfer", "chuyển khoản"


class Till(ScopedModel, BaseModel):
    """What money moved at a station. Who keeps the cash book sees every sum of it; whose it was is told apart
    (money/queries.py), and a receipt's page and paper go by the visit's own scope.
    """

    facility = models.ForeignKey(
        Facility, verbose_name="cơ sở", on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        abstract = True
        base_manager_name = "unscoped"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)


class Receipt(Till):
    """A numbered receipt (biên lai). Its lines and sums never change once it stands; a wrong one is
    voided.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="receipts")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField("số biên lai", max_length=16)  # '2026-000123', a book a facility and year
    on = models.DateField("ngày lập")
    state = models.CharField(
        "trạng thái", max_length=8, choices=ReceiptState.choices, default=ReceiptState.WAITING
    )
    payer = models.CharField("đối tượng chi trả", max_length=10, blank=True)
    level = models.DecimalField("mức hưởng BHYT (%)", max_digits=5, decimal_places=2, default=0)
    total = models.PositiveBigIntegerField("tổng chi phí")
    fund = models.PositiveBigIntegerField("quỹ BHYT trả", default=0)
    programme = models.PositiveBigIntegerField("chương trình, ngân sách trả", default=0)
    patient = models.PositiveBigIntegerField("người bệnh trả")
    relief = models.PositiveBigIntegerField("miễn giảm", default=0)
    relief_reason = models.CharField("lý do miễn giảm", max_length=300, blank=True)
    payable = models.PositiveBigIntegerField("phải thu")
    made_by = models.UUIDField(null=True)
    made_by_name = models.CharField("người lập", max_length=150)

    method = models.CharField("hình thức", max_length=8, choices=Method.choices, blank=True)
    given = models.PositiveBigIntegerField("khách đưa", null=True, blank=True)
    paid_at = models.DateTimeField("thu lúc", null=True, blank=True)
    paid_by = models.UUIDField(null=True)
    paid_by_name = models.CharField("người thu", max_length=150, blank=True)
    # Whose cash book, and on which of its days: not the day of payment where that one was closed already.
    book_at = models.ForeignKey(
        Facility,
        verbose_name="sổ quỹ của",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    book_on = models.DateField("vào sổ quỹ ngày", null=True, blank=True)

    void_reason = models.CharField("lý do hủy", max_length=300, blank=True)
    voided_at = models.DateTimeField("hủy lúc", null=True, blank=True)
    voided_by = models.UUIDField(null=True)
    voided_by_name = models.CharField("người hủy", max_length=150, blank=True)
    # Paid for a visit that should not be there, or medicines that came back: true until it was given back.
    refund_due = models.BooleanField("cần hoàn tiền", default=False)
    # What is to be given back (đồng) where not all of it is: for what came back. 0: all.
    refund_wanted = models.PositiveBigIntegerField("cần hoàn", default=0)
    replaces = models.ForeignKey(
        "self",
        verbose_name="thay biên lai",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replaced_by",
        db_index=False,
    )

    class Meta:
        verbose_name = "biên lai"
        verbose_name_plural = "biên lai"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["facility", "number"], name="receipt_number_once"),
            models.CheckConstraint(
                condition=Q(total=models.F("fund") + models.F("programme") + models.F("patient")),
                name="receipt_shares_are_the_total",
            ),
            models.CheckConstraint(
                condition=Q(patient=models.F("relief") + models.F("payable")), name="receipt_payable"
            ),
            models.CheckConstraint(
                condition=~Q(state="paid")
                | Q(paid_at__isnull=False, book_on__isnull=False, book_at__isnull=False) & ~Q(method=""),
                name="receipt_paid_says_how",
            ),
        ]
        indexes = [
            # The cash book of a day, its totals by cashier.
            models.Index(fields=["book_at", "book_on", "number"], name="receipt_book"),
            # What was drawn up and not paid yet.
            models.Index(
                fields=["facility", "-on", "-id"], name="receipt_waiting", condition=Q(state="waiting")
            ),
            # What is to be given back.
            models.Index(
                fields=["facility", "-on", "-id"], name="receipt_refund_due", condition=Q(refund_due=True)
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def change(self) -> int:
        """What went back of the money given."""
        return (self.given or self.payable) - self.payable


class ReceiptLine(ScopedModel, BaseModel):
    """A line of a receipt as it was charged."""

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=20)  # a key of money.sources
    key = models.CharField(max_length=60)  # the item's own: one live line charges it
    object_id = models.UUIDField(null=True)
    code = models.CharField("mã dịch vụ", max_length=20, blank=True)
    text = models.CharField("khoản thu", max_length=300)
    quantity = models.DecimalField("số lượng", max_digits=10, decimal_places=3)
    price = models.PositiveBigIntegerField("đơn giá (đồng)")
    amount = models.PositiveBigIntegerField("thành tiền")
    fund = models.PositiveBigIntegerField("quỹ BHYT trả", default=0)
    programme = models.PositiveBigIntegerField("chương trình, ngân sách trả", default=0)
    patient = models.PositiveBigIntegerField("người bệnh trả", default=0)

    class Meta:
        verbose_name = "dòng biên lai"
        verbose_name_plural = "dòng biên lai"
        base_manager_name = "unscoped"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "position"], name="receipt_line_once"),
            models.CheckConstraint(
                condition=Q(amount=models.F("fund") + models.F("programme") + models.F("patient")),
                name="receipt_line_shares",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return Q(receipt__visit__in=Visit.visible(scope))


class Refund(Till):
    """Money given back on a paid receipt, in whole or in part, with a number of its own (phiếu chi hoàn
    tiền).
    """

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="refunds")
    number = models.CharField("số phiếu chi", max_length=16)
    on = models.DateField("ngày hoàn")
    amount = models.PositiveBigIntegerField("số tiền hoàn")
    method = models.CharField("hình thức", max_length=8, choices=Method.choices)
    reason = models.CharField("lý do hoàn tiền", max_length=300)
    book_on = models.DateField("vào sổ quỹ ngày")
    by = models.UUIDField(null=True)
    by_name = models.CharField("người hoàn", max_length=150)

    class Meta:
        verbose_name = "phiếu hoàn tiền"
        verbose_name_plural = "phiếu hoàn tiền"
        base_manager_name = "unscoped"
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "number"], name="refund_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something"),
        ]
        indexes = [
            # The cash book of a day.
            models.Index(fields=["facility", "book_on"], name="refund_book"),
        ]

    def __str__(self) -> str:
        return self.number
