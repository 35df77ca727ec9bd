"""Families as the station knows them, and who belongs to which from when to when."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel, ScopedDatedModel
from apps.core.scope import Scope, ScopedModel
from apps.patients.models import Person

HEAD = "00"  # code of 'Chủ hộ' in the list relationship_to_head


class Poverty(models.TextChoices):
    NONE = "", "Không thuộc diện"
    POOR = "poor", "Hộ nghèo"
    NEAR_POOR = "near_poor", "Hộ cận nghèo"


class Closed(models.TextChoices):
    """Why nobody lives under a household's number any more."""

    OPEN = "", "Đang ở"
    MERGED = "merged", "Đã nhập vào hộ khác"
    DEPARTED = "departed", "Cả hộ đã chuyển đi"
    EMPTY = "empty", "Không còn ai ở"
    ERROR = "error", "Lập nhầm"


class Household(ScopedModel, BaseModel):
    """A family at an address. `sort_key` is its head's, kept so that lists page in the order of names."""

    heads: list["Membership"]  # where a query has prefetched them

    code = models.CharField("mã hộ", max_length=12)
    hamlet = models.ForeignKey(
        "facilities.Hamlet",
        verbose_name="thôn, tổ",
        on_delete=models.PROTECT,
        related_name="households",
        db_index=False,  # household_hamlet_sort begins with it
    )
    address_text = models.CharField("số nhà, đường", max_length=200, blank=True)
    station = models.ForeignKey(
        "facilities.Facility",
        verbose_name="trạm phụ trách",
        on_delete=models.PROTECT,
        related_name="households",
        db_index=False,  # household_station_sort begins with it
    )
    poverty = models.CharField("diện hộ", max_length=9, choices=Poverty.choices, blank=True)
    # Given by the social insurance (identifiers: ho_gia_dinh): ten figures, of one open household at a time.
    bhxh_code = models.CharField("mã hộ gia đình (BHXH)", max_length=10, blank=True, db_default="")
    note = models.TextField("ghi chú", blank=True, max_length=1000)
    # What it was called at stations that have become points of this one.
    former_codes = ArrayField(
        models.CharField(max_length=12),
        verbose_name="mã hộ ở trạm cũ",
        default=list,
        blank=True,
        editable=False,
    )
    sort_key = models.CharField(max_length=500, editable=False, default="", db_collation="C")
    closed = models.CharField(
        "tình trạng hộ", max_length=8, choices=Closed.choices, blank=True, db_default="", editable=False
    )
    closed_on = models.DateField("hộ thôi từ ngày", null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        verbose_name="đã nhập vào hộ",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged_from",
        db_index=False,
    )

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "hộ gia đình"
        verbose_name_plural = "hộ gia đình"
        constraints = [
            models.UniqueConstraint(fields=["station", "code"], name="household_code_once"),
            # Also the search box: ten figures of a family's insurance paper.
            models.UniqueConstraint(
                fields=["bhxh_code"], condition=~Q(bhxh_code="") & Q(closed=""), name="household_bhxh_once"
            ),
        ]
        indexes = [
            # The list of a station, and of one hamlet, in the order of the heads' names.
            models.Index(fields=["station", "sort_key", "id"], name="household_station_sort"),
            models.Index(fields=["hamlet", "sort_key", "id"], name="household_hamlet_sort"),
            # The search box: a code out of an old booklet.
            GinIndex(fields=["former_codes"], name="household_former_codes"),
        ]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        known = Q(station_id__in=scope.facility_ids)
        return known if scope.hamlet_ids is None else known & Q(hamlet_id__in=scope.hamlet_ids)


class Membership(ScopedDatedModel):
    """A person in a household, as what, from when to when. One open membership a person."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    relation = models.CharField("quan hệ với chủ hộ", max_length=2, blank=True)
    is_head = models.BooleanField("là chủ hộ", default=False)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "thành viên hộ"
        verbose_name_plural = "thành viên hộ"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(valid_to__isnull=True), name="membership_one_open"
            ),
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(valid_to__isnull=True, is_head=True),
                name="membership_one_head",
            ),
        ]
        indexes = [
            # The members of a family now.
            models.Index(
                fields=["household"], name="membership_household", condition=Q(valid_to__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.relation

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        known = Q(household__station_id__in=scope.facility_ids)
        if scope.hamlet_ids is None:
            return known
        # Neither a family of another hamlet, nor of one's own whoever has gone to live in another.
        theirs = Q(household__hamlet_id__in=scope.hamlet_ids, person__hamlet_id__in=scope.hamlet_ids)
        return known & theirs
