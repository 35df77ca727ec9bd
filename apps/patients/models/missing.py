"""Somebody nobody knows the whereabouts of, until she is found."""

from django.db import models
from django.db.models import F, Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.patients.models.person import Person, of_visible_person


class MissingReport(ScopedModel, BaseModel):
    """A person was reported missing; `found_on` ends it."""

    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="missing_reports", db_index=False
    )
    since = models.DateField("mất tích từ ngày")
    last_seen = models.CharField("thấy lần cuối ở đâu", max_length=200, blank=True)
    told_by = models.CharField("người báo", max_length=150, blank=True)
    found_on = models.DateField("tìm thấy ngày", null=True, blank=True)
    found_note = models.CharField("tìm thấy thế nào", max_length=300, blank=True)
    recorded_by = models.UUIDField(null=True, editable=False)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "báo mất tích"
        verbose_name_plural = "báo mất tích"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(found_on__isnull=True), name="missing_once"
            ),
            models.CheckConstraint(
                condition=Q(found_on__isnull=True) | Q(found_on__gte=F("since")), name="missing_found_after"
            ),
        ]
        indexes = [
            # Her reports, the latest first.
            models.Index(fields=["person", "-since"], name="missing_person"),
        ]

    def __str__(self) -> str:
        return f"{self.since:%d/%m/%Y}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_visible_person(scope)
