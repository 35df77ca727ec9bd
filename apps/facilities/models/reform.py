"""Stations that are merged or split: the plan, its second person's yes, what each step did; and how a
facility was called before.
"""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel, DatedModel
from apps.facilities.models.facilities import Facility, FacilityKind, Post
from apps.facilities.models.units import AdminUnit, Hamlet


class ReformState(models.TextChoices):
    DRAFT = "draft", "Đang lập"
    ASKED = "asked", "Chờ duyệt"
    SCHEDULED = "scheduled", "Chờ đến ngày"
    RUNNING = "running", "Đang chuyển"
    DONE = "done", "Đã xong"
    UNDOING = "undoing", "Đang hoàn tác"
    UNDONE = "undone", "Đã hoàn tác"
    DROPPED = "dropped", "Đã bỏ"


OVER = (ReformState.UNDONE, ReformState.DROPPED)
CHANGEABLE = (ReformState.DRAFT,)


class Reform(BaseModel):
    """One arrangement of stations from a day on. docs/states.md."""

    on = models.DateField("từ ngày")
    legal_ref = models.CharField("căn cứ", max_length=200)
    title = models.CharField("phương án", max_length=300)
    state = models.CharField(
        "tình trạng", max_length=9, choices=ReformState.choices, default=ReformState.DRAFT
    )
    office = models.ForeignKey(
        Facility, verbose_name="đơn vị lập", on_delete=models.PROTECT, related_name="+"
    )
    made_by = models.UUIDField("người lập", null=True)
    made_by_name = models.CharField("tên người lập", max_length=150)
    approved_by_name = models.CharField("người duyệt", max_length=150, blank=True)
    begun_at = models.DateTimeField("bắt đầu lúc", null=True)
    done_at = models.DateTimeField("xong lúc", null=True)
    problem = models.CharField("vướng mắc", max_length=300, blank=True)

    class Meta:
        verbose_name = "phương án sắp xếp trạm"
        verbose_name_plural = "phương án sắp xếp trạm"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title


class Becomes(models.TextChoices):
    POINT = "point", "Thành điểm trạm"
    CLOSED = "closed", "Đóng cửa, hồ sơ giao trạm mới"
    GOES_ON = "goes_on", "Là trạm mới"


class ReformStation(BaseModel):
    """What becomes of one station: a point of its successor, closed under it, or the successor itself."""

    reform = models.ForeignKey(Reform, on_delete=models.CASCADE, related_name="stations")
    facility = models.ForeignKey(
        Facility, verbose_name="trạm", on_delete=models.PROTECT, related_name="reforms"
    )
    successor = models.ForeignKey(
        Facility, verbose_name="trạm mới", on_delete=models.PROTECT, related_name="reforms_into"
    )
    becomes = models.CharField("sau sắp xếp", max_length=8, choices=Becomes.choices, default=Becomes.POINT)
    name = models.CharField("tên từ ngày đó", max_length=200)
    unit = models.ForeignKey(
        AdminUnit, verbose_name="xã, phường từ ngày đó", on_delete=models.PROTECT, related_name="+"
    )
    was_name = models.CharField("tên trước đó", max_length=200)
    # What the numbers of its own books are marked with as a point; '' where it writes into the successor's.
    book_mark = models.CharField("sổ số", max_length=4, blank=True, db_default="")

    class Meta:
        verbose_name = "trạm trong phương án"
        verbose_name_plural = "trạm trong phương án"
        ordering = ["was_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["reform", "facility"], name="reform_station_once"),
            models.CheckConstraint(
                condition=Q(becomes="goes_on", facility=models.F("successor"))
                | ~Q(becomes="goes_on") & ~Q(facility=models.F("successor")),
                name="reform_station_goes_on",
            ),
        ]

    def __str__(self) -> str:
        return self.was_name


class ReformHamlet(BaseModel):
    """Which station cares for a hamlet from the day on; `heir` is its row in the new commune, once made."""

    reform = models.ForeignKey(Reform, on_delete=models.CASCADE, related_name="hamlets")
    hamlet = models.ForeignKey(Hamlet, verbose_name="thôn, tổ", on_delete=models.PROTECT, related_name="+")
    station = models.ForeignKey(
        Facility, verbose_name="trạm phụ trách", null=True, on_delete=models.PROTECT, related_name="+"
    )
    doubtful = models.BooleanField("cần xem lại", default=False)  # its commune was split
    heir = models.ForeignKey(Hamlet, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "thôn, tổ trong phương án"
        verbose_name_plural = "thôn, tổ trong phương án"
        ordering = ["hamlet__commune__name", "hamlet__sort_order", "hamlet__name", "id"]
        constraints = [models.UniqueConstraint(fields=["reform", "hamlet"], name="reform_hamlet_once")]

    def __str__(self) -> str:
        return str(self.hamlet)


class ReformPost(BaseModel):
    """What becomes of a post at a station that ends. Without a row here it goes on at the point."""

    reform = models.ForeignKey(Reform, on_delete=models.CASCADE, related_name="posts")
    post = models.ForeignKey(Post, verbose_name="vị trí công tác", on_delete=models.PROTECT, related_name="+")
    facility = models.ForeignKey(
        Facility, verbose_name="nơi làm việc mới", null=True, on_delete=models.PROTECT, related_name="+"
    )
    role = models.ForeignKey(
        "accounts.Role", verbose_name="vai trò mới", null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided = models.BooleanField("đã quyết", default=True)

    class Meta:
        verbose_name = "vị trí công tác trong phương án"
        verbose_name_plural = "vị trí công tác trong phương án"
        constraints = [models.UniqueConstraint(fields=["reform", "post"], name="reform_post_once")]

    def __str__(self) -> str:
        return str(self.post)


class ReformStep(BaseModel):
    """How far one step of the checklist is: what it found, what it moved, what is left."""

    reform = models.ForeignKey(Reform, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField("bước", max_length=40)  # a key of registry.succession_steps
    before = models.PositiveIntegerField("trước")
    moved = models.PositiveIntegerField("đã chuyển", default=0)
    left = models.PositiveIntegerField("còn lại", null=True)
    done_at = models.DateTimeField("xong lúc", null=True)

    class Meta:
        verbose_name = "bước sắp xếp trạm"
        verbose_name_plural = "bước sắp xếp trạm"
        constraints = [models.UniqueConstraint(fields=["reform", "key"], name="reform_step_once")]

    def __str__(self) -> str:
        return self.key


class ReformLines(models.Model):
    """What one batch of a step wrote, so that it can be taken back (core/journal.py): ids and dates."""

    step = models.ForeignKey(ReformStep, on_delete=models.CASCADE, related_name="batches")
    lines = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "dòng đã chuyển"
        verbose_name_plural = "dòng đã chuyển"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.pk)


class FacilityPast(DatedModel):
    """What a facility was until a day, as papers of that time name it."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="past")
    reform = models.ForeignKey(
        Reform, verbose_name="phương án", null=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField("tên", max_length=200)
    kind = models.CharField("loại", max_length=20, choices=FacilityKind.choices)
    unit = models.ForeignKey(AdminUnit, verbose_name="địa bàn", on_delete=models.PROTECT, related_name="+")
    part_of = models.ForeignKey(
        Facility, verbose_name="thuộc trạm", null=True, on_delete=models.PROTECT, related_name="+"
    )
    kcb_code = models.CharField("mã cơ sở KCB", max_length=5, blank=True)
    code13 = models.CharField("mã định danh 13 số", max_length=13, blank=True)
    address = models.CharField("địa chỉ", max_length=300, blank=True)
    phone = models.CharField("điện thoại", max_length=20, blank=True)

    class Meta:
        verbose_name = "lai lịch cơ sở"
        verbose_name_plural = "lai lịch cơ sở"
        ordering = ["facility", "valid_to"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "valid_to"], name="facility_past_once"),
            models.CheckConstraint(condition=Q(valid_to__isnull=False), name="facility_past_ended"),
        ]

    def __str__(self) -> str:
        return self.name
