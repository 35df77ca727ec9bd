"""What a village worker tells the station. It changes no record before the station has accepted it."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.facilities.models import Facility, Hamlet
from apps.field import said
from apps.households.models import Household
from apps.patients.models import Person
from apps.patients.models.person import in_hamlets
from apps.patients.restricted import readable


class ProposalState(models.TextChoices):
    NEW = "new", "Chờ trạm xem"
    ACCEPTED = "accepted", "Trạm đã nhận"
    REFUSED = "refused", "Trạm không nhận"
    WITHDRAWN = "withdrawn", "Đã rút lại"


class Proposal(ScopedModel, BaseModel):
    """One piece of news from a hamlet. docs/states.md."""

    station = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    hamlet = models.ForeignKey(
        Hamlet, verbose_name="thôn, tổ", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField("việc", max_length=10, choices=said.CHOICES)
    data = models.JSONField("nội dung", default=dict, encoder=DjangoJSONEncoder)  # said.KINDS[kind].said
    household = models.ForeignKey(
        Household,
        verbose_name="hộ",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    person = models.ForeignKey(
        Person,
        verbose_name="người",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # proposal_person begins with it
    )
    restricted = models.BooleanField(default=False, editable=False)  # that somebody under age is pregnant
    made_by = models.UUIDField("người báo")
    made_by_name = models.CharField("tên người báo", max_length=150)
    state = models.CharField(
        "tình trạng", max_length=9, choices=ProposalState.choices, default=ProposalState.NEW
    )
    decided_at = models.DateTimeField("trả lời lúc", null=True, blank=True)
    decided_by = models.UUIDField("người trả lời", null=True, blank=True)
    decided_by_name = models.CharField("tên người trả lời", max_length=150, blank=True)
    reason = models.CharField("lý do, trả lời", max_length=300, blank=True)
    result_kind = models.CharField(max_length=20, blank=True)  # person, death, residence ...: what came of it
    result_id = models.UUIDField(null=True, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "đề xuất từ thôn"
        verbose_name_plural = "đề xuất từ thôn"
        indexes = [
            # The station's list, oldest waiting first.
            models.Index(fields=["station", "state", "id"], name="proposal_station"),
            # A worker's own, newest first.
            models.Index(fields=["made_by", "-id"], name="proposal_mine"),
            # What was said of a person: her flag, what a life event settles.
            models.Index(
                fields=["person", "kind", "state"], name="proposal_person", condition=Q(person__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        here = Q(station_id__in=scope.facility_ids)
        if scope.hamlet_ids is not None:  # her own, of hamlets that she still has
            return here & Q(hamlet_id__in=scope.hamlet_ids, made_by__in=[scope.user_id])
        return here & readable(scope, Q(made_by__in=[scope.user_id]))

    @property
    def said(self) -> said.Said:
        return said.KINDS[self.kind].said.read(self.data)

    @property
    def waits(self) -> bool:
        return self.state == ProposalState.NEW


class MarkState(models.TextChoices):
    FINAL = "final", "Đang dùng"
    REPLACED = "replaced", "Đã thay"


class ContraceptionMark(ScopedModel, BaseModel):
    """What a couple used in one month (book A0, part II). Never overwritten: another mark replaces it."""

    # Found by the constraint on (person, month).
    person = models.ForeignKey(
        Person, verbose_name="người vợ", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    month = models.DateField("tháng")  # its first day
    code = models.CharField("biện pháp", max_length=2)  # list a0_contraception
    hamlet = models.ForeignKey(
        Hamlet, verbose_name="thôn, tổ", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    restricted = models.BooleanField(default=False, editable=False)  # she was a minor in that month
    state = models.CharField("tình trạng", max_length=8, choices=MarkState.choices, default=MarkState.FINAL)
    recorded_by = models.UUIDField("người ghi", null=True)
    recorded_by_name = models.CharField("tên người ghi", max_length=150)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "biện pháp tránh thai trong tháng"
        verbose_name_plural = "biện pháp tránh thai trong tháng"
        constraints = [
            # Also the index of the grid.
            models.UniqueConstraint(
                fields=["person", "month"], condition=Q(state="final"), name="contraception_month_once"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="contraception_month_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope) & readable(scope)
        return Q(person__station_id__in=scope.facility_ids) & readable(scope)
