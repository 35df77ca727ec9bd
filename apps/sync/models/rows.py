"""What must go out, what was said to it, and what receivers hold. The states stand in docs/states.md."""

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel, of_facility
from apps.sync.models.receivers import Receiver


class RowState(models.TextChoices):
    PENDING = "pending", "Chờ gửi"
    IN_FLIGHT = "in_flight", "Đang gửi"
    PAUSED = "paused", "Tạm dừng"
    ACCEPTED = "accepted", "Đã tiếp nhận"
    VERIFIED = "verified", "Đã đối chiếu"
    DIFFERS = "differs", "Lệch với nơi nhận"
    REJECTED = "rejected", "Bị từ chối"
    DEAD = "dead", "Gửi không thành"
    BY_HAND = "by_hand", "Gửi tay"
    SUPERSEDED = "superseded", "Đã thay bằng bản mới"


OPEN_STATES = (RowState.PENDING, RowState.IN_FLIGHT, RowState.PAUSED)
SENT_STATES = (RowState.ACCEPTED, RowState.VERIFIED)
STUCK_STATES = (RowState.REJECTED, RowState.DEAD, RowState.DIFFERS)


class Need(models.TextChoices):
    """Who can end a rejection."""

    NONE = "", ""
    FIELD = "field", "Sửa bản ghi"
    DUPLICATE = "duplicate", "Xem người trùng"
    HAND = "hand", "Làm tay ở nơi nhận"
    ADMIN = "admin", "Báo quản trị"


class OutboxRow(ScopedModel, BaseModel):
    """One record on its way to one receiver: ids and the receiver's words; the payload is built when sent.

    `change_no` grows with each change of the record; `sent_change` is what the running attempt has read: when
    they differ at its end, the row waits again. `tries` count towards giving up, `attempts` are all.
    """

    receiver = models.ForeignKey(Receiver, on_delete=models.PROTECT, related_name="rows")
    kind = models.CharField("loại bản ghi", max_length=20)
    aggregate_id = models.UUIDField()
    aggregate_version = models.PositiveIntegerField(null=True)
    person_id = models.UUIDField(null=True)
    facility_id = models.UUIDField()
    state = models.CharField("tình trạng", max_length=12, choices=RowState.choices, default=RowState.PENDING)
    change_no = models.PositiveIntegerField(default=1)
    sent_change = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveSmallIntegerField(default=0)
    in_parts = models.BooleanField(default=False)
    next_at = models.DateTimeField()
    first_failed_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    last_status = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    issues = models.JSONField(default=list)
    need = models.CharField(max_length=10, choices=Need.choices, default=Need.NONE, blank=True)
    # Given in by hand (by_hand.py): when the file was taken and by whom, when it was given in, its receipt.
    hand_at = models.DateTimeField("lấy tệp lúc", null=True)
    hand_by_name = models.CharField("người lấy tệp", max_length=150, blank=True, db_default="")
    hand_on = models.DateField("ngày nộp", null=True)
    hand_receipt = models.CharField("số biên nhận", max_length=60, blank=True, db_default="")

    class Meta:
        verbose_name = "bản ghi chờ gửi"
        verbose_name_plural = "bản ghi chờ gửi"
        constraints = [
            # One row on its way for each record and receiver: later changes coalesce into it.
            models.UniqueConstraint(
                fields=["receiver", "kind", "aggregate_id"],
                condition=Q(state__in=["pending", "in_flight", "paused"]),
                name="outbox_one_open",
            ),
            # Two rows of one person are never in flight at once, whatever the workers do.
            models.UniqueConstraint(
                fields=["receiver", "person_id"], condition=Q(state="in_flight"), name="outbox_one_in_flight"
            ),
        ]
        indexes = [
            # The claim: what is due at a receiver, oldest first.
            models.Index(
                fields=["receiver", "next_at", "id"], name="outbox_claim", condition=Q(state="pending")
            ),
            # The claim's look at what waits before it for the same person; changes of a person.
            models.Index(
                fields=["receiver", "person_id", "id"],
                name="outbox_person",
                condition=Q(state__in=["pending", "in_flight", "paused"]),
            ),
            # Leases that ran out.
            models.Index(fields=["leased_until"], name="outbox_lease", condition=Q(state="in_flight")),
            # The station's page: what waits and what is stuck.
            models.Index(
                fields=["facility_id", "state", "id"],
                name="outbox_facility",
                condition=Q(state__in=["pending", "in_flight", "paused", "rejected", "dead", "differs"]),
            ),
            # What was given in by hand, or is to be.
            models.Index(fields=["facility_id", "id"], name="outbox_by_hand", condition=Q(state="by_hand")),
            # Where a record stands, on its own page.
            models.Index(fields=["kind", "aggregate_id", "id"], name="outbox_aggregate"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.aggregate_id} → {self.receiver_id}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)

    @property
    def request_id(self) -> str:
        return f"{self.pk}-{self.attempts}"


OUTCOME_WORDS = {
    "stored": "Đã tiếp nhận",
    "unchanged": "Không đổi so với bản đã tiếp nhận, không gửi",
    "retry": "Chưa chắc đã nhận, gửi lại sau",
    "limited": "Nơi nhận xin chờ",
    "conflict": "Trùng với bản ghi khác",
    "too_large": "Quá lớn",
    "token": "Mã truy cập bị từ chối",
    "pause": "Nơi nhận tạm dừng",
    "rejected": "Bị từ chối",
    "missing": "Đối chiếu: nơi nhận không còn giữ",
    "changed": "Đối chiếu: nơi nhận giữ bản khác",
    "doubled": "Đối chiếu: nơi nhận giữ nhiều bản",
    "invalid": "Đối chiếu: nơi nhận kiểm tra và trả lại",
}
DIFFERENT = ("missing", "changed", "doubled", "invalid")  # of receivers.base.Found


class SyncAnswer(ScopedModel):
    """What a receiver said to one attempt. `answer` is kept as it came, shortened; shown by right only."""

    row = models.ForeignKey(OutboxRow, on_delete=models.CASCADE, related_name="answers")
    attempt = models.PositiveIntegerField()
    request_id = models.CharField(max_length=60)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=20)
    milliseconds = models.PositiveIntegerField(default=0)
    body_hash = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name = "trả lời của nơi nhận"
        verbose_name_plural = "trả lời của nơi nhận"
        ordering = ["row", "-attempt", "-id"]
        indexes = [models.Index(fields=["at"], name="syncanswer_at")]  # the hours

    def __str__(self) -> str:
        return self.request_id

    @property
    def word(self) -> str:
        """What became of the attempt, in Vietnamese."""
        if self.outcome == "rejected" and self.status is None:  # no receiver has said so
            return "Dừng lại"
        return OUTCOME_WORDS.get(self.outcome, self.outcome)

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope, "row__facility_id")


class Delivery(ScopedModel):
    """What a receiver holds of one record: the last accepted version, its hash, and each resource's place.

    Written before each attempt too: `maybe` are resources of attempts whose end is not known, so that what a
    lost answer has left there can still be withdrawn; `body_hash` is empty while anything is unproven.
    """

    receiver = models.ForeignKey(Receiver, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=20)
    aggregate_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    facility_id = models.UUIDField()
    aggregate_version = models.PositiveIntegerField(null=True)
    body_hash = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(null=True)  # of the last acceptance
    resources = models.JSONField(default=dict)  # {"Condition/<uuid>": {"location": ..., "etag": ...}}
    maybe = models.JSONField(default=list)  # ["Condition/<uuid>"]
    # The later check (verifying.py): when the receiver is to be asked, when it last said what it holds, what
    # that was (receivers.base.Found), and how often the record was sent again for it.
    check_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    found = models.CharField(max_length=10, blank=True, db_default="", default="")
    again = models.PositiveSmallIntegerField(db_default=0, default=0)

    class Meta:
        verbose_name = "bản ghi đã được tiếp nhận"
        verbose_name_plural = "bản ghi đã được tiếp nhận"
        constraints = [
            models.UniqueConstraint(fields=["receiver", "kind", "aggregate_id"], name="delivery_once")
        ]
        indexes = [
            # Whether a changed person is known to a receiver.
            models.Index(fields=["person_id", "receiver"], name="delivery_person"),
            # Whom to ask what it holds; what was accepted on a day.
            models.Index(
                fields=["receiver", "check_at"], name="delivery_check", condition=Q(check_at__isnull=False)
            ),
            models.Index(fields=["receiver", "kind", "at"], name="delivery_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.aggregate_id}"

    @property
    def keys(self) -> frozenset[str]:
        """All that the receiver has of the record, or may have."""
        return frozenset([*self.resources, *self.maybe])

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)
