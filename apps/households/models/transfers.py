"""Who has left one station of the house for the area of another, until that one answers."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.households.models.residence import ResidenceEvent, ResidenceEventPerson


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
