"""The papers that a station issues under a number: kept as they were issued, cancelled with a reason."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.encounters.models.visit import Visit
from apps.facilities.models import Facility, Practitioner
from apps.patients import restricted
from apps.patients.models import Death, Person


class CertificateKind(models.TextChoices):
    APPOINTMENT = "appointment", "Giấy hẹn khám lại"
    REFERRAL = "referral", "Giấy chuyển cơ sở khám bệnh, chữa bệnh"
    SICK_LEAVE = "sick_leave", "Giấy nghỉ việc hưởng BHXH"
    CHECK_UP = "check_up", "Giấy khám sức khỏe"
    SUMMARY = "summary", "Tóm tắt hồ sơ bệnh án"
    DEATH = "death", "Giấy báo tử"


class CertificateState(models.TextChoices):
    FINAL = "final", "có hiệu lực"
    CANCELLED = "cancelled", "đã hủy"


class Certificate(ScopedModel, BaseModel):
    """One numbered paper of a visit or of a death.

    `said` is what was typed into its form, `paper` the words that stand on it: a reprint is the same paper,
    whatever the records say by then. Neither ever changes; a wrong paper is cancelled and another issued.
    """

    kind = models.CharField("loại giấy", max_length=12, choices=CertificateKind.choices)
    number = models.CharField("số", max_length=24)  # '2026-000123', a book a facility, kind and year
    on = models.DateField("ngày cấp")
    issued_at = models.DateTimeField("cấp lúc")
    person = models.ForeignKey(
        Person, verbose_name="người", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    facility = models.ForeignKey(
        Facility, verbose_name="cơ sở", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    point = models.ForeignKey(
        Facility,
        verbose_name="điểm trạm",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # What it is about: one of both.
    visit = models.ForeignKey(
        Visit, null=True, blank=True, on_delete=models.PROTECT, related_name="certificates"
    )
    death = models.ForeignKey(Death, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        "trạng thái", max_length=10, choices=CertificateState.choices, default=CertificateState.FINAL
    )
    said = models.JSONField("đã ghi", default=dict, encoder=DjangoJSONEncoder)
    paper = models.JSONField("nội dung giấy", default=dict, encoder=DjangoJSONEncoder)
    # The days it is about: of leave, of the appointment, of its validity.
    since = models.DateField("từ ngày", null=True, blank=True)
    until = models.DateField("đến ngày", null=True, blank=True)
    # Whose leave it is: the number at the social insurance, of a parent where a child is ill.
    holder = models.CharField("mã số BHXH", max_length=10, blank=True)
    # Where she was sent: a facility of this installation, where it is one; its name stands in `said`.
    destination = models.ForeignKey(
        Facility,
        verbose_name="nơi chuyển đến",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    answered = models.BooleanField("đã có phản hồi", default=False, editable=False)
    signer = models.ForeignKey(
        Practitioner,
        verbose_name="người ký",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    signer_name = models.CharField("người ký", max_length=150, blank=True)
    issued_by = models.UUIDField("người cấp", null=True)
    issued_by_name = models.CharField("người cấp", max_length=150)
    overrides = models.JSONField(default=list, encoder=DjangoJSONEncoder, blank=True)
    cancel_reason = models.CharField("lý do hủy", max_length=300, blank=True)
    cancelled_at = models.DateTimeField("hủy lúc", null=True, blank=True)
    cancelled_by = models.UUIDField(null=True)
    cancelled_by_name = models.CharField("người hủy", max_length=150, blank=True)

    class Meta:
        verbose_name = "giấy đã cấp"
        verbose_name_plural = "giấy đã cấp"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["facility", "kind", "number"], name="certificate_number_once"),
            models.UniqueConstraint(
                fields=["visit", "kind"],
                condition=Q(state="final") & ~Q(kind="summary"),
                name="certificate_visit_once",
            ),
            models.UniqueConstraint(
                fields=["death"], condition=Q(state="final"), name="certificate_death_once"
            ),
            models.CheckConstraint(
                condition=Q(visit__isnull=True, death__isnull=False, kind="death")
                | Q(visit__isnull=False, death__isnull=True) & ~Q(kind="death"),
                name="certificate_about_one",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="certificate_days"
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | Q(cancelled_at__isnull=False) & ~Q(cancel_reason=""),
                name="certificate_cancelled_says_why",
            ),
        ]
        indexes = [
            # The station's list, of all kinds and of one.
            models.Index(fields=["facility", "-issued_at", "-id"], name="certificate_list"),
            models.Index(fields=["facility", "kind", "-issued_at", "-id"], name="certificate_kind"),
            # Referrals that nobody has answered.
            models.Index(
                fields=["facility", "issued_at", "id"],
                name="certificate_unanswered",
                condition=Q(kind="referral", state="final", answered=False),
            ),
            # Leave of one insured person, to find days that were certified already.
            models.Index(fields=["holder", "since"], name="certificate_leave", condition=~Q(holder="")),
            models.Index(fields=["person", "-issued_at"], name="certificate_person"),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        """Who sees the visit; of a death, who may read its causes, for they stand on the paper."""
        of_death = Q(visit=None, death__in=Death.visible(scope))
        if not scope.can(restricted.RIGHT):
            of_death &= Q(death__restricted=False)
        return Q(visit__in=Visit.visible(scope)) | of_death

    @property
    def is_final(self) -> bool:
        return self.state == CertificateState.FINAL

    @property
    def days(self) -> int:
        """How many days it is about; 0 where it has none."""
        return (self.until - self.since).days + 1 if self.since and self.until else 0


class AnswerKind(models.TextChoices):
    ANSWERED = "answered", "Nơi nhận đã trả lời"
    RETURNED = "returned", "Nơi nhận chuyển về trạm"
    NOT_ARRIVED = "not_arrived", "Người bệnh không đến nơi được chuyển"


class ReferralAnswer(ScopedModel, BaseModel):
    """What came back of a referral: of the place that received her, or that she never arrived there.

    One stands for each referral; a wrong one stays, marked as entered in error.
    """

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField("phản hồi", max_length=12, choices=AnswerKind.choices)
    on = models.DateField("ngày nhận phản hồi")
    number = models.CharField("số giấy của nơi nhận", max_length=40, blank=True)
    diagnosis = models.CharField("chẩn đoán của nơi nhận", max_length=500, blank=True)
    treatment = models.TextField("đã điều trị", blank=True)
    advice = models.TextField("đề nghị trạm theo dõi tiếp", blank=True)
    in_error = models.BooleanField("nhập nhầm", default=False)
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True)
    by = models.UUIDField("người ghi", null=True)
    by_name = models.CharField("người ghi", max_length=150)

    class Meta:
        verbose_name = "phản hồi chuyển cơ sở"
        verbose_name_plural = "phản hồi chuyển cơ sở"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(
                fields=["certificate"], condition=Q(in_error=False), name="referral_answer_once"
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        found: Any = Certificate.visible(scope)
        return Q(certificate__in=found)
