"""What a look-up of an insurance card said when somebody was received."""

from django.db import models
from django.utils import timezone

from apps.encounters.models.visit import VisitPart
from apps.patients.models import InsuranceCard


class CheckWay(models.TextChoices):
    GATEWAY = "gateway", "cổng tiếp nhận trả lời"
    TYPED = "typed", "tra ở nơi khác, ghi tay"


class CardCheck(VisitPart):
    """One look-up. `code` is the gateway's result code, of the list bhyt_lookup_result on that day."""

    visit = models.ForeignKey("encounters.Visit", on_delete=models.CASCADE, related_name="card_checks")
    card = models.ForeignKey(
        InsuranceCard, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    code = models.CharField("mã kết quả", max_length=3)
    way = models.CharField("cách tra", max_length=8, choices=CheckWay.choices, default=CheckWay.TYPED)
    at = models.DateTimeField("tra lúc", default=timezone.now)
    by = models.UUIDField("người tra", null=True)
    by_name = models.CharField("tên người tra", max_length=150, blank=True)

    class Meta(VisitPart.Meta):
        abstract = False
        verbose_name = "lần tra thẻ BHYT"
        verbose_name_plural = "lần tra thẻ BHYT"
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.code
