"""What happened to families and to where their people live: one table, only ever added to."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.households.models.homes import Household
from apps.patients.models import Person


class EventKind(models.TextChoices):
    """The words of the population book (TT 01/2022, A0 part III) where it has them."""

    CREATED = "created", "Lập hộ"
    JOINED = "joined", "Ghi vào hộ"  # was of the family already; nobody has moved
    ARRIVED = "arrived", "Chuyển đến"  # from outside the commune
    MOVED = "moved", "Chuyển hộ"  # from one family of the station to another
    SPLIT = "split", "Tách hộ"
    MERGED = "merged", "Nhập hộ"
    RELOCATED = "relocated", "Cả hộ đổi chỗ ở"  # within the station's area
    LEFT = "left", "Rời hộ"  # belongs to no family; nobody said where to
    DEPARTED = "departed", "Chuyển đi"  # out of the commune
    RETURNED = "returned", "Chuyển về"
    ABSENT = "absent", "Tạm vắng"
    BACK = "back", "Hết tạm vắng"
    MARRIED = "married", "Kết hôn"
    DIVORCED = "divorced", "Ly hôn"
    HEAD = "head", "Đổi chủ hộ"
    DIED = "died", "Qua đời"  # follows the record of the death, which says how


class EventState(models.TextChoices):
    FINAL = "final", "Có hiệu lực"
    ENTERED_IN_ERROR = "entered_in_error", "Nhập nhầm"


class Reach(models.TextChoices):
    """How far somebody moves, as the population reports tell it apart."""

    COMMUNE = "commune", "Trong xã"
    PROVINCE = "province", "Xã khác trong tỉnh"
    COUNTRY = "country", "Ngoài tỉnh"
    ABROAD = "abroad", "Nước ngoài"


class ResidenceEvent(ScopedModel, BaseModel):
    """One thing that happened on a day to a family or its people. Never edited, never deleted.

    A mistake becomes entered_in_error with its reason; `changes`, the steps with what stood before and
    after each, is what taking it back undoes.
    """

    station = models.ForeignKey(
        "facilities.Facility",
        verbose_name="trạm",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # residence_station_day begins with it
    )
    kind = models.CharField("loại biến động", max_length=9, choices=EventKind.choices)
    on = models.DateField("ngày xảy ra")
    household = models.ForeignKey(  # the family that it is about, or that people come into
        Household,
        verbose_name="hộ",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events",
    )
    from_household = models.ForeignKey(  # the family that they come out of
        Household,
        verbose_name="từ hộ",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="events_out",
    )
    hamlet = models.ForeignKey(  # of the family on that day: what is counted by hamlet needs no history
        "facilities.Hamlet",
        verbose_name="thôn, tổ",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    reach = models.CharField("phạm vi", max_length=8, choices=Reach.choices, blank=True)
    unit = models.ForeignKey(  # where to, or where from; in force on the day
        "facilities.AdminUnit",
        verbose_name="nơi đi, nơi đến",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    place_text = models.CharField("địa chỉ nơi đi, nơi đến", max_length=200, blank=True)
    spouse_text = models.CharField("vợ hoặc chồng không có hồ sơ", max_length=100, blank=True)
    note = models.CharField("lý do, ghi chú", max_length=500, blank=True)
    until = models.DateField("dự kiến đến ngày", null=True, blank=True)
    follows = models.ForeignKey(  # the departure that a return ends, the absence that 'back' ends
        "self",
        verbose_name="kết thúc biến động",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="followed_by",
    )
    part_of = models.ForeignKey(  # the marriage that a move was entered with
        "self",
        verbose_name="ghi cùng với",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
    )
    changes = models.JSONField(default=list, encoder=DjangoJSONEncoder, editable=False)
    recorded_at = models.DateTimeField("ghi lúc", default=timezone.now, editable=False)
    recorded_by = models.UUIDField("người ghi", null=True, blank=True, editable=False)
    recorded_by_name = models.CharField("tên người ghi", max_length=150, blank=True, editable=False)
    state = models.CharField(
        "trạng thái", max_length=16, choices=EventState.choices, default=EventState.FINAL, editable=False
    )
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True, editable=False)
    error_at = models.DateTimeField("ghi nhầm lúc", null=True, blank=True, editable=False)
    error_by = models.UUIDField("người ghi nhầm", null=True, blank=True, editable=False)
    error_by_name = models.CharField("tên người sửa", max_length=150, blank=True, editable=False)
    replaced_by = models.ForeignKey(  # the event that was entered in its place
        "self",
        verbose_name="thay bằng",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replaces",
        db_index=False,
        editable=False,
    )

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "biến động hộ, dân cư"
        verbose_name_plural = "biến động hộ, dân cư"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="final") | ~Q(error_reason=""), name="residence_error_has_reason"
            ),
        ]
        indexes = [
            # The population book and its slip: what happened at a station in a month, by kind.
            models.Index(fields=["station", "on", "kind"], name="residence_station_day"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        known = Q(station_id__in=scope.facility_ids)
        return known if scope.hamlet_ids is None else known & Q(hamlet_id__in=scope.hamlet_ids)


class ResidenceEventPerson(ScopedModel):
    """One of the people whom an event is about. Its id is what closes and opens her follow-up."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(ResidenceEvent, on_delete=models.PROTECT, related_name="people")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="residence_events")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "người trong biến động"
        verbose_name_plural = "người trong biến động"
        constraints = [
            models.UniqueConstraint(fields=["event", "person"], name="residence_person_once"),
        ]

    def __str__(self) -> str:
        return str(self.event_id)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        known = Q(event__station_id__in=scope.facility_ids)
        if scope.hamlet_ids is None:
            return known
        theirs = Q(event__hamlet_id__in=scope.hamlet_ids, person__hamlet_id__in=scope.hamlet_ids)
        return known & theirs
