"""What one shift hands to the next, with the two who did it."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.facilities.models import Facility


class Shift(models.TextChoices):
    DAY = "day", "Cuối ngày"
    MORNING = "morning", "Hết buổi sáng"
    AFTERNOON = "afternoon", "Hết buổi chiều"
    NIGHT = "night", "Hết ca trực đêm"


class HandoverState(models.TextChoices):
    """docs/states.md."""

    WAITING = "waiting", "Chờ người nhận"
    TAKEN = "taken", "Đã nhận"
    WITHDRAWN = "withdrawn", "Đã rút lại"


class TakenBy(models.TextChoices):
    """How the taker has shown who she is."""

    OWN = "own", "tự đăng nhập"
    HERE = "here", "xác nhận tại máy người giao"


class ShiftHandover(ScopedModel, BaseModel):
    """What was left at the end of a shift, as the day's end counted it then, and a note.

    `lines` are [{key, title, group, right, count, words, state}, ...]: counts and sums, nothing about a
    person; each is shown to holders of its right alone.
    """

    facility = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    point = models.ForeignKey(
        Facility,
        verbose_name="điểm trạm",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    on = models.DateField("ngày")
    shift = models.CharField("ca", max_length=10, choices=Shift.choices, default=Shift.DAY)
    state = models.CharField(
        "tình trạng", max_length=10, choices=HandoverState.choices, default=HandoverState.WAITING
    )
    lines = models.JSONField("việc còn lại", default=list)
    note = models.TextField("ghi chú bàn giao", max_length=2000, blank=True)
    override = models.CharField("lý do vẫn bàn giao", max_length=300, blank=True)
    given_at = models.DateTimeField("giao lúc")
    given_by = models.UUIDField("người giao")
    given_by_name = models.CharField("tên người giao", max_length=150)
    taken_at = models.DateTimeField("nhận lúc", null=True, blank=True)
    taken_by = models.UUIDField("người nhận", null=True, blank=True)
    taken_by_name = models.CharField("tên người nhận", max_length=150, blank=True)
    taken_how = models.CharField("nhận bằng", max_length=6, choices=TakenBy.choices, blank=True)
    remark = models.CharField("ý kiến người nhận", max_length=500, blank=True)
    withdrawn_reason = models.CharField("lý do rút lại", max_length=300, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "bàn giao ca"
        verbose_name_plural = "bàn giao ca"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="taken") | Q(taken_by__isnull=False, taken_at__isnull=False),
                name="shift_taken_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True) | ~Q(taken_by=models.F("given_by")),
                name="shift_two_people",
            ),
        ]
        indexes = [
            # The book of a station, newest first.
            models.Index(fields=["facility", "-given_at", "-id"], name="shift_facility"),
            # What waits for somebody to take it: the home page, the day's end.
            models.Index(fields=["facility"], name="shift_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.get_shift_display()} {self.on:%d/%m/%Y}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)
