"""What is ordered on a visit, and what came of it."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.encounters.models.visit import Visit
from apps.encounters.ordering import states as order_states
from apps.facilities.models import Practitioner
from apps.patients import restricted
from apps.patients.facts import ClinicalFact


class OrderKind(models.TextChoices):
    """What an order is done as, and so what its record looks like."""

    LAB = "lab", "Xét nghiệm"
    IMAGING = "imaging", "Chẩn đoán hình ảnh, thăm dò"
    PROCEDURE = "procedure", "Thủ thuật, chăm sóc"
    COURSE = "course", "Y học cổ truyền, phục hồi chức năng"


class Order(ClinicalFact, BaseModel):
    """One test or service ordered on a visit. `performer` is who orders it, `occurred_at` when.

    Code, name and price are those of the day: a catalogue that changes changes no order.
    """

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="orders")
    kind = models.CharField("loại", max_length=10, choices=OrderKind.choices)
    code = models.CharField("mã dịch vụ", max_length=20)
    name = models.CharField("tên", max_length=300)
    form = models.CharField("mẫu ghi", max_length=20, blank=True)  # code list procedure_form
    tests = ArrayField(models.CharField(max_length=20), verbose_name="xét nghiệm", default=list)
    note = models.CharField("yêu cầu, ghi chú", max_length=300, blank=True)
    sessions = models.PositiveSmallIntegerField("số buổi", default=1)  # of a course of treatment
    price = models.PositiveBigIntegerField("giá (đồng)", null=True, blank=True)  # None: no price is known
    price_source = models.CharField("căn cứ giá", max_length=300, blank=True)
    state = models.CharField(
        "trạng thái",
        max_length=20,
        choices=list(order_states.TITLES.items()),
        default=order_states.ORDERED,
    )
    # What came of it in a line, so that a list of orders asks for nothing more.
    summary = models.CharField("kết quả tóm tắt", max_length=500, blank=True)
    flag = models.CharField("đánh dấu", max_length=20, blank=True)
    end_reason = models.CharField("lý do hủy hoặc nhập nhầm", max_length=300, blank=True)
    # Warnings that somebody overrode, as in Visit.
    overrides = models.JSONField(default=list, encoder=DjangoJSONEncoder, blank=True)
    restricted_by = ArrayField(models.CharField(max_length=20), default=list, editable=False)

    class Meta:
        verbose_name = "chỉ định"
        verbose_name_plural = "chỉ định"
        base_manager_name = "unscoped"
        ordering = ["occurred_at", "id"]
        indexes = [
            # What a station's laboratory has to do, oldest first.
            models.Index(
                fields=["facility", "occurred_at", "id"],
                name="order_waiting",
                condition=Q(state__in=order_states.WAITING),
            ),
            # A person's tests, newest first.
            models.Index(fields=["person", "-occurred_at"], name="order_person"),
        ]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        # Who sees the visit; a restricted test of an open visit only by right, and by who ordered it.
        wrote = Q(recorded_by__in=[scope.user_id]) | Q(performer__in=[scope.practitioner_id])
        own = None if scope.program or scope.hamlet_ids is not None else wrote
        return Q(visit__in=Visit.visible(scope)) & restricted.readable(scope, own)

    @property
    def has_result(self) -> bool:
        """Whether it ends with a result; else with a sheet or with sittings."""
        return self.kind in (OrderKind.LAB, OrderKind.IMAGING)

    @property
    def state_word(self) -> str:
        """Its state as staff say it: a procedure has no result, it is under way or done."""
        if not self.has_result and self.state == order_states.RESULTED:
            return "đã xong"
        if self.state == order_states.ORDERED and self.summary:
            return "đang thực hiện"
        return order_states.TITLES[self.state]

    @property
    def chip(self) -> str:
        """The colour of its state."""
        if self.state == order_states.ORDERED and self.summary:
            return "info"
        return order_states.CHIPS[self.state]

    @property
    def flag_word(self) -> str:
        return Flag(self.flag).label if self.flag else ""

    @property
    def flag_chip(self) -> str:
        """The colour of its flag."""
        return "danger" if self.flag.startswith("critical") else "warning"

    @property
    def is_live(self) -> bool:
        return self.state in order_states.LIVE


class OrderPart(ScopedModel, BaseModel):
    """A row that belongs to an order and is seen by whoever sees the order."""

    class Meta:
        abstract = True
        base_manager_name = "unscoped"

    to_order = "order"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return Q(**{f"{cls.to_order}__in": Order.visible(scope)})


class ResultState(models.TextChoices):
    PRELIMINARY = "preliminary", "chờ duyệt"
    FINAL = "final", "đã duyệt"
    ENTERED_IN_ERROR = "entered_in_error", "nhập nhầm"


class Result(OrderPart):
    """What an order has shown. A verified one is never changed: a new row says which it `corrects`."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="results")
    at = models.DateTimeField("lúc lấy mẫu hoặc thực hiện")
    description = models.TextField("mô tả", blank=True)
    conclusion = models.TextField("kết luận", blank=True)
    note = models.CharField("ghi chú", max_length=300, blank=True)
    fasting = models.BooleanField("lúc đói", default=False)
    state = models.CharField(
        "trạng thái", max_length=20, choices=ResultState.choices, default=ResultState.PRELIMINARY
    )
    performer = models.ForeignKey(
        Practitioner, verbose_name="người thực hiện", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    performer_text = models.CharField("người thực hiện", max_length=120, blank=True)
    device = models.CharField("máy gửi kết quả", max_length=60, blank=True)
    entered_at = models.DateTimeField("nhập lúc")
    entered_by = models.UUIDField("người nhập", null=True, blank=True)
    verifier = models.ForeignKey(
        Practitioner, verbose_name="người duyệt", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    verified_at = models.DateTimeField("duyệt lúc", null=True, blank=True)
    verified_by = models.UUIDField(null=True, blank=True)
    # Verified after the visit had ended: an addition with its own signature.
    late = models.BooleanField("bổ sung sau khi kết thúc khám", default=False)
    corrects = models.OneToOneField(
        "self", verbose_name="sửa kết quả", null=True, blank=True, editable=False,
        on_delete=models.PROTECT, related_name="corrected_by",
    )  # fmt: skip
    error_reason = models.CharField("lý do nhập nhầm hoặc sửa", max_length=300, blank=True)
    overrides = models.JSONField(default=list, encoder=DjangoJSONEncoder, blank=True)

    class Meta:
        verbose_name = "kết quả"
        verbose_name_plural = "kết quả"
        base_manager_name = "unscoped"
        ordering = ["-entered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=~Q(state="entered_in_error"),
                name="result_one_stands",
            ),
        ]

    def __str__(self) -> str:
        return self.state


class Flag(models.TextChoices):
    """What a figure says beside its range; empty where nothing is to be said."""

    CRITICAL_LOW = "critical_low", "thấp nguy hiểm"
    LOW = "low", "thấp"
    HIGH = "high", "cao"
    CRITICAL_HIGH = "critical_high", "cao nguy hiểm"
    ABNORMAL = "abnormal", "bất thường"
    UNCLEAR = "unclear", "không xác định"


class ResultValue(OrderPart):
    """One test of a result, with the unit and range it was read by on its day."""

    to_order = "result__order"

    # Found by the constraint on (result, test).
    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="values", db_index=False)
    test = models.CharField("mã xét nghiệm", max_length=20)
    name = models.CharField("xét nghiệm", max_length=200)
    loinc = models.CharField(max_length=10, blank=True)
    unit = models.CharField("đơn vị", max_length=20, blank=True)
    value = models.DecimalField("giá trị", max_digits=12, decimal_places=4, null=True, blank=True)
    comparator = models.CharField("so sánh", max_length=2, blank=True)  # '<' or '>': beyond what was read
    word_code = models.CharField("mã kết quả chữ", max_length=20, blank=True)  # code list result_word
    word = models.CharField("kết quả chữ", max_length=60, blank=True)
    range_text = models.CharField("khoảng tham chiếu", max_length=60, blank=True)
    flag = models.CharField("đánh dấu", max_length=20, choices=Flag.choices, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "giá trị xét nghiệm"
        verbose_name_plural = "giá trị xét nghiệm"
        base_manager_name = "unscoped"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["result", "test"], name="result_value_once")]

    def __str__(self) -> str:
        return self.test

    @property
    def shown(self) -> str:
        """'5,6' or 'Âm tính', as it is written on paper, without the unit."""
        if self.value is None:
            return self.word
        plain = format(self.value.normalize(), "f").replace(".", ",")
        return f"{self.comparator} {plain}".strip()

    @property
    def state(self) -> str:
        """The colour of its flag."""
        return "danger" if self.flag.startswith("critical") else "warning" if self.flag else ""


class OrderSet(ScopedModel, BaseModel):
    """Orders that a station places together: 'xét nghiệm máu cơ bản'."""

    station = models.ForeignKey("facilities.Facility", on_delete=models.PROTECT, related_name="+")
    name = models.CharField("tên nhóm", max_length=100)
    codes = ArrayField(models.CharField(max_length=20), verbose_name="dịch vụ", default=list)
    is_active = models.BooleanField("đang dùng", default=True)

    class Meta:
        verbose_name = "nhóm chỉ định"
        verbose_name_plural = "nhóm chỉ định"
        base_manager_name = "unscoped"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["station", "name"], condition=Q(is_active=True), name="order_set_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "station_id")
