"""The ground: what every record has, and the house's own books (audit, reads, forms, jobs, papers)."""

import datetime as dt
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.scope import ScopedManager, ScopedModel


class BaseModel(models.Model):
    """A record that can travel: its identity is made where it is made and stays the same elsewhere."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class DatedQuerySet(models.QuerySet[Any]):
    def on(self, date: dt.date) -> Self:
        """The rows in force on `date`."""
        return self.filter(
            models.Q(valid_from__isnull=True) | models.Q(valid_from__lte=date),
            models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=date),
        )


class DatedModel(BaseModel):
    """A row that is true from one day to another. Both ends are inclusive; an empty end is open."""

    valid_from = models.DateField("từ ngày", null=True, blank=True)
    valid_to = models.DateField("đến ngày", null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def in_force(self, on: dt.date) -> bool:
        """Whether this row is true on that day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )


class ScopedDatedModel(ScopedModel, DatedModel):
    """A dated row that tells something about a person."""

    # Both parents name their manager; here it is the scoped one, over dated rows.
    objects = ScopedManager.from_queryset(DatedQuerySet)()  # type: ignore[misc,assignment]

    class Meta:
        abstract = True
        base_manager_name = "unscoped"


class Parameter(DatedModel):
    """A threshold, age bound or deadline that may change by law; read with the record's date."""

    key = models.CharField("khóa", max_length=100)
    value = models.JSONField("giá trị")
    unit = models.CharField("đơn vị", max_length=40, blank=True)
    source = models.CharField("căn cứ", max_length=300)
    confidence = models.CharField("độ tin cậy", max_length=20, default="project")

    class Meta:
        verbose_name = "tham số"
        verbose_name_plural = "tham số"
        ordering = ["key", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["key", "valid_from"], name="parameter_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return self.key


def _next(sequence: str) -> models.Func:
    return models.Func(models.Value(sequence), function="nextval", output_field=models.BigIntegerField())


class AuditEntry(models.Model):
    """One act that changed something. Append-only: a trigger refuses update, delete and truncate."""

    # The order of writing, given by the database: what a nightly seal covers does not hang on a clock.
    seq = models.BigIntegerField(db_default=_next("core_auditentry_seq"), editable=False)
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    action = models.CharField(max_length=80)
    user_id = models.UUIDField(null=True)
    username = models.CharField(max_length=150)
    workplace_id = models.UUIDField(null=True)
    facility_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    object_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "nhật ký thao tác"
        verbose_name_plural = "nhật ký thao tác"
        indexes = [
            # 'What happened to this person', newest first.
            models.Index(fields=["person_id", "-at"], name="audit_person"),
            # 'What happened to this record', for its page.
            models.Index(fields=["object_id", "-at"], name="audit_object"),
            # The auditor's page by facility and time.
            models.Index(fields=["facility_id", "-at"], name="audit_facility"),
            # The same page of everything, of one account, of one kind of act.
            models.Index(fields=["-at"], name="audit_at"),
            models.Index(fields=["user_id", "-at"], name="audit_user"),
            models.Index(fields=["action", "-at"], name="audit_action"),
            # The rows of one seal: they lie together, so a few kilobytes are enough.
            BrinIndex(fields=["seq"], name="audit_seq", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M:%S}"


class ReadEntry(models.Model):
    """One look at people: a page, a print, an export, a search. Append-only; holds no names and no text."""

    seq = models.BigIntegerField(db_default=_next("core_readentry_seq"), editable=False)
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    screen = models.CharField(max_length=60)
    user_id = models.UUIDField(null=True)
    username = models.CharField(max_length=150)
    workplace_id = models.UUIDField(null=True)
    person_ids = ArrayField(models.UUIDField(), default=list)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "nhật ký xem"
        verbose_name_plural = "nhật ký xem"
        indexes = [
            # The auditor's page by user and time.
            models.Index(fields=["user_id", "-at"], name="read_user"),
            # The same page of everything, of one workplace, of one screen.
            models.Index(fields=["-at"], name="read_at"),
            models.Index(fields=["workplace_id", "-at"], name="read_workplace"),
            models.Index(fields=["screen", "-at"], name="read_screen"),
            # 'Who has looked at this person'.
            GinIndex(fields=["person_ids"], name="read_person"),
            # The rows of one seal.
            BrinIndex(fields=["seq"], name="read_seq", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.screen} {self.at:%Y-%m-%d %H:%M:%S}"


class SealKind(models.TextChoices):
    SEALED = "sealed", "Niêm phong"
    REMOVED = "removed", "Xóa sau thời hạn lưu"


class LogSeal(models.Model):
    """One link of the chain over the audit or the read log; see core/seals.py. Append-only as well."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    log = models.CharField(max_length=10)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=SealKind.choices)
    from_seq = models.BigIntegerField()
    to_seq = models.BigIntegerField()
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    form = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    marks = models.BinaryField(default=bytes)
    sealed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "niêm phong nhật ký"
        verbose_name_plural = "niêm phong nhật ký"
        ordering = ["log", "number"]
        constraints = [models.UniqueConstraint(fields=["log", "number"], name="log_seal_once")]

    def __str__(self) -> str:
        return f"{self.log} {self.number}"


class RateCount(models.Model):
    """How often somebody tried something in the present window (core/rates.py). Unlogged: lost in a crash."""

    key = models.CharField(primary_key=True, max_length=120)
    span = models.BigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = "số lần thử"
        verbose_name_plural = "số lần thử"

    def __str__(self) -> str:
        return self.key


class SubmittedForm(models.Model):
    """A form post that went through: its repeat gets the same answer instead of a second record."""

    key = models.UUIDField(primary_key=True)
    user_id = models.UUIDField()
    path = models.CharField(max_length=300)
    location = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "biểu mẫu đã gửi"
        verbose_name_plural = "biểu mẫu đã gửi"
        indexes = [
            # The nightly clearing of old keys.
            models.Index(fields=["at"], name="submitted_at"),
        ]

    def __str__(self) -> str:
        return str(self.key)


class JobState(models.TextChoices):
    WAITING = "waiting", "Đang chờ"
    RUNNING = "running", "Đang chạy"
    DONE = "done", "Đã xong"
    FAILED = "failed", "Không xong"


class Job(BaseModel):
    """Long work that goes on by itself. `args` holds ids and options, never personal data."""

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    args = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    scope = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    owner_id = models.UUIDField(null=True)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "việc chạy nền"
        verbose_name_plural = "việc chạy nền"
        indexes = [
            # The worker's claim: oldest waiting job, or one whose worker died.
            models.Index(
                fields=["created_at"], name="job_claim", condition=models.Q(state__in=["waiting", "running"])
            ),
        ]

    def __str__(self) -> str:
        return self.title


class NightlyRun(models.Model):
    """One piece of the night's work on one day: one row, so that it is done once."""

    class State(models.TextChoices):
        RUNNING = "running", "Đang chạy"
        DONE = "done", "Đã xong"
        FAILED = "failed", "Không xong"

    key = models.CharField(max_length=60)
    on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    tries = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "việc ban đêm"
        verbose_name_plural = "việc ban đêm"
        constraints = [models.UniqueConstraint(fields=["key", "on"], name="nightly_once_a_day")]

    def __str__(self) -> str:
        return f"{self.key} {self.on}"


class ChangeState(models.TextChoices):
    WAITING = "waiting", "Chờ người thứ hai duyệt"
    APPROVED = "approved", "Đã duyệt"
    REFUSED = "refused", "Không duyệt"
    WITHDRAWN = "withdrawn", "Đã rút"
    USED = "used", "Đã duyệt và đã dùng"


class PendingChange(BaseModel):
    """What one account asked for and another has to approve. `title` and `lines` are what the second reads:
    staff, places and settings, never a patient.
    """

    kind = models.CharField(max_length=60)
    object_id = models.UUIDField()
    facility_id = models.UUIDField(null=True)
    title = models.CharField(max_length=300)
    lines = models.JSONField(default=list, encoder=DjangoJSONEncoder)  # [[label, before, after]]
    args = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.WAITING)
    asked_by = models.UUIDField()
    asked_by_name = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "việc chờ duyệt"
        verbose_name_plural = "việc chờ duyệt"
        constraints = [
            # A second wish for the same thing takes the place of the first.
            models.UniqueConstraint(
                fields=["kind", "object_id", "asked_by"],
                condition=models.Q(state="waiting"),
                name="change_one_waiting",
            )
        ]
        indexes = [
            # What waits for a second person.
            models.Index(fields=["created_at"], name="change_waiting", condition=models.Q(state="waiting")),
            # What was asked for and decided about one thing.
            models.Index(fields=["object_id", "kind"], name="change_object"),
        ]

    def __str__(self) -> str:
        return self.title


class PaperCode(BaseModel):
    """The random code printed as a QR on a paper; one scan opens the record. Never the record's own id."""

    code = models.CharField(max_length=22, unique=True)
    kind = models.CharField(max_length=60)
    object_id = models.UUIDField()
    copies = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "mã trên giấy"
        verbose_name_plural = "mã trên giấy"
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="paper_code_once")]

    def __str__(self) -> str:
        return self.kind
