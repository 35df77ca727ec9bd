"""A visit and what it holds: diagnoses, prescriptions, earlier versions."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.catalogues.models import Drug
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.encounters import dosing, states
from apps.facilities.models import Practitioner
from apps.patients.facts import ClinicalFact
from apps.patients.models import InsuranceCard


class VisitKind(models.TextChoices):
    EXAM = "exam", "Khám bệnh"


class Payer(models.TextChoices):
    """Who pays. Kept in ClinicalFact.payer; the detailed object types of claims come from the card."""

    BHYT = "bhyt", "BHYT"
    FEE = "fee", "Thu phí"
    FREE = "free", "Miễn phí"


class Visit(ClinicalFact, BaseModel):
    """One coming of one person. `occurred_at` is when she was received; states.py says what may be done."""

    number = models.CharField("số khám", max_length=16)  # '2026-000123', a row a facility and year
    kind = models.CharField("loại", max_length=16, choices=VisitKind.choices, default=VisitKind.EXAM)
    state = models.CharField(
        "trạng thái", max_length=20, choices=list(states.TITLES.items()), default=states.WAITING
    )
    on = models.DateField("ngày khám")  # the local day of occurred_at
    queue_no = models.PositiveSmallIntegerField("số thứ tự", default=0)
    card = models.ForeignKey(
        InsuranceCard,
        verbose_name="thẻ BHYT",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    started_at = models.DateTimeField("bắt đầu khám", null=True, blank=True)

    reason = models.CharField("lý do đến khám", max_length=500, blank=True)
    history = models.TextField("bệnh sử", blank=True)
    examination = models.TextField("khám bệnh", blank=True)
    course = models.TextField("diễn biến", blank=True)
    summary = models.CharField("chẩn đoán", max_length=1000, blank=True)  # all diagnoses, main first
    treatment_text = models.TextField("phương pháp điều trị", blank=True)
    advice = models.TextField("lời dặn", blank=True)
    follow_up_on = models.DateField("ngày tái khám", null=True, blank=True)
    outcome = models.CharField("hình thức ra về", max_length=10, blank=True)  # code list discharge_type
    result = models.CharField("kết quả điều trị", max_length=10, blank=True)  # code list treatment_result

    # Why it is restricted: groups of patients/restricted.py. Once final, a group is never taken away again.
    restricted_by = ArrayField(models.CharField(max_length=20), default=list, editable=False)

    # Every warning that somebody overrode: [{"code", "sentence", "reason", "by", "at"}].
    overrides = models.JSONField(default=list, encoder=DjangoJSONEncoder, blank=True)

    doctor = models.ForeignKey(
        Practitioner,
        verbose_name="người ký",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # nothing looks visits up by who signed
    )
    signed_at = models.DateTimeField("ký lúc", null=True, blank=True)
    signed_by = models.UUIDField(null=True, blank=True)
    finalised_at = models.DateTimeField("hoàn tất lúc", null=True, blank=True)
    error_reason = models.CharField("lý do nhập nhầm", max_length=500, blank=True)

    class Meta:
        verbose_name = "lượt khám"
        verbose_name_plural = "lượt khám"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["facility", "number"], name="visit_number_once"),
        ]
        indexes = [
            # A station's day: the queue, the list by date, register A1.
            models.Index(fields=["facility", "on", "queue_no"], name="visit_day"),
            # A person's earlier visits, newest first.
            models.Index(fields=["person", "-occurred_at"], name="visit_person"),
            # What waits for a signature or was left open.
            models.Index(
                fields=["facility", "occurred_at"],
                name="visit_open",
                condition=Q(state__in=states.OPEN_STATES),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def payer_word(self) -> str:
        """Who pays, in words; empty when nobody said."""
        return dict(Payer.choices).get(self.payer, self.payer)

    @property
    def is_open(self) -> bool:
        """Whether its text may still be changed without an amendment."""
        return self.state in (states.WAITING, states.IN_PROGRESS)


class VisitPart(ScopedModel, BaseModel):
    """A row that belongs to a visit and is seen by whoever sees the visit."""

    class Meta:
        abstract = True
        base_manager_name = "unscoped"

    to_visit = "visit"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return Q(**{f"{cls.to_visit}__in": Visit.visible(scope)})


class DiagnosisRole(models.TextChoices):
    MAIN = "main", "chính"
    SECONDARY = "secondary", "kèm theo"
    EXTERNAL = "external", "nguyên nhân ngoài"


class Diagnosis(VisitPart):
    """One diagnosis, with the name the catalogue had on the day of the visit."""

    # Found by the constraint on (visit, code).
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="diagnoses", db_index=False)
    role = models.CharField("vai trò", max_length=10, choices=DiagnosisRole.choices)
    icd_edition = models.CharField(max_length=12)
    icd_code = models.CharField("mã ICD-10", max_length=10)
    icd_name = models.CharField("tên bệnh", max_length=500)
    text = models.CharField("ghi rõ", max_length=500, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "chẩn đoán"
        verbose_name_plural = "chẩn đoán"
        ordering = ["position"]
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["visit", "icd_code"], name="diagnosis_once"),
            models.UniqueConstraint(fields=["visit"], condition=Q(role="main"), name="diagnosis_one_main"),
        ]

    def __str__(self) -> str:
        return self.icd_code

    @property
    def label(self) -> str:
        """`J06.9 - Nhiễm trùng hô hấp trên cấp`, with what the clinician added."""
        name = f"{self.icd_code} - {self.icd_name}"
        return f"{name} ({self.text})" if self.text else name


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


class VisitRevision(VisitPart):
    """What a visit said before it was amended: `data` is the whole earlier version."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="revisions")
    of_version = models.PositiveIntegerField()
    data = models.JSONField(encoder=DjangoJSONEncoder)
    reason = models.CharField("lý do sửa đổi", max_length=500)
    by = models.UUIDField(null=True)
    by_name = models.CharField("người sửa", max_length=150)
    at = models.DateTimeField("sửa lúc")

    class Meta:
        verbose_name = "bản trước khi sửa"
        verbose_name_plural = "bản trước khi sửa"
        ordering = ["-at"]
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["visit", "of_version"], name="revision_once"),
        ]

    def __str__(self) -> str:
        return f"bản {self.of_version}"
