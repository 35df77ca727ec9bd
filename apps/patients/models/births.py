"""A birth as the population book tells it (A0/CTV part III): when, where, the how manieth child."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.patients.models.person import Person, of_visible_person


class BirthPlace(models.TextChoices):
    STATION = "station", "Tại trạm"
    FACILITY = "facility", "Cơ sở y tế khác"
    HOME = "home", "Tại nhà"
    OTHER = "other", "Nơi khác, dọc đường"


class Birth(ScopedModel, BaseModel):
    """One birth, for the child. As it was told; her health record (BirthHistory) may know better later."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="birth")
    born_on = models.DateField("ngày sinh")
    born_time = models.TimeField("giờ sinh", null=True, blank=True)
    place = models.CharField("nơi sinh", max_length=8, choices=BirthPlace.choices)
    place_text = models.CharField("ghi rõ nơi sinh", max_length=200, blank=True)
    order = models.PositiveSmallIntegerField("con thứ mấy", null=True, blank=True)
    twin = models.PositiveSmallIntegerField("bé thứ mấy của lần sinh", default=1)
    twins = models.PositiveSmallIntegerField("số bé của lần sinh", default=1)
    weight_g = models.PositiveSmallIntegerField("cân nặng lúc sinh (g)", null=True, blank=True)
    notice_no = models.CharField("số giấy chứng sinh", max_length=40, blank=True)
    recorded_by = models.UUIDField(null=True, editable=False)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "lần sinh"
        verbose_name_plural = "lần sinh"
        constraints = [
            models.CheckConstraint(
                condition=Q(twin__gte=1) & Q(twin__lte=models.F("twins")), name="birth_twin_of_twins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.born_on:%d/%m/%Y}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_visible_person(scope)
