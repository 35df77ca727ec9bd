"""What a station's days are made of: which are worked, what is to be done by when, what is half typed."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.models.house import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility


class HolidayKind(models.TextChoices):
    HOLIDAY = "holiday", "Ngày nghỉ"
    COMPENSATION_WORK = "compensation_work", "Ngày làm bù"
    ORDINARY = "ordinary", "Ngày thường"  # takes back a day that was shipped as another kind


class Holiday(BaseModel):
    """A day that is not what its weekday says. Tết and the exchanged days are decided each year."""

    on = models.DateField("ngày", unique=True)
    kind = models.CharField("loại", max_length=20, choices=HolidayKind.choices, default=HolidayKind.HOLIDAY)
    name = models.CharField("tên", max_length=120)
    source = models.CharField("căn cứ", max_length=300)
    confidence = models.CharField("độ tin cậy", max_length=20, default="local")

    class Meta:
        verbose_name = "ngày nghỉ, ngày làm bù"
        verbose_name_plural = "ngày nghỉ, ngày làm bù"
        ordering = ["on"]

    def __str__(self) -> str:
        return f"{self.on:%d/%m/%Y} {self.name}"


class TaskState(models.TextChoices):
    OPEN = "open", "Chưa làm"
    DONE = "done", "Đã làm"
    CANCELLED = "cancelled", "Không cần làm"


class Task(BaseModel, ScopedModel):
    """Something that a facility must have done by a moment, about one record. docs/states.md."""

    kind = models.CharField("loại việc", max_length=60)  # a key of registry.task_kinds
    facility_id = models.UUIDField()
    object_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    restricted = models.BooleanField("nội dung hạn chế", default=False)
    title = models.CharField("nội dung", max_length=200, blank=True)
    happened_at = models.DateTimeField("lúc xảy ra")  # from when the clock runs
    due_at = models.DateTimeField("hạn")
    escalate_at = models.DateTimeField("báo trưởng trạm lúc")
    state = models.CharField("tình trạng", max_length=10, choices=TaskState.choices, default=TaskState.OPEN)
    outcome = models.CharField("kết quả", max_length=300, blank=True)  # what was done, or why it need not be
    closed_at = models.DateTimeField("xong lúc", null=True)
    closed_by = models.UUIDField(null=True)
    closed_by_name = models.CharField("người làm", max_length=150, blank=True)

    class Meta:
        verbose_name = "việc cần làm"
        verbose_name_plural = "việc cần làm"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id"], condition=Q(state="open"), name="task_open_once"
            ),
        ]
        indexes = [
            # The inbox: a facility's open tasks, soonest due first.
            models.Index(
                fields=["facility_id", "due_at", "id"], name="task_inbox", condition=Q(state="open")
            ),
            # What was done or given up lately.
            models.Index(
                fields=["facility_id", "-closed_at"], name="task_closed", condition=~Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)


class Draft(BaseModel, ScopedModel):
    """What somebody typed into a form and has not saved: the raw text, so that nothing typed is lost.

    It is hers alone. A form that makes something new has its station as the object.
    """

    user_id = models.UUIDField()
    facility_id = models.UUIDField()
    kind = models.CharField("loại biểu mẫu", max_length=40)  # a key of registry.drafts
    object_id = models.UUIDField()
    data = models.JSONField("nội dung đã gõ", encoder=DjangoJSONEncoder)  # {field: [values]}
    of_version = models.PositiveIntegerField(default=0)  # of the object when typing began; 0 for a new one
    saved_at = models.DateTimeField("giữ lúc", default=timezone.now)

    class Meta:
        verbose_name = "bản nháp"
        verbose_name_plural = "bản nháp"
        base_manager_name = "unscoped"
        constraints = [
            # Also the index by which the form finds its own.
            models.UniqueConstraint(fields=["user_id", "kind", "object_id"], name="draft_of_user_once"),
        ]
        indexes = [
            # The home page's panel and the list of one's own drafts, newest first; what a leaver left.
            models.Index(fields=["user_id", "-saved_at", "-id"], name="draft_mine"),
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return Q(user_id=scope.user_id, facility_id__in=scope.facility_ids)
