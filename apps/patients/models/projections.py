"""What other rooms tell about a person: written in their records' transactions, rebuilt from them."""

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7
from apps.core.scope import Scope, ScopedModel
from apps.patients.models.person import Person, in_hamlets, or_opened
from apps.patients.restricted import readable


class TimelineEntry(ScopedModel):
    """One line of a person's life with the station, from any room. One row a record (`kind`, `object_id`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Found by timeline_person.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="timeline", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=300)
    object_id = models.UUIDField()
    facility = models.ForeignKey(
        "facilities.Facility", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    restricted = models.BooleanField(default=False)
    state = models.CharField(max_length=20, default="done")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "dòng thời gian"
        verbose_name_plural = "dòng thời gian"
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="timeline_once")]
        indexes = [
            # The person's page, newest first, paged by key.
            models.Index(fields=["person", "-at", "-id"], name="timeline_person"),
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope) & readable(scope)
        # A station that treats somebody from elsewhere sees what it did itself.
        here = Q(person__station_id__in=scope.facility_ids) | Q(facility_id__in=scope.facility_ids)
        emergency = Q(person_id__in=scope.opened, restricted=False)
        return or_opened(here & readable(scope), scope, emergency)


class DueState(models.TextChoices):
    OPEN = "open", "Chưa làm"
    DONE = "done", "Đã làm"
    DROPPED = "dropped", "Thôi"


class DueItem(ScopedModel):
    """Something a person is due for. One row a record and part (`kind`, `object_id`, `part`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Found by due_person.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="due_items", db_index=False)
    kind = models.CharField(max_length=60)
    part = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=200)
    due_on = models.DateField()
    overdue_on = models.DateField(null=True)
    closes_on = models.DateField(null=True)
    restricted = models.BooleanField(default=False)
    object_id = models.UUIDField()
    state = models.CharField(max_length=8, choices=DueState.choices, default=DueState.OPEN)
    # The life event that dropped it (models/closing.py); empty when it was dropped for its own reason.
    closed_by = models.UUIDField(null=True, blank=True, editable=False)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "việc đến hạn"
        verbose_name_plural = "việc đến hạn"
        constraints = [models.UniqueConstraint(fields=["kind", "object_id", "part"], name="due_once")]
        indexes = [
            # What a person, or a whole family in one query, is due for.
            models.Index(fields=["person", "due_on"], name="due_person", condition=Q(state="open")),
            # What the correction of a death or departure opens again.
            models.Index(
                fields=["person", "closed_by"], name="due_closed", condition=Q(closed_by__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope) & readable(scope)
        # Of somebody from elsewhere a treating station is told what it did itself, on her timeline.
        return Q(person__station_id__in=scope.facility_ids) & readable(scope)


class TreatingAccess(models.Model):
    """A facility may see a person from outside its catchment, until that day, because it treats her."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="treated_at")
    facility = models.ForeignKey("facilities.Facility", on_delete=models.CASCADE, related_name="+")
    until = models.DateField()

    class Meta:
        verbose_name = "quyền xem khi điều trị"
        verbose_name_plural = "quyền xem khi điều trị"
        constraints = [models.UniqueConstraint(fields=["person", "facility"], name="treating_once")]
        indexes = [
            # Every scoped query of a facility that treats people from elsewhere.
            models.Index(fields=["facility", "until"], name="treating_facility"),
        ]

    def __str__(self) -> str:
        return str(self.until)
