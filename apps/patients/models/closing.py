"""Why nothing more is expected of a person: her death, her leaving the catchment."""

from django.db import models
from django.db.models import Q

from apps.core.scope import Scope, ScopedModel
from apps.patients.models.person import Person, of_visible_person


class ClosingKind(models.TextChoices):
    DEATH = "death", "Đã mất"
    DEPARTURE = "departure", "Đã chuyển đi"
    STATUS = "status", "Tình trạng ghi trong hồ sơ"


class Closing(ScopedModel):
    """One life event that ended what was due. Its id is the event's own: the death, the departure.

    What it closed (due items, appointments) carries that id in `closed_by`, so that its correction opens
    exactly those again. A person may have several that stand at once: she left, and died elsewhere.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="closings", db_index=False)
    kind = models.CharField(max_length=10, choices=ClosingKind.choices)
    on = models.DateField()
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "sự kiện khép việc đến hạn"
        verbose_name_plural = "sự kiện khép việc đến hạn"
        indexes = [
            # Whether something stands in the way of what a record makes a person due for.
            models.Index(
                fields=["person", "-made_at"], name="closing_standing", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_visible_person(scope)
