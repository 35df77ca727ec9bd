"""What a station writes again and again for one disease."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.facilities.models import Facility


class ExamTemplate(ScopedModel, BaseModel):
    """Words, advice, diagnoses and medicines of a station for one disease (mẫu khám). Tells about nobody.

    `data`: {"texts": {field: words}, "findings": {organ: words}, "follow_up_days": int or None,
    "diagnoses": [{"code", "role", "text"}], "lines": [{"drug", "dose", "dose_unit", "times", "days",
    "quantity" or None, "note"}]}; figures as text.
    """

    station = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField("tên mẫu", max_length=100)
    icd_code = models.CharField("bệnh chính", max_length=10, blank=True)
    data = models.JSONField("nội dung", default=dict)
    made_by_name = models.CharField("người lập", max_length=150)
    used = models.PositiveIntegerField("số lần dùng", default=0)
    retired_at = models.DateTimeField("bỏ lúc", null=True, editable=False)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "mẫu khám"
        verbose_name_plural = "mẫu khám"
        base_manager_name = "unscoped"
        constraints = [
            # Also finds a station's templates.
            models.UniqueConstraint(
                fields=["station", "name"], condition=Q(retired_at__isnull=True), name="template_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "station_id")
