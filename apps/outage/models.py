"""Paper for the hour without a line, and what was entered from it afterwards."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.facilities.models import Facility, Practitioner
from apps.outage import rules


class Pack(ScopedModel, BaseModel):
    """A pack of papers for one day: what is expected, and blank slips whose codes are the station's alone."""

    facility = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    on = models.DateField("cho ngày")
    made_at = models.DateTimeField("lập lúc", default=timezone.now)
    made_by_name = models.CharField("người lập", max_length=150, blank=True)  # empty: made by night
    printed_at = models.DateTimeField("in lần đầu lúc", null=True, blank=True)
    printed_by_name = models.CharField("người in", max_length=150, blank=True)
    copies = models.PositiveSmallIntegerField("số lần in", default=0)

    class Meta:
        verbose_name = "gói dự phòng"
        verbose_name_plural = "gói dự phòng"
        base_manager_name = "unscoped"
        # The station's packs, newest first; the night looks for the day's.
        indexes = [models.Index(fields=["facility", "-made_at", "-id"], name="pack_facility")]

    def __str__(self) -> str:
        return f"{self.on:%d/%m/%Y}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)


class Slip(ScopedModel, BaseModel):
    """One blank slip. Its code opens one back-entry at its own station, once; a voided one opens none."""

    # Found by the constraint on (pack, number).
    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="slips", db_index=False)
    kind = models.CharField("loại phiếu", max_length=30)  # a key of outage.kinds
    number = models.PositiveSmallIntegerField("số phiếu")
    code = models.CharField("mã phiếu", max_length=12, unique=True)
    voided_at = models.DateTimeField("hủy lúc", null=True, blank=True)
    voided_by_name = models.CharField("người hủy", max_length=150, blank=True)
    void_reason = models.CharField("lý do hủy", max_length=200, blank=True)

    class Meta:
        verbose_name = "phiếu trắng"
        verbose_name_plural = "phiếu trắng"
        base_manager_name = "unscoped"
        constraints = [models.UniqueConstraint(fields=["pack", "number"], name="slip_number_once")]

    def __str__(self) -> str:
        return self.shown

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "pack__facility_id")

    @property
    def shown(self) -> str:
        return rules.shown_code(self.code)


class BackEntry(ScopedModel, BaseModel):
    """One row entered after the outage; its id is the row's key, so that a row is saved once."""

    facility = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField("loại", max_length=30)
    object_id = models.UUIDField()  # the record that it became
    person_id = models.UUIDField(null=True)
    slip = models.OneToOneField(
        Slip, verbose_name="phiếu", null=True, on_delete=models.PROTECT, related_name="entry"
    )
    performer = models.ForeignKey(
        Practitioner,
        verbose_name="người thực hiện",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    occurred_at = models.DateTimeField("lúc xảy ra")
    recorded_at = models.DateTimeField("lúc nhập", default=timezone.now)
    recorded_by = models.UUIDField()
    recorded_by_name = models.CharField("người nhập", max_length=150)
    reason = models.CharField("lý do", max_length=300, blank=True)
    digest = models.CharField(max_length=64)  # of what was typed: the same row sent again
    message = models.CharField("kết quả", max_length=200)

    class Meta:
        verbose_name = "dòng nhập bù"
        verbose_name_plural = "dòng nhập bù"
        base_manager_name = "unscoped"
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="back_entry_object_once")]
        indexes = [
            # The list of a station, latest event first, between two days.
            models.Index(fields=["facility", "-occurred_at", "-id"], name="back_entry_facility"),
        ]

    def __str__(self) -> str:
        return self.message

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)

    @property
    def late(self) -> str:
        return rules.lateness_words(self.occurred_at, self.recorded_at)
