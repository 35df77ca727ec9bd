"""The book of backups: one row a run, good or failed."""

from django.db import models

from apps.core.models import BaseModel


class RunState(models.TextChoices):
    RUNNING = "running", "Đang sao lưu"
    GOOD = "good", "Tốt"
    FAILED = "failed", "Không thành"


class BackupRun(BaseModel):
    """One run of the backup. `taken_at` is the moment whose data the copy holds."""

    taken_at = models.DateTimeField("thời điểm số liệu")
    finished_at = models.DateTimeField("xong lúc", null=True)
    state = models.CharField("kết quả", max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    reason = models.CharField("lý do không thành", max_length=500, blank=True)
    by = models.CharField("do", max_length=150)
    file = models.CharField("tệp", max_length=100, blank=True)
    size = models.BigIntegerField("dung lượng", default=0)
    sha256 = models.CharField("mã băm SHA-256", max_length=64, blank=True)
    tables = models.PositiveIntegerField("số bảng", default=0)
    rows = models.BigIntegerField("số dòng", default=0)
    attachments = models.PositiveIntegerField("số tệp đính kèm", default=0)
    copied_to = models.CharField("nơi thứ hai", max_length=300, blank=True)
    copied_at = models.DateTimeField("chép sang nơi thứ hai lúc", null=True)
    copy_reason = models.CharField("lý do không chép được", max_length=500, blank=True)

    class Meta:
        verbose_name = "lần sao lưu"
        verbose_name_plural = "các lần sao lưu"
        indexes = [
            # The page of backups and the panel of the home page: newest first.
            models.Index(fields=["-created_at"], name="backup_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.taken_at:%Y-%m-%d %H:%M}"
