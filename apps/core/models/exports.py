"""Lists of people that somebody has taken out as a file: who, what, why, how many, until when."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.models.house import BaseModel, Job
from apps.core.scope import Scope, ScopedModel


class ExportState(models.TextChoices):
    ASKED = "asked", "Chờ người thứ hai duyệt"
    MAKING = "making", "Đang làm tệp"
    READY = "ready", "Tải được"
    EXPIRED = "expired", "Đã hết hạn, tệp đã xóa"
    FAILED = "failed", "Không làm được tệp"


class GuardedExport(BaseModel, ScopedModel):
    """One file with people in it, of its maker alone. docs/states.md.

    The file lies sealed in a folder, its key in this row; both go when it expires, the row stays as the book
    of what has left. `person_ids` are for the read log of each download, and go as well.
    """

    kind = models.CharField("loại danh sách", max_length=60)  # a key of registry.exports
    title = models.CharField("danh sách", max_length=200)
    args = models.JSONField(default=dict, encoder=DjangoJSONEncoder)  # ids and options, nothing personal
    reason = models.CharField("lý do xuất", max_length=300)
    maker_id = models.UUIDField()
    maker_scope = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    facility_id = models.UUIDField()
    rows = models.PositiveIntegerField("số dòng", default=0)
    state = models.CharField("tình trạng", max_length=10, choices=ExportState.choices)
    approved_by = models.UUIDField(null=True)
    approved_by_name = models.CharField("người duyệt", max_length=150, blank=True)
    asked_at = models.DateTimeField("xin lúc", default=timezone.now)
    made_at = models.DateTimeField("làm xong lúc", null=True)
    expires_at = models.DateTimeField("hết hạn lúc", null=True)
    taken = models.PositiveSmallIntegerField("số lần tải", default=0)
    size = models.PositiveIntegerField("cỡ tệp", default=0)
    key = models.CharField(max_length=100, blank=True, editable=False)
    person_ids = ArrayField(models.UUIDField(), default=list, editable=False)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "tệp đã xuất"
        verbose_name_plural = "tệp đã xuất"
        base_manager_name = "unscoped"
        indexes = [
            # One's own files, newest first.
            models.Index(fields=["maker_id", "-asked_at", "-id"], name="export_mine"),
            # What has expired and is still there.
            models.Index(fields=["expires_at"], name="export_expiry", condition=Q(state="ready")),
        ]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return Q(maker_id=scope.user_id, facility_id__in=scope.facility_ids)
