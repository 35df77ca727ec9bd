"""What is counted of it: by day of acceptance against what a receiver holds, and by hour."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.sync.models.receivers import Receiver


class Comparison(BaseModel):
    """What a receiver holds of one kind of records that it accepted on one day, against what we hold of them.

    The two sums are over all records, in any order: equal only where each record is the same (comparing.py).
    """

    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE, related_name="comparisons")
    on = models.DateField("ngày tiếp nhận")
    kind = models.CharField("loại bản ghi", max_length=20)
    asked_at = models.DateTimeField("bắt đầu lúc")
    finished_at = models.DateTimeField("xong lúc", null=True)
    ours = models.PositiveIntegerField("ở đây", default=0)
    theirs = models.PositiveIntegerField("ở nơi nhận", default=0)
    missing = models.PositiveIntegerField("nơi nhận không còn", default=0)
    changed = models.PositiveIntegerField("nơi nhận giữ bản khác", default=0)
    unanswered = models.PositiveIntegerField("chưa trả lời", default=0)
    our_sum = models.CharField("mã kiểm ở đây", max_length=64, default="")
    their_sum = models.CharField("mã kiểm ở nơi nhận", max_length=64, default="")

    class Meta:
        verbose_name = "đối chiếu với nơi nhận"
        verbose_name_plural = "đối chiếu với nơi nhận"
        ordering = ["-on", "kind", "id"]
        constraints = [
            models.UniqueConstraint(fields=["receiver", "on", "kind"], name="comparison_once_a_day")
        ]
        indexes = [
            # Those that are not finished.
            models.Index(fields=["asked_at"], name="comparison_open", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on:%d/%m/%Y}"

    @property
    def equal(self) -> bool:
        same = self.ours == self.theirs and self.our_sum == self.their_sum
        return same and not self.unanswered


class SyncHour(ScopedModel):
    """An hour (a local day, once it is a week old) of a facility at a receiver in figures: no record's id.

    Written by the worker (hours.py) so that pages and metrics count nothing. `waiting`, `stuck`, `oldest` are
    as they stood when the hour was last counted; `lag` is from a change to its acceptance, in seconds.
    """

    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE, related_name="hours")
    facility_id = models.UUIDField()
    hour = models.DateTimeField("giờ")
    accepted = models.PositiveIntegerField("tiếp nhận", default=0)
    refused = models.PositiveIntegerField("lần bị từ chối", default=0)
    failed = models.PositiveIntegerField("lần không thành", default=0)
    lag_total = models.PositiveBigIntegerField("tổng độ trễ", default=0)
    lag_most = models.PositiveIntegerField("độ trễ lớn nhất", default=0)
    waiting = models.PositiveIntegerField("đang chờ", default=0)
    stuck = models.PositiveIntegerField("bị từ chối, không thành", default=0)
    oldest = models.DateTimeField("chờ lâu nhất từ", null=True)

    class Meta:
        verbose_name = "số liệu gửi theo giờ"
        verbose_name_plural = "số liệu gửi theo giờ"
        constraints = [
            models.UniqueConstraint(fields=["receiver", "facility_id", "hour"], name="synchour_once")
        ]
        indexes = [models.Index(fields=["hour"], name="synchour_hour")]

    def __str__(self) -> str:
        return f"{self.facility_id} {self.hour:%Y-%m-%d %H}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)
