"""What is done at the bedside: sheets with their rows, courses of treatment, herbal formulas."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.encounters.models.orders import Order, OrderPart
from apps.encounters.models.visit import Visit, VisitPart
from apps.facilities.models import Practitioner


class SheetState(models.TextChoices):
    OPEN = "open", "đang thực hiện"
    FINAL = "final", "đã kết thúc"
    ENTERED_IN_ERROR = "entered_in_error", "nhập nhầm"


class ProcedureSheet(OrderPart):
    """The record of one procedure. `data` is {field: text}, its fields are in the list procedure_field."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="sheets")
    form = models.CharField("mẫu ghi", max_length=20)
    started_at = models.DateTimeField("bắt đầu")
    ended_at = models.DateTimeField("kết thúc", null=True, blank=True)
    data = models.JSONField("nội dung", default=dict, encoder=DjangoJSONEncoder)
    supplies = models.TextField("vật tư đã dùng", blank=True)
    outcome = models.CharField("kết quả, diễn biến", max_length=500, blank=True)
    performer = models.ForeignKey(
        Practitioner, verbose_name="người thực hiện", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    performer_text = models.CharField("người thực hiện", max_length=120, blank=True)
    entered_by = models.UUIDField("người ghi", null=True, blank=True)
    state = models.CharField("trạng thái", max_length=20, choices=SheetState.choices, default=SheetState.OPEN)
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True)
    overrides = models.JSONField(default=list, encoder=DjangoJSONEncoder, blank=True)

    class Meta:
        verbose_name = "phiếu thủ thuật"
        verbose_name_plural = "phiếu thủ thuật"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=~Q(state="entered_in_error"), name="sheet_one_stands"
            ),
        ]

    def __str__(self) -> str:
        return self.form


class SheetRow(OrderPart):
    """One look during a procedure or on the observation bed: when, who, signs, what was seen and done."""

    to_order = "sheet__order"

    sheet = models.ForeignKey(ProcedureSheet, on_delete=models.CASCADE, related_name="rows")
    at = models.DateTimeField("lúc")
    signs = models.JSONField("dấu hiệu sinh tồn", default=dict, encoder=DjangoJSONEncoder)
    text = models.CharField("diễn biến, xử trí", max_length=500, blank=True)
    watcher = models.ForeignKey(
        Practitioner, verbose_name="người theo dõi", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    watcher_text = models.CharField("người theo dõi", max_length=120, blank=True)
    entered_by = models.UUIDField("người ghi", null=True, blank=True)
    in_error = models.BooleanField("nhập nhầm", default=False)

    class Meta:
        verbose_name = "dòng theo dõi"
        verbose_name_plural = "dòng theo dõi"
        base_manager_name = "unscoped"
        ordering = ["at", "created_at"]

    def __str__(self) -> str:
        return f"{self.at:%H:%M}"


class TreatmentSession(OrderPart):
    """One sitting of a course of treatment, on its own day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="sittings")
    at = models.DateTimeField("lúc")
    methods = models.JSONField("phương pháp", default=list)  # codes of the list yhct_method
    minutes = models.PositiveSmallIntegerField("số phút", null=True, blank=True)
    points = models.CharField("huyệt, vùng", max_length=300, blank=True)
    note = models.CharField("diễn biến", max_length=300, blank=True)
    performer = models.ForeignKey(
        Practitioner, verbose_name="người thực hiện", null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    performer_text = models.CharField("người thực hiện", max_length=120, blank=True)
    entered_by = models.UUIDField("người ghi", null=True, blank=True)
    in_error = models.BooleanField("nhập nhầm", default=False)
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True)

    class Meta:
        verbose_name = "buổi điều trị"
        verbose_name_plural = "buổi điều trị"
        base_manager_name = "unscoped"
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y}"


class HerbalFormula(VisitPart):
    """Bài thuốc thang of a visit: what is in one thang, how many, how it is boiled and drunk."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="formulas")
    name = models.CharField("tên bài thuốc", max_length=200, blank=True)
    packets = models.PositiveSmallIntegerField("số thang")
    usage = models.CharField("cách sắc, cách uống", max_length=500)
    note = models.CharField("ghi chú", max_length=300, blank=True)
    prescriber = models.ForeignKey(
        Practitioner, verbose_name="người kê", null=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    in_error = models.BooleanField("nhập nhầm", default=False)
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True)

    class Meta:
        verbose_name = "bài thuốc thang"
        verbose_name_plural = "bài thuốc thang"
        base_manager_name = "unscoped"
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name or "bài thuốc thang"


class HerbalLine(VisitPart):
    """One herb of a formula: grams in one thang. `code` of the list yhct_herb where it is known."""

    to_visit = "formula__visit"

    formula = models.ForeignKey(HerbalFormula, on_delete=models.CASCADE, related_name="lines")
    code = models.CharField("mã vị thuốc", max_length=30, blank=True)
    name = models.CharField("vị thuốc", max_length=100)
    grams = models.DecimalField("gam một thang", max_digits=6, decimal_places=1)
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "vị thuốc"
        verbose_name_plural = "vị thuốc"
        base_manager_name = "unscoped"
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name
