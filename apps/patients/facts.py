"""What every clinical fact keeps as of its event, so that counting by residence needs no join and stays
right.
"""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core import ports
from apps.core.scope import Scope, ScopedModel
from apps.facilities import asof
from apps.patients import keys, restricted
from apps.patients.models.identity import InsuranceCard
from apps.patients.models.person import Person, in_hamlets, or_opened


class EntryMode(models.TextChoices):
    DIRECT = "direct", "Nhập trực tiếp"
    BACK_ENTERED = "back_entered", "Nhập bù từ giấy"
    IMPORTED = "imported", "Nhập từ tệp"
    SYNCED = "synced", "Nhận từ hệ thống khác"


class ClinicalFact(ScopedModel):
    """Mixin of what happened to a person at a facility. Combine with BaseModel."""

    # No key below has an index of its own: each would be written with every fact and serve no screen. What a
    # room looks up stands in its model's own indexes, of several columns, beginning with person or facility.
    person = models.ForeignKey(
        Person, verbose_name="người", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    facility = models.ForeignKey(
        "facilities.Facility",
        verbose_name="cơ sở",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    point = models.ForeignKey(
        "facilities.Facility",
        verbose_name="điểm trạm",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    performer = models.ForeignKey(
        "facilities.Practitioner",
        verbose_name="người thực hiện",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    performer_text = models.CharField("người thực hiện (ghi tay)", max_length=120, blank=True)
    occurred_at = models.DateTimeField("lúc")
    recorded_at = models.DateTimeField("ghi lúc", default=timezone.now)
    recorded_by = models.UUIDField("người ghi", null=True, blank=True)
    entry_mode = models.CharField(
        "cách nhập", max_length=12, choices=EntryMode.choices, default=EntryMode.DIRECT
    )
    # As of the event:
    hamlet = models.ForeignKey(
        "facilities.Hamlet",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    commune = models.ForeignKey(
        "facilities.AdminUnit",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    ethnicity = models.CharField(max_length=3, blank=True)
    occupation = models.CharField(max_length=5, blank=True)
    poverty = models.CharField(max_length=9, blank=True)
    payer = models.CharField("đối tượng chi trả", max_length=10, blank=True)
    age_days = models.PositiveIntegerField("tuổi theo ngày", null=True, blank=True)
    # By its codes (patients/restricted.py): read by right, and by who wrote it.
    restricted = models.BooleanField(default=False, editable=False)

    class Meta(ScopedModel.Meta):
        abstract = True

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope) & restricted.readable(scope, None)
        # The catchment's people wherever they were seen, and whoever was seen here.
        here = Q(facility_id__in=scope.facility_ids) | Q(person__station_id__in=scope.facility_ids)
        wrote = Q(recorded_by__in=[scope.user_id]) | Q(performer__in=[scope.practitioner_id])
        own = None if scope.program else wrote
        emergency = Q(person_id__in=scope.opened, restricted=False)
        return or_opened(here & restricted.readable(scope, own), scope, emergency)


def snapshot(person: Person, at: dt.datetime) -> dict[str, Any]:
    """hamlet_id, commune_id, ethnicity, occupation, poverty, payer, age_days of `person` at that moment.

    Raises Refused for a record that was merged into another: nothing new happens to a pointer.

    The hamlet is the row of that day: entered late, what happened before a reform is of the former commune.
    `payer` is 'bhyt' when a card is good on that day, else ''. At most three queries: the hamlet (none
    when it is loaded), the household, the card.
    """
    keys.refuse_pointer(person)
    on = timezone.localtime(at).date()
    hamlet = asof.hamlet_on(person.hamlet, on) if person.hamlet else None
    households = ports.get(ports.HouseholdOf)
    household = households.of([person.pk], on).get(person.pk) if households else None
    insured = InsuranceCard.unscoped.filter(  # the person's own card: whoever may write the fact may know it
        Q(valid_from__isnull=True) | Q(valid_from__lte=on),
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        person=person,
    ).exists()
    return {
        "hamlet_id": hamlet.pk if hamlet else None,
        "commune_id": hamlet.commune_id if hamlet else None,
        "ethnicity": person.ethnicity,
        "occupation": person.occupation,
        "poverty": household.poverty if household else "",
        "payer": "bhyt" if insured else "",
        "age_days": person.age_days(on),
    }
