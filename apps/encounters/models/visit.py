"""A visit, the parts that hang on it, and what it said before it was amended."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.encounters import states
from apps.encounters.desk import priority
from apps.encounters.desk.priority import short
from apps.encounters.models.reception import Room
from apps.facilities.models import Practitioner
from apps.patients.facts import ClinicalFact
from apps.patients.models import InsuranceCard

EXAM = "exam"  # the usual row of the code list visit_kind


class Payer(models.TextChoices):
    """Who pays. Kept in ClinicalFact.payer; the detailed object types of claims come from the card."""

    BHYT = "bhyt", "BHYT"
    FEE = "fee", "Thu phí"
    FREE = "free", "Miễn phí"


class CallState(models.TextChoices):
    """How far the call has come of somebody who waits."""

    WAITING = "waiting", "chờ gọi"
    CALLED = "called", "đã gọi"
    SKIPPED = "skipped", "gọi không thấy"


class Visit(ClinicalFact, BaseModel):
    """One coming of one person. `occurred_at` is when she was received; states.py says what may be done."""

    number = models.CharField("số khám", max_length=16)  # '2026-000123', a row a facility and year
    kind = models.CharField("loại", max_length=16, default=EXAM)  # code list visit_kind
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
    free_for = models.CharField("miễn phí theo", max_length=16, blank=True)  # code list free_care

    # The queue (queue.py). Who is called changes no version: her form may be open on the doctor's screen.
    rank = models.PositiveSmallIntegerField("mức ưu tiên", default=priority.ORDINARY, editable=False)
    priority_for = ArrayField(
        models.CharField(max_length=10),
        verbose_name="được ưu tiên vì",
        default=list,
        editable=False,
        blank=True,
    )
    room = models.ForeignKey(
        Room,
        verbose_name="phòng, bàn khám",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    call = models.CharField(
        "gọi", max_length=8, choices=CallState.choices, default=CallState.WAITING, editable=False
    )
    called_at = models.DateTimeField("gọi lúc", null=True, editable=False)
    called_by = models.UUIDField("người gọi", null=True, editable=False)
    calls = models.PositiveSmallIntegerField("số lần gọi", default=0, editable=False)
    left_at = models.DateTimeField("bỏ về lúc", null=True, editable=False)
    left_reason = models.CharField("lý do bỏ về", max_length=300, blank=True, editable=False)

    reason = models.CharField("lý do đến khám", max_length=500, blank=True)
    history = models.TextField("bệnh sử", blank=True)
    examination = models.TextField("khám bệnh", blank=True)
    # By organ, {key of the list exam_organs: what was found}; only what was written (organs.py).
    findings = models.JSONField("khám từng cơ quan", default=dict, blank=True)
    # The sick-child form (sick_child/): answers {sign: 'yes', a number, a choice}, and what they came to with
    # the figures of this visit when it was last saved {"classes": [{"code", "colour", "why"}], "missing"}.
    sick_child = models.JSONField("phiếu trẻ bệnh", default=dict, blank=True)
    sick_judged = models.JSONField("phân loại trẻ bệnh", default=dict, blank=True, editable=False)
    course = models.TextField("diễn biến", blank=True)
    # What brought an injury about: code list injury_cause. ICD-10 proposes it, a person decides.
    injury_cause = models.CharField("nguyên nhân tai nạn", max_length=2, blank=True)
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
    # It was another person's: where the same stands now.
    moved_to = models.ForeignKey(
        "self",
        verbose_name="ghi lại ở",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="moved_from",
        db_index=False,
        editable=False,
    )

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
    def priority_words(self) -> list[str]:
        """Why she goes first, in short words."""
        return [short(reason) for reason in self.priority_for]

    @property
    def examined_by(self) -> str:
        """Who examines her; before that it is only who received her."""
        return "" if self.state in (states.WAITING, states.LEFT) else self.performer_text

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
