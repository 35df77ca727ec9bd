"""Books of running numbers: what a station gives to visits and papers, without gap and without two alike."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.core.models.house import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility


class NumberBook(BaseModel, ScopedModel):
    """One book of a facility: a kind of number in a period ('2026', '2026-11-22', or '' for ever)."""

    facility_id = models.UUIDField()
    kind = models.CharField("loại số", max_length=40)  # a key of registry.numbers
    period = models.CharField("kỳ", max_length=10, blank=True)
    first = models.PositiveIntegerField("số bắt đầu", default=1)  # the first that this system gives
    last = models.PositiveIntegerField("số cuối đã cấp", default=0)
    # From this day its station is no station any more: numbers of earlier days alone are still given.
    closed_from = models.DateField("khóa sổ từ ngày", null=True, blank=True)
    station_name = models.CharField("sổ của trạm", max_length=200, blank=True, db_default="")
    # A point's own book beside its station's: its numbers are written with the mark ('BT.2026-000123').
    mark = models.CharField("ký hiệu", max_length=4, blank=True, db_default="")
    # The last number that was written before the book had its mark.
    marked_after = models.PositiveIntegerField("số cuối chưa có ký hiệu", default=0, db_default=0)
    # Numbers left out on purpose: [{"from", "to", "reason", "by", "at"}].
    skipped = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "sổ cấp số"
        verbose_name_plural = "sổ cấp số"
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["facility_id", "kind", "period"], name="number_book_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period}"

    def mark_of(self, number: int) -> str:
        """The mark with which a number of the book is written."""
        return self.mark if number > self.marked_after else ""

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)


class NumberState(models.TextChoices):
    GIVEN = "given", "Đã cấp"
    VOID = "void", "Đã hủy"


class GivenNumber(BaseModel, ScopedModel):
    """One number of a book that keeps its numbers, or one that was voided. A voided number stays taken."""

    book = models.ForeignKey(NumberBook, on_delete=models.PROTECT, related_name="numbers", db_index=False)
    number = models.PositiveIntegerField("số")
    object_id = models.UUIDField()
    state = models.CharField("tình trạng", max_length=5, choices=NumberState.choices)
    void_reason = models.CharField("lý do hủy", max_length=300, blank=True)
    by = models.UUIDField(null=True)
    by_name = models.CharField("người ghi", max_length=150)

    class Meta:
        verbose_name = "số đã cấp"
        verbose_name_plural = "số đã cấp"
        base_manager_name = "unscoped"
        constraints = [
            # Also the list of a book, newest first.
            models.UniqueConstraint(fields=["book", "number"], name="given_number_once"),
        ]

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "book__facility_id")
