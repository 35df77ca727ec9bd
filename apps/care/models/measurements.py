"""What is measured on a person: one row a figure."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.care.vitals import BY_CODE, Vital, number_text
from apps.core.models import BaseModel
from apps.patients.facts import ClinicalFact


class FactState(models.TextChoices):
    PRELIMINARY = "preliminary", "chưa xác nhận"
    FINAL = "final", "đúng"
    ENTERED_IN_ERROR = "entered_in_error", "nhập nhầm"


class Source(models.TextChoices):
    """Where a figure was taken. Those of a visit and of its results are written by these alone."""

    VISIT = "visit", "Lượt khám"
    RESULT = "result", "Xét nghiệm"
    STATION = "station", "Đo tại trạm"
    HAMLET = "hamlet", "Đo tại thôn"
    HOME = "home", "Tự đo ở nhà"


HAND_SOURCES = (Source.STATION, Source.HAMLET, Source.HOME)


class Method(models.TextChoices):
    """How a figure of blood was taken."""

    CAPILLARY = "capillary", "máu mao mạch (máy thử)"
    VENOUS = "venous", "máu tĩnh mạch"


class Measurement(ClinicalFact, BaseModel):
    """One figure: LOINC `code`, `value` in UCUM `unit`, and the record it was taken in.

    A figure that was wrong stays with its reason; the right one is a new row that says which it `corrects`.
    """

    code = models.CharField("chỉ số", max_length=12)
    value = models.DecimalField("giá trị", max_digits=9, decimal_places=3)
    unit = models.CharField("đơn vị", max_length=12)
    method = models.CharField("cách đo", max_length=12, choices=Method.choices, blank=True)
    note = models.CharField("ghi chú", max_length=300, blank=True)
    # Of a pressure taken more than once: each reading in its order; `value` is what counts (ncd.pressure).
    readings = ArrayField(
        models.DecimalField(max_digits=5, decimal_places=1),
        verbose_name="các lần đo",
        default=list,
        blank=True,
        db_default=[],
    )
    # Of a child's weight: with swollen feet it says nothing about nutrition (WHO).
    oedema = models.BooleanField("phù hai bàn chân", default=False, db_default=False)
    source_kind = models.CharField(max_length=20)
    source_id = models.UUIDField()
    state = models.CharField(max_length=20, choices=FactState.choices, default=FactState.FINAL)
    corrects = models.OneToOneField(
        "self",
        verbose_name="sửa số đo",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="corrected_by",
    )
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True)
    error_by_name = models.CharField("người ghi nhập nhầm", max_length=150, blank=True)
    error_at = models.DateTimeField("ghi nhập nhầm lúc", null=True, blank=True)

    class Meta:
        verbose_name = "chỉ số đo được"
        verbose_name_plural = "chỉ số đo được"
        base_manager_name = "unscoped"
        constraints = [
            # One figure of a kind a record; a corrected figure replaces the first until the record is final.
            models.UniqueConstraint(fields=["source_kind", "source_id", "code"], name="measurement_once"),
        ]
        indexes = [
            # A person's course of one sign, newest first.
            models.Index(
                fields=["person", "code", "-occurred_at"],
                name="measurement_series",
                condition=~Q(state="entered_in_error"),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def vital(self) -> Vital:
        """The sign this is a figure of."""
        return BY_CODE[self.code]

    @property
    def text(self) -> str:
        """The figure with its unit, as it is written on paper."""
        return f"{number_text(self.value)} {self.vital.unit_text}"

    @property
    def by_hand(self) -> bool:
        """Whether it is corrected by itself; a visit's figure is corrected with its visit."""
        return self.source_kind in HAND_SOURCES
