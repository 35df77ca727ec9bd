"""What was brought into the catalogues: the file in force, a file that waits, how the two differ."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.core.models import BaseModel


class CatalogueState(BaseModel):
    """What is in force of one catalogue file: which content was brought in, when and by whom."""

    class Origin(models.TextChoices):
        SHIPPED = "shipped", "Theo bản phát hành"
        UPLOADED = "uploaded", "Tệp của tỉnh"

    key = models.CharField(max_length=40, unique=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SHIPPED)
    shipped_hash = models.CharField(max_length=64, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField(default=0)
    loaded_at = models.DateTimeField(null=True)
    loaded_by = models.CharField(max_length=150, blank=True)
    # {confidence: rows}, counted as the file was brought in: the list of catalogues costs one query.
    confidences = models.JSONField(default=dict)

    class Meta:
        verbose_name = "lần nạp danh mục"
        verbose_name_plural = "lần nạp danh mục"

    def __str__(self) -> str:
        return self.key


class CatalogueUpload(BaseModel):
    """A file that was compared with what is in force, and waits to be applied (or was)."""

    class State(models.TextChoices):
        COMPARED = "compared", "Chờ áp dụng"
        APPLIED = "applied", "Đã áp dụng"
        DROPPED = "dropped", "Đã bỏ"

    key = models.CharField(max_length=40)
    file_name = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    based_on = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    effective_on = models.DateField("ngừng dùng từ ngày")
    state = models.CharField(max_length=10, choices=State.choices, default=State.COMPARED)
    uploaded_by = models.CharField(max_length=150)
    applied_by = models.CharField(max_length=150, blank=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "tệp danh mục đã so sánh"
        verbose_name_plural = "tệp danh mục đã so sánh"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.key} {self.file_name}"


class CatalogueChange(models.Model):
    """One difference between an uploaded file and what was in force when it was compared."""

    class Kind(models.TextChoices):
        ADDED = "added", "Thêm mới"
        CHANGED = "changed", "Thay đổi"
        WITHDRAWN = "withdrawn", "Ngừng dùng"

    upload = models.ForeignKey(CatalogueUpload, on_delete=models.CASCADE, related_name="changes")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.JSONField(encoder=DjangoJSONEncoder)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "dòng khác nhau"
        verbose_name_plural = "dòng khác nhau"
        constraints = [
            # Also serves the paged list of one upload.
            models.UniqueConstraint(fields=["upload", "position"], name="catalogue_change_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"
