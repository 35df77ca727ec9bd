"""What a family and its people are entitled to, and how they live: each true from one day to another."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.models import BaseModel, ScopedDatedModel
from apps.core.scope import Scope, ScopedModel
from apps.households.models.homes import Household, Poverty
from apps.households.models.residence import EventState
from apps.patients.models import Person
from apps.patients.models.person import of_visible_person


def _of_household(scope: Scope) -> Q:
    known = Q(household__station_id__in=scope.facility_ids)
    return known if scope.hamlet_ids is None else known & Q(household__hamlet_id__in=scope.hamlet_ids)


class Recorded(BaseModel):
    """Who wrote a row down, and why it was a mistake where it was one. Never deleted."""

    recorded_at = models.DateTimeField("ghi lúc", default=timezone.now, editable=False)
    recorded_by = models.UUIDField("người ghi", null=True, blank=True, editable=False)
    recorded_by_name = models.CharField("tên người ghi", max_length=150, blank=True, editable=False)
    state = models.CharField(
        "trạng thái", max_length=16, choices=EventState.choices, default=EventState.FINAL, editable=False
    )
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True, editable=False)

    class Meta:
        abstract = True


class HouseholdStatus(Recorded, ScopedDatedModel):
    """Poor or near poor, by a decision of the commune, from one day to another; a day without is neither."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="statuses")
    poverty = models.CharField("diện hộ", max_length=9, choices=Poverty.choices[1:])
    document = models.CharField("số quyết định, giấy tờ", max_length=100, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "diện hộ theo thời gian"
        verbose_name_plural = "diện hộ theo thời gian"
        constraints = [
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(valid_to__isnull=True, state="final"),
                name="household_status_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.get_poverty_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return _of_household(scope)


class StatusKind(models.TextChoices):
    MERIT = "merit", "Người có công"
    SOCIAL = "social", "Bảo trợ xã hội"
    DISABILITY = "disability", "Khuyết tật"


# The list of categories of each kind.
CATEGORIES = {
    StatusKind.MERIT: "merit_group",
    StatusKind.SOCIAL: "social_protection",
    StatusKind.DISABILITY: "disability_type",
}
MENTAL = "4"  # of disability_type: told to those alone who may see mental health


class PersonStatus(Recorded, ScopedDatedModel):
    """What a person is entitled to, from one day to another. No two rows of one kind and category overlap:
    the service locks the person and compares, and a merge joins the spans (merging.follow_statuses).
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="statuses")
    kind = models.CharField("diện", max_length=10, choices=StatusKind.choices)
    category = models.CharField("đối tượng, dạng", max_length=4, blank=True)
    degree = models.CharField("mức độ", max_length=2, blank=True)
    document = models.CharField("số quyết định, giấy tờ", max_length=100, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "diện của một người"
        verbose_name_plural = "diện của một người"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "category"],
                condition=Q(valid_to__isnull=True, state="final"),
                name="person_status_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_visible_person(scope)

    @property
    def is_mental(self) -> bool:
        return self.kind == StatusKind.DISABILITY and self.category == MENTAL


class LivingSurvey(Recorded, ScopedModel):
    """How a family was found to live on a day. A later survey stands beside it, never in its place."""

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="surveys", db_index=False)
    on = models.DateField("ngày xem")
    water = models.CharField("nguồn nước ăn uống", max_length=2, blank=True)
    latrine = models.CharField("nhà tiêu", max_length=2, blank=True)
    latrine_hygienic = models.BooleanField("nhà tiêu hợp vệ sinh", null=True, blank=True)
    waste = models.CharField("xử lý rác", max_length=2, blank=True)
    stove = models.CharField("bếp đun", max_length=2, blank=True)
    livestock = models.CharField("nuôi gia súc, gia cầm", max_length=2, blank=True)
    note = models.CharField("ghi chú", max_length=300, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "điều kiện sống"
        verbose_name_plural = "điều kiện sống"
        constraints = [
            # One a day; also the latest of a family, on its page.
            models.UniqueConstraint(
                fields=["household", "on"], condition=Q(state="final"), name="living_survey_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.on)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return _of_household(scope)
