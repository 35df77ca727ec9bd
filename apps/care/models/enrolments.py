"""Who is followed in which programme, from when to when."""

from django.db import models
from django.db.models import F, Q

from apps.core.models import BaseModel
from apps.patients.facts import ClinicalFact


class EnrolmentState(models.TextChoices):
    ACTIVE = "active", "đang quản lý"
    ENDED = "ended", "đã kết thúc"
    ENTERED_IN_ERROR = "entered_in_error", "nhập nhầm"


class Enrolment(ClinicalFact, BaseModel):
    """A person followed in one programme (code list care_programme), with her number in its book of the year.

    One open a person and programme; whoever comes back after an end gets a new row and a new number.
    """

    programme = models.CharField("chương trình", max_length=20)
    since = models.DateField("từ ngày")
    until = models.DateField("đến ngày", null=True, blank=True)
    outcome = models.CharField("kết quả", max_length=20, blank=True)
    place_text = models.CharField("nơi chuyển đến", max_length=200, blank=True)
    number = models.CharField("số trong sổ", max_length=20)
    note = models.CharField("ghi chú", max_length=300, blank=True)
    state = models.CharField(max_length=20, choices=EnrolmentState.choices, default=EnrolmentState.ACTIVE)
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True)
    # The death or departure that ended it (patients/closing.py): its correction opens exactly these again.
    closed_by = models.UUIDField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "quản lý theo chương trình"
        verbose_name_plural = "quản lý theo chương trình"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "programme"], condition=Q(state="active"), name="enrolment_one_open"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="enrolment_ends_after"
            ),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(until__isnull=True, outcome=""),
                name="enrolment_open_is_open",
            ),
        ]
        indexes = [
            # What a person is, and was, followed for.
            models.Index(fields=["person", "-since"], name="enrolment_person"),
            # The list of a programme at a station.
            models.Index(fields=["facility", "programme", "state"], name="enrolment_list"),
        ]

    def __str__(self) -> str:
        return self.number
