"""What was prescribed at a visit."""

from django.db import models
from django.db.models import Q

from apps.catalogues.models import Drug
from apps.encounters import dosing
from apps.encounters.models.visit import Visit, VisitPart


class Prescription(VisitPart):
    """The medicines of a visit that go on one form: ordinary, narcotic, psychotropic, traditional."""

    # Found by the constraint on (visit, kind).
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="prescriptions", db_index=False)
    kind = models.CharField("loại đơn", max_length=1, choices=list(dosing.KINDS.items()), default="c")
    # 14 characters (QĐ 808/QĐ-BYT 2022), drawn when the visit ends; empty until then.
    code = models.CharField("mã đơn thuốc", max_length=14, blank=True)
    advice = models.CharField("lời dặn", max_length=500, blank=True)

    class Meta:
        verbose_name = "đơn thuốc"
        verbose_name_plural = "đơn thuốc"
        ordering = ["kind"]
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["visit", "kind"], name="prescription_kind_once"),
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="prescription_code_once"),
        ]

    def __str__(self) -> str:
        return self.code or "đơn thuốc"


class PrescriptionLine(VisitPart):
    """One medicine: how much at once, how often, how long, how many in all, and how it is said."""

    to_visit = "prescription__visit"

    prescription = models.ForeignKey(Prescription, on_delete=models.CASCADE, related_name="lines")
    drug = models.ForeignKey(Drug, on_delete=models.PROTECT, related_name="+", db_index=False)
    drug_name = models.CharField("tên thuốc", max_length=620)
    strength = models.CharField("hàm lượng", max_length=400, blank=True)
    unit = models.CharField("đơn vị", max_length=40)
    route_code = models.CharField("đường dùng", max_length=8, blank=True)
    dose = models.DecimalField("liều mỗi lần", max_digits=9, decimal_places=3)
    dose_unit = models.CharField("đơn vị liều", max_length=40)
    times_per_day = models.PositiveSmallIntegerField("số lần một ngày")
    days = models.PositiveSmallIntegerField("số ngày")
    quantity = models.DecimalField("số lượng", max_digits=9, decimal_places=2)
    usage = models.CharField("cách dùng", max_length=400)
    note = models.CharField("ghi chú", max_length=120, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "thuốc trong đơn"
        verbose_name_plural = "thuốc trong đơn"
        ordering = ["position"]
        base_manager_name = "unscoped"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_quantity_above_zero"),
            models.CheckConstraint(condition=Q(dose__gt=0), name="line_dose_above_zero"),
        ]

    def __str__(self) -> str:
        return str(self.position)
