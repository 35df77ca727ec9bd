"""The days on which a person is expected again, and the calls to who did not come."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.patients.facts import ClinicalFact


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
    # The day its record asked for, once somebody has moved or cancelled it by hand: the record's next save
    # that asks for the same day changes nothing.
    asked_on = models.DateField("ngày hẹn ban đầu", null=True, blank=True, editable=False)
    hand_reason = models.CharField("lý do dời, hủy", max_length=300, blank=True)
    # The death or departure that cancelled it (closing.py); empty when it was cancelled for its own reason.
    closed_by = models.UUIDField(null=True, blank=True, editable=False)
    # The record with which she came; empty where nobody said which.
    met_by = models.UUIDField(null=True, blank=True, editable=False)

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
            # What the correction of a death or departure plans again.
            models.Index(
                fields=["person", "closed_by"],
                name="appointment_closed",
                condition=Q(closed_by__isnull=False),
            ),
            # What is planned again when that record turns out to be none.
            models.Index(fields=["met_by"], name="appointment_met", condition=Q(met_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on:%d/%m/%Y}"


class CallOutcome(models.TextChoices):
    REACHED = "reached", "Gặp được, đã nhắc"
    WILL_COME = "will_come", "Hẹn lại ngày khác"
    NOT_REACHED = "not_reached", "Không gọi được"
    REFUSED = "refused", "Không muốn đến"
    MOVED = "moved", "Báo đã chuyển đi"
    DIED = "died", "Báo đã mất"


class AppointmentCall(ScopedModel):
    """Somebody called, or went to see, a person who did not come: one row a call, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="calls")
    at = models.DateTimeField("lúc gọi", default=timezone.now)
    by = models.UUIDField(null=True, editable=False)
    by_name = models.CharField("người gọi", max_length=150, blank=True)
    outcome = models.CharField("kết quả gọi", max_length=12, choices=CallOutcome.choices)
    come_on = models.DateField("hẹn lại ngày", null=True, blank=True)
    note = models.CharField("ghi chú", max_length=200, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "lần gọi nhắc"
        verbose_name_plural = "lần gọi nhắc"

    def __str__(self) -> str:
        return self.get_outcome_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        # unscoped: the appointment's own scope, as a condition of this table
        return Q(appointment__in=Appointment.unscoped.filter(Appointment.scope_q(scope)).values("pk"))
