"""What is known of an installation: the findings of its checks, what a station has done before it begins."""

from django.db import models

from apps.core.models.house import BaseModel


class DoctorFinding(models.Model):
    """What a check of the installation said when it was looked at last."""

    key = models.CharField(max_length=60, primary_key=True)
    state = models.CharField(max_length=4)
    sentence = models.CharField(max_length=500)
    what_to_do = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "kết quả kiểm tra máy chủ"
        verbose_name_plural = "kết quả kiểm tra máy chủ"

    def __str__(self) -> str:
        return self.key


class GoLiveTick(BaseModel):
    """Somebody says that an item of her station's go-live list is done."""

    facility_id = models.UUIDField()
    key = models.CharField(max_length=60)
    done_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    by = models.UUIDField(null=True)
    by_name = models.CharField(max_length=150)

    class Meta:
        verbose_name = "việc chuẩn bị đã xong"
        verbose_name_plural = "việc chuẩn bị đã xong"
        constraints = [models.UniqueConstraint(fields=["facility_id", "key"], name="golive_once")]

    def __str__(self) -> str:
        return self.key
