"""A record opened without any relation to its person, because she is in danger and somebody must know."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.patients.models.person import Person


class EmergencyReason(models.TextChoices):
    COMA = "coma", "Cấp cứu, người bệnh không nói được"
    POISON = "poison", "Ngộ độc hoặc phản vệ, cần biết thuốc và dị ứng"
    BIRTH = "birth", "Chuyển dạ, sản phụ ở địa bàn khác"
    CHILD = "child", "Trẻ em không có người nhà đi cùng"
    OUTBREAK = "outbreak", "Điều tra ca bệnh truyền nhiễm khẩn cấp"


class EmergencyAccess(ScopedModel, BaseModel):
    """One account reads one person of elsewhere until that moment, from one station."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    facility = models.ForeignKey("facilities.Facility", on_delete=models.PROTECT, related_name="+")
    user_id = models.UUIDField()
    user_name = models.CharField(max_length=150)
    reason = models.CharField("lý do", max_length=10, choices=EmergencyReason.choices)
    note = models.CharField("ghi thêm", max_length=300)
    until = models.DateTimeField("đến")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "lần mở hồ sơ khẩn cấp"
        verbose_name_plural = "các lần mở hồ sơ khẩn cấp"
        indexes = [
            # What an account has open, with each of its requests; how often it did so today.
            models.Index(fields=["user_id", "until"], name="emergency_user"),
            # What was opened lately: the digest.
            models.Index(fields=["-created_at"], name="emergency_latest"),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return Q(pk__in=())
        # Who did it, and whose person it was.
        return Q(facility_id__in=scope.facility_ids) | Q(person__station_id__in=scope.facility_ids)
