"""What a visit says about a chronic disease that somebody is followed for."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.care.models import Enrolment
from apps.care.vitals import number_text
from apps.core.ids import uuid7
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.encounters.models import Visit
from apps.ncd import target
from apps.ncd.target import Aim
from apps.patients.facts import ClinicalFact


class Programme(models.TextChoices):
    """The programmes of care (code list care_programme) that have a book here."""

    HYPERTENSION = target.HYPERTENSION, "Tăng huyết áp"
    DIABETES = target.DIABETES, "Đái tháo đường"


class FollowUpState(models.TextChoices):
    CURRENT = "current", "đúng"
    ENTERED_IN_ERROR = "entered_in_error", "nhập nhầm"


class Reached(models.IntegerChoices):
    """The code of the books 97-II-01A and 97-II-01B."""

    NOT_REACHED = target.NOT_REACHED, "Không đạt"
    REACHED = target.REACHED, "Đạt"
    NOT_JUDGED = target.NOT_JUDGED, "Chưa đánh giá"


class GlucoseKind(models.TextChoices):
    FASTING = target.FASTING, "Lúc đói"
    POST_MEAL = target.POST_MEAL, "Sau ăn 2 giờ"
    RANDOM = target.RANDOM, "Bất kỳ"


class Taken(models.TextChoices):
    """How she has taken her medicines since the last time."""

    ALL = "all", "Uống đủ"
    SOME = "some", "Bỏ một số lần"
    NONE = "none", "Không uống"
    NEW = "new", "Chưa dùng thuốc"


class FollowUp(ClinicalFact, BaseModel):
    """The follow-up form of one visit in one programme.

    The figures are those of the visit and its results, copied as of its end, so that books and lists ask for
    nothing more. `computed` is what target.judge says, `target` what stands in the book: the same, or changed
    by hand with `target_why`. While the visit is open the form is saved; afterwards it is amended.
    """

    # Both are looked up by the indexes of several columns below.
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="follow_ups", db_index=False)
    enrolment = models.ForeignKey(
        Enrolment, on_delete=models.PROTECT, related_name="follow_ups", db_index=False
    )
    programme = models.CharField("chương trình", max_length=20, choices=Programme.choices)
    on = models.DateField("ngày khám")
    state = models.CharField(
        "trạng thái", max_length=20, choices=FollowUpState.choices, default=FollowUpState.CURRENT
    )

    systolic = models.DecimalField("huyết áp tối đa", max_digits=5, decimal_places=1, null=True)
    diastolic = models.DecimalField("huyết áp tối thiểu", max_digits=5, decimal_places=1, null=True)
    glucose = models.DecimalField("đường huyết (mmol/L)", max_digits=5, decimal_places=1, null=True)
    glucose_kind = models.CharField("đo đường huyết", max_length=10, choices=GlucoseKind.choices, blank=True)
    hba1c = models.DecimalField("HbA1c (%)", max_digits=4, decimal_places=1, null=True)
    cholesterol = models.DecimalField("cholesterol toàn phần", max_digits=4, decimal_places=1, null=True)
    smoker = models.BooleanField("hút thuốc", null=True)

    complications = ArrayField(
        models.CharField(max_length=20), verbose_name="biến chứng", default=list, blank=True
    )
    adherence = models.CharField("dùng thuốc", max_length=5, choices=Taken.choices, blank=True)
    side_effects = models.CharField("tác dụng phụ", max_length=200, blank=True)
    medicine_days = models.PositiveSmallIntegerField("thuốc cho mấy ngày", null=True)
    medicines_until = models.DateField("còn thuốc đến hết ngày", null=True)
    next_on = models.DateField("hẹn khám lại", null=True)  # as the visit asked for; care moves appointments

    # What was agreed with her herself, as of this visit; empty is what the rules say.
    aim_systolic = models.PositiveSmallIntegerField("mục tiêu riêng: huyết áp tối đa dưới", null=True)
    aim_diastolic = models.PositiveSmallIntegerField("mục tiêu riêng: huyết áp tối thiểu dưới", null=True)
    aim_hba1c = models.DecimalField(
        "mục tiêu riêng: HbA1c dưới (%)", max_digits=4, decimal_places=1, null=True
    )

    computed = models.PositiveSmallIntegerField(choices=Reached.choices, default=Reached.NOT_JUDGED)
    computed_why = models.CharField(max_length=200, blank=True)
    target = models.PositiveSmallIntegerField(
        "đạt mục tiêu", choices=Reached.choices, default=Reached.NOT_JUDGED
    )
    target_why = models.CharField("lý do đổi", max_length=200, blank=True)
    risk = models.PositiveSmallIntegerField("nguy cơ tim mạch 10 năm (%)", null=True)
    risk_word = models.CharField("nguy cơ tim mạch", max_length=200, blank=True)
    risk_chart = models.CharField("theo bảng", max_length=40, blank=True)

    class Meta:
        verbose_name = "phiếu theo dõi bệnh mạn tính"
        verbose_name_plural = "phiếu theo dõi bệnh mạn tính"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["visit", "programme"], name="follow_up_once"),
            # What was changed by hand says why.
            models.CheckConstraint(
                condition=Q(target=models.F("computed")) | ~Q(target_why=""), name="follow_up_target_why"
            ),
        ]
        indexes = [
            # The course of one person in one programme: the last one, a year of them.
            models.Index(
                fields=["enrolment", "-on"], name="follow_up_course", condition=~Q(state="entered_in_error")
            ),
            # What a station's book of a year is made of.
            models.Index(fields=["person", "-on"], name="follow_up_person"),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.on:%d/%m/%Y}"

    @property
    def pressure_words(self) -> str:
        """'148/92', or '' where it was not taken."""
        if self.systolic is None or self.diastolic is None:
            return ""
        return f"{self.systolic:.0f}/{self.diastolic:.0f}"

    @property
    def aim(self) -> Aim:
        """What was agreed with her herself."""
        return Aim(self.aim_systolic, self.aim_diastolic, self.aim_hba1c)

    @property
    def aim_words(self) -> str:
        """'dưới 130/80 mmHg', 'HbA1c dưới 8 %', or '' where the rules hold."""
        pressure = f"dưới {self.aim_systolic}/{self.aim_diastolic} mmHg" if self.aim_systolic else ""
        return pressure or (f"HbA1c dưới {number_text(self.aim_hba1c)} %" if self.aim_hba1c else "")

    @property
    def chip(self) -> tuple[str, str]:
        """The colour and the word of the target."""
        states = {Reached.REACHED: "done", Reached.NOT_REACHED: "warning"}
        return states.get(Reached(self.target), "off"), str(Reached(self.target).label)

    @property
    def by_hand(self) -> bool:
        """Whether somebody has said otherwise than the arithmetic."""
        return bool(self.target_why)


class FollowUpRevision(ScopedModel):
    """What a form said before it was amended: `data` is the whole earlier version. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="revisions")
    of_version = models.PositiveIntegerField()
    data = models.JSONField(encoder=DjangoJSONEncoder)
    reason = models.CharField("lý do sửa đổi", max_length=500)
    by = models.UUIDField(null=True)
    by_name = models.CharField("người sửa", max_length=150)
    at = models.DateTimeField("sửa lúc")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "bản phiếu theo dõi trước khi sửa"
        verbose_name_plural = "bản phiếu theo dõi trước khi sửa"
        base_manager_name = "unscoped"
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["follow_up", "of_version"], name="follow_up_revision_once"),
        ]

    def __str__(self) -> str:
        return f"bản {self.of_version}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        # unscoped: the form's own scope, as a condition of this table
        return Q(follow_up__in=FollowUp.unscoped.filter(FollowUp.scope_q(scope)).values("pk"))
