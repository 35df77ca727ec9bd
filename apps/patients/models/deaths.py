"""A death as register A6 keeps it: the day it happened apart from the day it was entered."""

from typing import Any

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.patients import restricted
from apps.patients.facts import ClinicalFact
from apps.patients.models.person import in_hamlets, or_opened


class DeathPlace(models.TextChoices):
    FACILITY = "facility", "Cơ sở y tế"
    HOME = "home", "Tại nhà"
    OUTSIDE = "outside", "Ngoài cộng đồng, trên đường"


class ThreeValued(models.TextChoices):
    """No answer is an answer too: it is not the same as 'no'."""

    YES = "yes", "Có"
    NO = "no", "Không"
    UNKNOWN = "unknown", "Không rõ"


class MaternalTiming(models.TextChoices):
    NO = "no", "Không mang thai trong 1 năm trước khi mất"
    PREGNANT = "pregnant", "Đang mang thai"
    DELIVERY = "delivery", "Khi đẻ"
    WITHIN_42 = "within42", "Trong 42 ngày sau đẻ, sảy, phá thai"
    LATE = "late", "Từ 43 ngày đến 1 năm sau khi kết thúc thai kỳ"
    UNKNOWN = "unknown", "Đã hỏi, không rõ"


class DeathState(models.TextChoices):
    FINAL = "final", "đã ghi"
    AMENDED = "amended", "đã sửa đổi"
    ENTERED_IN_ERROR = "entered_in_error", "ghi nhầm"


STANDING = ~Q(state=DeathState.ENTERED_IN_ERROR)


class Death(ClinicalFact, BaseModel):
    """One death. That she died is known to whoever knows her; of what, by `DeathCause` and its scope."""

    died_on = models.DateField("ngày tử vong")
    died_time = models.TimeField("giờ tử vong", null=True, blank=True)
    entered_on = models.DateField("ngày ghi sổ")
    place = models.CharField("nơi tử vong", max_length=8, choices=DeathPlace.choices)
    place_text = models.CharField("ghi rõ nơi tử vong", max_length=200, blank=True)
    attended = models.CharField(
        "được chăm sóc y tế trước khi chết", max_length=7, choices=ThreeValued.choices, blank=True
    )
    certified_by = models.CharField("người xác nhận", max_length=120, blank=True)
    certificate_no = models.CharField("số giấy báo tử", max_length=40, blank=True)
    certificate_on = models.DateField("ngày cấp giấy báo tử", null=True, blank=True)
    informant = models.CharField("người báo tin", max_length=150, blank=True)
    autopsy = models.CharField("mổ tử thi", max_length=7, choices=ThreeValued.choices, blank=True)
    maternal = models.CharField("tử vong mẹ", max_length=8, choices=MaternalTiming.choices, blank=True)
    pregnancy_ended_on = models.DateField("ngày kết thúc thai kỳ", null=True, blank=True)
    injury_cause = models.CharField("nguyên nhân tai nạn thương tích", max_length=2, blank=True)
    note = models.CharField("ghi chú", max_length=500, blank=True)
    state = models.CharField(
        "trạng thái", max_length=16, choices=DeathState.choices, default=DeathState.FINAL, editable=False
    )
    error_reason = models.CharField("lý do ghi nhầm", max_length=300, blank=True, editable=False)
    # Recorded for the wrong person: the same death, at the person who did die.
    moved_to = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # What she was before, should it turn out that she lives.
    status_before = models.CharField(max_length=7, default="alive", editable=False)
    # Codes and reason of what was odd and kept all the same.
    overrides = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = "ghi nhận tử vong"
        verbose_name_plural = "ghi nhận tử vong"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=STANDING, name="death_once"),
            models.CheckConstraint(
                condition=Q(entered_on__gte=models.F("died_on")), name="death_entered_after"
            ),
        ]
        indexes = [
            # Register A6 by date of death, and by date of entry.
            models.Index(fields=["facility", "died_on", "id"], name="death_died", condition=STANDING),
            models.Index(fields=["facility", "entered_on", "id"], name="death_entered", condition=STANDING),
        ]

    def __str__(self) -> str:
        return f"{self.died_on:%d/%m/%Y}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope)
        here = Q(facility_id__in=scope.facility_ids) | Q(person__station_id__in=scope.facility_ids)
        return or_opened(here, scope, Q(person_id__in=scope.opened))

    @property
    def stands(self) -> bool:
        return self.state != DeathState.ENTERED_IN_ERROR


class DeathPart(ScopedModel):
    """What tells of what she died: where the cause is restricted, by right or to who wrote it."""

    death: Any  # the key of each part, to its Death

    class Meta(ScopedModel.Meta):
        abstract = True

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope, "death__person__") & Q(death__restricted=False)
        here = Q(death__facility_id__in=scope.facility_ids)
        here |= Q(death__person__station_id__in=scope.facility_ids)
        emergency = Q(death__person_id__in=scope.opened, death__restricted=False)
        return or_opened(here & _readable(scope), scope, emergency)


def _readable(scope: Scope) -> Q:
    if scope.can(restricted.RIGHT):
        return Q()
    wrote = None if scope.program else Q(death__recorded_by__in=[scope.user_id])
    return Q(death__restricted=False) | wrote if wrote else Q(death__restricted=False)


class DeathCause(DeathPart):
    """One line of the chain: Ia to Id, then what else contributed (II)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    death = models.ForeignKey(Death, on_delete=models.CASCADE, related_name="causes", db_index=False)
    line = models.CharField(
        "dòng",
        max_length=1,
        choices=[("a", "Ia"), ("b", "Ib"), ("c", "Ic"), ("d", "Id"), ("o", "II")],
    )
    position = models.PositiveSmallIntegerField(default=0)
    icd_edition = models.CharField("bộ mã", max_length=10, blank=True)
    icd_code = models.CharField("mã ICD-10", max_length=10, blank=True)
    icd_name = models.CharField("tên bệnh", max_length=500, blank=True)
    text = models.CharField("ghi bằng lời", max_length=300, blank=True)
    value = models.PositiveSmallIntegerField("khoảng thời gian", null=True, blank=True)
    unit = models.CharField("đơn vị", max_length=6, blank=True)
    # The lowest filled line of part I: what the registers and reports count.
    underlying = models.BooleanField("nguyên nhân chính", default=False)

    class Meta(DeathPart.Meta):
        abstract = False
        verbose_name = "nguyên nhân tử vong"
        verbose_name_plural = "nguyên nhân tử vong"
        ordering = ["line", "position"]
        constraints = [
            # The causes of one death, in order; one underlying cause each.
            models.UniqueConstraint(fields=["death", "line", "position"], name="death_cause_once"),
            models.UniqueConstraint(
                fields=["death"], condition=Q(underlying=True), name="death_cause_underlying"
            ),
        ]

    def __str__(self) -> str:
        return self.get_line_display()


class DeathVersion(DeathPart):
    """What a death said before it was amended, and why it was."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    death = models.ForeignKey(Death, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    data = models.JSONField()
    reason = models.CharField("lý do sửa đổi", max_length=300)
    at = models.DateTimeField()
    by_name = models.CharField(max_length=150)

    class Meta(DeathPart.Meta):
        abstract = False
        verbose_name = "bản trước của ghi nhận tử vong"
        verbose_name_plural = "bản trước của ghi nhận tử vong"
        constraints = [models.UniqueConstraint(fields=["death", "number"], name="death_version_once")]

    def __str__(self) -> str:
        return str(self.number)


class ReviewState(models.TextChoices):
    OPEN = "open", "đang thẩm định"
    CLOSED = "closed", "đã kết luận"
    VOID = "void", "không còn là tử vong mẹ"


REVIEW_RIGHT = "deaths.approve"


class MaternalReview(ScopedModel, BaseModel):
    """The file of a possible maternal death (biên bản thẩm định, QĐ 4869/QĐ-BYT): for the head alone."""

    death = models.OneToOneField(Death, on_delete=models.PROTECT, related_name="review")
    antenatal_place = models.CharField("nơi khám thai", max_length=200, blank=True)
    antenatal_visits = models.PositiveSmallIntegerField("số lần khám thai", null=True, blank=True)
    birth_place = models.CharField("nơi đẻ, sảy, phá thai", max_length=200, blank=True)
    birth_how = models.CharField("cách đẻ, người đỡ đẻ", max_length=200, blank=True)
    outcome = models.CharField("kết quả thai nghén", max_length=200, blank=True)
    course = models.TextField("diễn biến từ khi có dấu hiệu đến khi mất", max_length=4000, blank=True)
    delay_decide = models.CharField("chậm quyết định đi khám", max_length=300, blank=True)
    delay_reach = models.CharField("chậm đến được cơ sở y tế", max_length=300, blank=True)
    delay_care = models.CharField("chậm được xử trí đúng", max_length=300, blank=True)
    kind = models.CharField(
        "kết luận",
        max_length=10,
        blank=True,
        choices=[
            ("direct", "Tử vong mẹ trực tiếp (do tai biến sản khoa)"),
            ("indirect", "Tử vong mẹ gián tiếp (bệnh nặng lên do thai nghén)"),
            ("unrelated", "Không do thai nghén (tai nạn, ngẫu nhiên)"),
            ("unknown", "Chưa xác định được"),
        ],
    )
    avoidable = models.CharField("có thể tránh được", max_length=7, choices=ThreeValued.choices, blank=True)
    lessons = models.TextField("bài học, kiến nghị", max_length=2000, blank=True)
    members = models.TextField("thành phần thẩm định", max_length=1000, blank=True)
    reviewed_on = models.DateField("ngày thẩm định", null=True, blank=True)
    state = models.CharField(
        "trạng thái", max_length=6, choices=ReviewState.choices, default=ReviewState.OPEN, editable=False
    )

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "biên bản thẩm định tử vong mẹ"
        verbose_name_plural = "biên bản thẩm định tử vong mẹ"

    def __str__(self) -> str:
        return self.get_state_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if not scope.can(REVIEW_RIGHT) or scope.hamlet_ids is not None:
            return Q(pk__in=[])
        return Q(death__facility_id__in=scope.facility_ids)
