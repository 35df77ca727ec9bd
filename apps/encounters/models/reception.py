"""Where people wait and are called to: rooms, the screens of waiting rooms, what these may show."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.facilities.models import Facility


class Room(ScopedModel, BaseModel):
    """A room or table of a station or point to which people are called."""

    facility = models.ForeignKey(
        Facility, verbose_name="trạm, điểm trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField("tên phòng, bàn", max_length=40)
    position = models.PositiveSmallIntegerField("thứ tự", default=1)
    is_active = models.BooleanField("đang dùng", default=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "phòng, bàn khám"
        verbose_name_plural = "phòng, bàn khám"
        constraints = [
            models.UniqueConstraint(fields=["facility", "name"], name="room_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)


class QueueSetting(ScopedModel, BaseModel):
    """What a station's screen and tickets say of who is called. Without a row: numbers alone."""

    facility = models.OneToOneField(Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+")
    shows_names = models.BooleanField("hiện cả tên gọi", default=False)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "cách hiện bảng số"
        verbose_name_plural = "cách hiện bảng số"

    def __str__(self) -> str:
        return "số và tên gọi" if self.shows_names else "chỉ số"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)


class BoardScreen(ScopedModel, BaseModel):
    """A screen in a waiting room that shows the queue without anybody signed in at it.

    The screen's browser holds a random key in a cookie; here stands its hash alone.
    """

    facility = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
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
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    opened_by_name = models.CharField("người mở", max_length=150)
    opened_at = models.DateTimeField("mở lúc", default=timezone.now)
    expires_at = models.DateTimeField("hết hạn")
    seen_at = models.DateTimeField("hiện lần cuối", null=True, blank=True)
    closed_at = models.DateTimeField("đóng lúc", null=True, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "màn hình bảng số"
        verbose_name_plural = "màn hình bảng số"
        indexes = [
            # The screens of a station that are open.
            models.Index(fields=["facility"], name="board_open", condition=Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return "màn hình bảng số"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)
