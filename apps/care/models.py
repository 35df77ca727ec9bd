"""What is measured on a person, and the days she is expected again."""

from typing import Any

from django.db import models
from django.db.models import Q

from apps.care.vitals import BY_CODE, Vital, number_text
from apps.core.models import BaseModel
from apps.patients.facts import ClinicalFact


class FactState(models.TextChoices):
    FINAL = "final", "đúng"
    ENTERED_IN_ERROR = "entered_in_error", "nhập nhầm"


class Measurement(ClinicalFact, BaseModel):
    """One figure: LOINC `code`, `value` in UCUM `unit`, and the record it was taken in."""

    code = models.CharField("chỉ số", max_length=12)
    value = models.DecimalField("giá trị", max_digits=9, decimal_places=3)
    unit = models.CharField("đơn vị", max_length=12)
    source_kind = models.CharField(max_length=20)
    source_id = models.UUIDField()
    state = models.CharField(max_length=20, choices=FactState.choices, default=FactState.FINAL)

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
                name="measurement_course",
                condition=Q(state="final"),
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


class AppointmentState(models.TextChoices):
    PLANNED = "planned", "đã hẹn"
    CAME = "came", "đã đến"
    MISSED = "missed", "không đến"
    CANCELLED = "cancelled", "đã hủy"


class Appointment(ClinicalFact, BaseModel):
    """A day on which a person is expected, made by the record `source_kind`/`source_id`."""

    on = models.DateField("ngày hẹn")
    reason = models.CharField("lý do hẹn", max_length=300, blank=True)
    kind = models.CharField("loại", max_length=20, default="follow_up")
    state = models.CharField(
        max_length=10, choices=AppointmentState.choices, default=AppointmentState.PLANNED
    )
    source_kind = models.CharField(max_length=20)
    source_id = models.UUIDField()

    class Meta:
        verbose_name = "lịch hẹn"
        verbose_name_plural = "lịch hẹn"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["source_kind", "source_id", "kind"], name="appointment_once"),
        ]
        indexes = [
            # Who is expected at a station on a day, and who did not come.
            models.Index(fields=["facility", "on"], name="appointment_day", condition=Q(state="planned")),
            # What a person is expected for.
            models.Index(fields=["person", "on"], name="appointment_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on:%d/%m/%Y}"


def fact_values(fact: ClinicalFact) -> dict[str, Any]:
    """The fields that every fact of one occasion shares, ready for another fact of it."""
    return {field.attname: getattr(fact, field.attname) for field in ClinicalFact._meta.local_fields}
