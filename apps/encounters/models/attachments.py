"""Files that belong to a visit: pictures and PDF, kept outside static under random names."""

from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.scope import Scope
from apps.encounters.models.orders import Order
from apps.encounters.models.visit import Visit, VisitPart

ATTACHMENTS = "dinh-kem"  # the folder of the storage


def attachment_storage() -> Storage:
    """The storage that backups and exports read (MEDIA_ROOT); no address of its own leads there."""
    return storages["default"]


def attachment_place(attachment: "Attachment", filename: str) -> str:
    """Where a file is kept: by month, under a random name; the name it came with is not used."""
    return f"{ATTACHMENTS}/{timezone.now():%Y/%m}/{uuid7().hex}"


class Attachment(VisitPart):
    """A picture (encoded anew, without what the camera wrote into it) or a PDF (as it came)."""

    class Type(models.TextChoices):
        JPEG = "image/jpeg", "ảnh JPEG"
        PNG = "image/png", "ảnh PNG"
        PDF = "application/pdf", "PDF"

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="attachments")
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments", db_index=False
    )
    title = models.CharField("tên tài liệu", max_length=200)
    file = models.FileField("tệp", upload_to=attachment_place, storage=attachment_storage, max_length=120)
    type = models.CharField("loại tệp", max_length=20, choices=Type.choices)
    size = models.PositiveIntegerField("số byte")
    sha256 = models.CharField("SHA-256", max_length=64)
    added_by = models.UUIDField("người thêm", null=True, blank=True)
    added_by_name = models.CharField("người thêm", max_length=150)
    state = models.CharField(
        "trạng thái",
        max_length=20,
        choices=[("final", "đúng"), ("entered_in_error", "nhập nhầm")],
        default="final",
    )
    error_reason = models.CharField("lý do nhập nhầm", max_length=300, blank=True)

    class Meta:
        verbose_name = "tệp đính kèm"
        verbose_name_plural = "tệp đính kèm"
        base_manager_name = "unscoped"
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.sha256[:12]

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return super().scope_q(scope) & (Q(order=None) | Q(order__in=Order.visible(scope)))
