"""Two records that may be one person, and what a merge of two has moved."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.patients.models.person import Person


class PairState(models.TextChoices):
    OPEN = "open", "Chưa xem"
    NOT_SAME = "not_same", "Không phải cùng một người"
    MERGED = "merged", "Đã gộp"


class DuplicatePair(ScopedModel, BaseModel):
    """Two people of one station who may be one; `a` is the record with the smaller id.

    `facts` is a fingerprint of what was compared: once it differs, 'not the same person' is asked again.
    """

    a = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    b = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    station = models.ForeignKey(
        "facilities.Facility",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # pair_worklist begins with it
    )
    score = models.PositiveSmallIntegerField("mức giống nhau")
    reasons = ArrayField(models.CharField(max_length=20), default=list)  # keys of alike.WORDS
    facts = models.CharField(max_length=64)
    state = models.CharField("tình trạng", max_length=8, choices=PairState.choices, default=PairState.OPEN)
    decided_at = models.DateTimeField("lúc quyết định", null=True, blank=True)
    decided_by = models.UUIDField(null=True, blank=True)
    decided_by_name = models.CharField("người quyết định", max_length=150, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "cặp hồ sơ có thể trùng"
        verbose_name_plural = "các cặp hồ sơ có thể trùng"
        constraints = [
            # Also the index by which a pair is found.
            models.UniqueConstraint(fields=["a", "b"], name="pair_once"),
            models.CheckConstraint(condition=Q(a__lt=F("b")), name="pair_in_order"),
        ]
        indexes = [
            # The worklist of a station, likeliest first, paged by key; the number on its home page.
            models.Index(fields=["station", "-score", "id"], name="pair_worklist", condition=Q(state="open")),
        ]

    def __str__(self) -> str:
        return str(self.score)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        # Both people's station: a person who only is treated here stands in no pair.
        here = of_facility(scope, "a__station_id") & of_facility(scope, "b__station_id")
        return of_facility(scope, "station_id") & here


class MergeRecord(ScopedModel, BaseModel):
    """One merge: `old` points to `kept` since; `lines` is the journal of what moved."""

    old = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    station = models.ForeignKey(
        "facilities.Facility", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField("gộp lúc")
    by = models.UUIDField(null=True)
    by_name = models.CharField("người gộp", max_length=150, blank=True)
    reason = models.CharField("lý do", max_length=300, blank=True)
    lines = models.JSONField(default=list)
    undone_at = models.DateTimeField("hoàn tác lúc", null=True, blank=True)
    undone_by = models.UUIDField(null=True, blank=True)
    undone_by_name = models.CharField("người hoàn tác", max_length=150, blank=True)
    undone_reason = models.CharField("lý do hoàn tác", max_length=300, blank=True)
    left = models.JSONField(default=list)  # [[model, id]]: what had changed since and stayed

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "lần gộp hồ sơ"
        verbose_name_plural = "các lần gộp hồ sơ"
        constraints = [
            # Also the index by which a pointer's page finds its merge.
            models.UniqueConstraint(
                fields=["old"], condition=Q(undone_at__isnull=True), name="merge_one_standing"
            ),
            models.CheckConstraint(condition=~Q(old=F("kept")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        # Both people's station as it now is; `station` is where it was done.
        return of_facility(scope, "old__station_id") & of_facility(scope, "kept__station_id")
