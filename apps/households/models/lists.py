"""A list of people between the day it is sent and the day it is forgotten: the batch, its rows, what a
station's headings stand for.
"""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility


class ImportState(models.TextChoices):
    MAPPING = "mapping", "Chờ chọn cột"
    CHECKING = "checking", "Đang kiểm tra"
    REFUSED = "refused", "Không đọc được tệp"
    CHECKED = "checked", "Đã xem trước"
    RUNNING = "running", "Đang nhập"
    DONE = "done", "Đã nhập"
    EXPIRED = "expired", "Đã xóa vì để lâu chưa nhập"


class ImportBatch(ScopedModel, BaseModel):
    """A list of people that somebody sent. `content` is the file until its rows are read; docs/states.md."""

    station = models.ForeignKey("facilities.Facility", on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField("tệp", max_length=200)
    sent_by = models.UUIDField(null=True)
    content = models.BinaryField(null=True)
    head_at = models.PositiveIntegerField(default=1)  # the line of the file that holds the headings
    headings = models.JSONField(default=list)  # as they stand in the file; '' for a column without one
    columns = models.JSONField(default=dict)  # key of sheet.COLUMNS -> place of its column
    data_on = models.DateField(
        "tệp lập ngày", null=True
    )  # communes are named as they were called on that day
    counts = models.JSONField(default=dict)
    refusal = models.CharField("lý do không đọc được", max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.MAPPING)
    judged_at = models.DateTimeField(null=True)
    job = models.ForeignKey("core.Job", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "lượt nhập danh sách"
        verbose_name_plural = "lượt nhập danh sách"

    def __str__(self) -> str:
        return self.get_state_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "station_id")


class RowState(models.TextChoices):
    READ = "read", "Chưa xem"
    NEW = "new", "Thêm mới"
    CHANGED = "changed", "Thay đổi"
    UNCHANGED = "same", "Giữ nguyên"
    DOUBTFUL = "doubtful", "Có thể trùng"
    REJECTED = "rejected", "Không nhận"


class RowChoice(models.TextChoices):
    NONE = "", "Chưa chọn"
    SAME = "same", "Cùng một người: cập nhật"
    NEW = "new", "Người khác: thêm mới"
    SKIP = "skip", "Bỏ qua dòng này"


class RowOutcome(models.TextChoices):
    NONE = "", "Chưa ghi"
    WRITTEN = "written", "Đã ghi"
    FAILED = "failed", "Không ghi được"


class ImportRow(ScopedModel, models.Model):
    """One line of a list: its cells as they came, what became of it. `outcome` is set in the transaction that
    writes the line's family: it is the mark by which a broken run goes on.
    """

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows", db_index=False)
    place = models.PositiveIntegerField("dòng")
    cells = ArrayField(models.TextField(), default=list)
    state = models.CharField(max_length=9, choices=RowState.choices, default=RowState.READ)
    reasons = ArrayField(models.TextField(), default=list)
    notes = ArrayField(models.TextField(), default=list)
    changes = ArrayField(models.TextField(), default=list)  # what would change, in words
    person_id = models.UUIDField(null=True)
    candidates = models.JSONField(default=list, encoder=DjangoJSONEncoder)  # [[person, score, why]]
    choice = models.CharField(max_length=4, choices=RowChoice.choices, blank=True)
    group = models.PositiveIntegerField(default=0)  # the place of the family's first line
    household_id = models.UUIDField(null=True)
    joins = models.BooleanField(default=False)
    parents = models.JSONField(default=dict)  # {'mother': place of a line | id of a person}
    parents_left = models.BooleanField(default=False)
    outcome = models.CharField(max_length=7, choices=RowOutcome.choices, blank=True)

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "dòng của danh sách nhập"
        verbose_name_plural = "dòng của danh sách nhập"
        constraints = [models.UniqueConstraint(fields=["batch", "place"], name="import_row_once")]
        indexes = [
            # The review by class, in the order of the file.
            models.Index(fields=["batch", "state", "place"], name="import_row_review"),
            # What is still to be written, family by family.
            models.Index(fields=["batch", "group", "place"], name="import_row_left", condition=Q(outcome="")),
        ]

    def __str__(self) -> str:
        return str(self.place)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "batch__station_id")


class ImportHeading(ScopedModel, models.Model):
    """What a heading of earlier systems stands for at a station, once somebody has said it by hand."""

    station = models.ForeignKey("facilities.Facility", on_delete=models.CASCADE, related_name="+")
    heading = models.CharField("tiêu đề", max_length=200)  # folded
    column = models.CharField("cột", max_length=30, blank=True)  # '' when it is left out

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "tiêu đề đã biết"
        verbose_name_plural = "tiêu đề đã biết"
        constraints = [
            models.UniqueConstraint(fields=["station", "heading"], name="import_heading_once"),
        ]

    def __str__(self) -> str:
        return self.heading

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "station_id")
