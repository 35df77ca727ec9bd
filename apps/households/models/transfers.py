"""Who has left one station of the house for the area of another, until that one answers; and who is asked for
there while nobody has recorded that she left.
"""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.households.models.residence import ResidenceEvent, ResidenceEventPerson
from apps.patients.models import Person


class TransferState(models.TextChoices):
    WAITING = "waiting", "Chờ nhận"
    RECEIVED = "received", "Đã nhận"
    DECLINED = "declined", "Không về địa bàn"
    WITHDRAWN = "withdrawn", "Nơi đi đã rút lại"


class Transfer(ScopedModel, BaseModel):
    """One person of a departure whose destination is cared for by a station of this house. docs/states.md.

    She hangs on her part of the departure, so that what follows the person follows here too.
    """

    part = models.OneToOneField(
        ResidenceEventPerson,
        verbose_name="người chuyển đi",
        on_delete=models.PROTECT,
        related_name="transfer",
    )
    from_station = models.ForeignKey(
        "facilities.Facility",
        verbose_name="trạm nơi đi",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    station = models.ForeignKey(
        "facilities.Facility",
        verbose_name="trạm nơi đến",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # transfer_station_state begins with it
    )
    state = models.CharField(
        "tình trạng", max_length=9, choices=TransferState.choices, default=TransferState.WAITING
    )
    arrival = models.ForeignKey(  # the event by which she was taken in
        ResidenceEvent,
        verbose_name="lần nhận",
        null=True,
        on_delete=models.PROTECT,
        related_name="transfers",
        db_index=False,
    )
    reason = models.CharField("lý do không nhận", max_length=300, blank=True)
    decided_at = models.DateTimeField("trả lời lúc", null=True)
    decided_by_name = models.CharField("người trả lời", max_length=150, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "người chờ nhận"
        verbose_name_plural = "người chờ nhận"
        indexes = [
            # The list of those who wait at a station, oldest first.
            models.Index(fields=["station", "state", "id"], name="transfer_station_state"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return Q(pk__in=[])  # the station as a whole answers
        return Q(station_id__in=scope.facility_ids) | Q(from_station_id__in=scope.facility_ids)


class AskState(models.TextChoices):
    WAITING = "waiting", "Chờ trả lời"
    GIVEN = "given", "Đã cho chuyển"
    REFUSED = "refused", "Không cho chuyển"
    WITHDRAWN = "withdrawn", "Đã thôi xin"


class TransferAsk(ScopedModel, BaseModel):
    """One station asks another for a person who lives with it now. docs/states.md.

    Until it is given the asking station is told nothing of her, not even whose she is.
    """

    person = models.ForeignKey(
        Person, verbose_name="người được xin", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    from_station = models.ForeignKey(
        "facilities.Facility",
        verbose_name="trạm được xin",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # ask_from_station begins with it
    )
    station = models.ForeignKey(
        "facilities.Facility",
        verbose_name="trạm xin",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # ask_station begins with it
    )
    number_end = models.CharField("bốn ký tự cuối của số đã nhập", max_length=4)
    since = models.DateField("ở địa bàn trạm xin từ ngày")
    reason = models.CharField("vì sao xin", max_length=300)
    asked_by_name = models.CharField("người xin", max_length=150)
    state = models.CharField("tình trạng", max_length=9, choices=AskState.choices, default=AskState.WAITING)
    departure = models.ForeignKey(  # by which she was given
        ResidenceEvent,
        verbose_name="lần chuyển đi",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    answer = models.CharField("vì sao không cho chuyển", max_length=300, blank=True)
    decided_at = models.DateTimeField("trả lời lúc", null=True)
    decided_by_name = models.CharField("người trả lời", max_length=150, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "lần xin chuyển hồ sơ"
        verbose_name_plural = "các lần xin chuyển hồ sơ"
        indexes = [
            # What a station has asked for, newest first.
            models.Index(fields=["station", "-id"], name="ask_station"),
            # What a station is asked for, newest first.
            models.Index(fields=["from_station", "-id"], name="ask_from_station"),
            # Who leaves, dies or is asked for twice is asked for here.
            models.Index(fields=["person"], name="ask_person", condition=Q(state=AskState.WAITING)),
        ]

    def __str__(self) -> str:
        return self.get_state_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return Q(pk__in=[])  # the station as a whole asks and answers
        return Q(station_id__in=scope.facility_ids) | Q(from_station_id__in=scope.facility_ids)
