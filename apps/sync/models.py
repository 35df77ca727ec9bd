"""What must go out, to whom, and what was said to it. The states stand in docs/states.md."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel, DatedModel
from apps.core.scope import Scope, ScopedModel, of_facility

BREAKER_AT = 5  # transport failures in a row after which a receiver rests


TOKEN_NAME = RegexValidator(r"^TRAMYTE_RECEIVER_[A-Z0-9_]+$", "Tên biến bắt đầu bằng TRAMYTE_RECEIVER_.")


class ReceiverKind(models.TextChoices):
    FHIR = "fhir", "FHIR R4 (gói giao dịch)"
    QD831 = "qd831", "Hồ sơ sức khỏe XML (QĐ 831)"
    VACCINATION = "vaccination", "Hệ thống tiêm chủng quốc gia"
    EPRESCRIPTION = "eprescription", "Đơn thuốc điện tử quốc gia"
    CHECK_UP = "check_up", "Khám sức khỏe (trục dữ liệu Bộ Y tế)"


class Receiver(BaseModel):
    """A warehouse or platform that takes our records. Its secret stands in the environment, never here."""

    code = models.SlugField("mã", max_length=40, unique=True)
    name = models.CharField("tên nơi nhận", max_length=200)
    kind = models.CharField(
        "cách gửi", max_length=20, choices=ReceiverKind.choices, default=ReceiverKind.FHIR
    )
    base_url = models.CharField("địa chỉ", max_length=300, help_text="https://..., không có dấu / ở cuối.")
    is_on = models.BooleanField(
        "đang bật", default=False, help_text="Tắt: bản ghi vẫn xếp hàng chờ, không có gì bị bỏ."
    )
    token_key = models.CharField(
        "tên biến chứa mã truy cập",
        max_length=80,
        blank=True,
        validators=[TOKEN_NAME],
        help_text="Tên biến môi trường, không phải chính mã truy cập.",
    )
    allow_private = models.BooleanField(
        "cho phép địa chỉ nội bộ", default=False, help_text="Chỉ khi nơi nhận nằm trong mạng riêng của tỉnh."
    )
    settings = models.JSONField(
        "thiết lập",
        default=dict,
        blank=True,
        help_text="Ghi dạng JSON. "
        "FHIR: {guide, systems, mastered, match_patient, provenance, notes, verify}. "
        "QĐ 831: {actions} (bắt buộc: nơi nhận gọi bản mới, bản sửa, bản rút lại là gì), {paths, answers, "
        "elements, transaction, sender, match_patient, match_visit, notes, empty}. "
        "Đơn thuốc quốc gia: {account, paths, answers, elements, sexes, births, treatment, follow_up, "
        "weight_months, guardian_months, sign, empty}. "
        "Khám sức khỏe: {header, sign} (bắt buộc), {signed, sender, paths, answers, elements, sexes, births, "
        "empty}. "
        "Mọi cách gửi: {token, mapped, certificate, limits}. "
        "Ý nghĩa từng mục ở tài liệu kỹ thuật về nơi nhận; trang của nơi nhận đọc lại bằng lời.",
    )
    # What happened to it lately. `paused_at`: only a person ends it. `hold_until`: ends by itself.
    paused_at = models.DateTimeField("tạm dừng từ", null=True, editable=False)
    pause_reason = models.CharField("lý do tạm dừng", max_length=300, blank=True, editable=False)
    failures = models.PositiveIntegerField("lỗi đường truyền liên tiếp", default=0, editable=False)
    hold_until = models.DateTimeField("nghỉ đến", null=True, editable=False)
    paced_until = models.DateTimeField("hạn mức đã dùng đến", null=True, editable=False)
    counted_at = models.DateTimeField("đếm lúc", null=True, editable=False)  # its SyncHour rows
    last_accepted_at = models.DateTimeField("tiếp nhận gần nhất", null=True, editable=False)
    # Seconds that its clock was ahead of ours in its last answer (the Date header).
    clock_offset = models.IntegerField("lệch giờ", null=True, editable=False)

    class Meta:
        verbose_name = "nơi nhận"
        verbose_name_plural = "nơi nhận"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def breaker_open(self) -> bool:
        return self.failures >= BREAKER_AT


class CodeMap(DatedModel):
    """What a receiver calls one of our codes, from a day to a day."""

    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE, related_name="codes")
    kind = models.CharField("loại mã", max_length=20)
    local = models.CharField("mã của trạm", max_length=60)
    remote = models.CharField("mã của nơi nhận", max_length=60)

    class Meta:
        verbose_name = "mã ở nơi nhận"
        verbose_name_plural = "mã ở nơi nhận"
        constraints = [
            models.UniqueConstraint(
                fields=["receiver", "kind", "local"],
                condition=Q(valid_to__isnull=True),
                name="codemap_one_open",
                violation_error_message="Mã này đang có một mã tương ứng còn hiệu lực.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.local} → {self.remote}"


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


class Comparison(BaseModel):
    """What a receiver holds of one kind of records that it accepted on one day, against what we hold of them.

    The two sums are over all records, in any order: equal only where each record is the same (comparing.py).
    """

    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE, related_name="comparisons")
    on = models.DateField("ngày tiếp nhận")
    kind = models.CharField("loại bản ghi", max_length=20)
    asked_at = models.DateTimeField("bắt đầu lúc")
    finished_at = models.DateTimeField("xong lúc", null=True)
    ours = models.PositiveIntegerField("ở đây", default=0)
    theirs = models.PositiveIntegerField("ở nơi nhận", default=0)
    missing = models.PositiveIntegerField("nơi nhận không còn", default=0)
    changed = models.PositiveIntegerField("nơi nhận giữ bản khác", default=0)
    unanswered = models.PositiveIntegerField("chưa trả lời", default=0)
    our_sum = models.CharField("mã kiểm ở đây", max_length=64, default="")
    their_sum = models.CharField("mã kiểm ở nơi nhận", max_length=64, default="")

    class Meta:
        verbose_name = "đối chiếu với nơi nhận"
        verbose_name_plural = "đối chiếu với nơi nhận"
        ordering = ["-on", "kind", "id"]
        constraints = [
            models.UniqueConstraint(fields=["receiver", "on", "kind"], name="comparison_once_a_day")
        ]
        indexes = [
            # Those that are not finished.
            models.Index(fields=["asked_at"], name="comparison_open", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on:%d/%m/%Y}"

    @property
    def equal(self) -> bool:
        same = self.ours == self.theirs and self.our_sum == self.their_sum
        return same and not self.unanswered


class CatalogueSource(BaseModel):
    """Where a newer edition of a catalogue is looked for. What is found is proposed, never applied."""

    table = models.CharField("danh mục", max_length=40, unique=True)  # a key of catalogues.shipped.TABLES
    url = models.CharField("địa chỉ tệp", max_length=300, help_text="https://..., tệp .csv hoặc .xlsx.")
    is_on = models.BooleanField("đang bật", default=False, help_text="Bật: mỗi đêm hỏi một lần.")
    token_key = models.CharField(
        "tên biến chứa mã truy cập",
        max_length=80,
        blank=True,
        validators=[TOKEN_NAME],
        help_text="Tên biến môi trường, không phải chính mã truy cập.",
    )
    allow_private = models.BooleanField(
        "cho phép địa chỉ nội bộ", default=False, help_text="Chỉ khi nơi cấp nằm trong mạng riêng của tỉnh."
    )
    asked_at = models.DateTimeField("hỏi gần nhất", null=True, editable=False)
    said = models.CharField("kết quả", max_length=300, blank=True, editable=False)
    # The file that was proposed last: its content, and what was made of it (catalogues.CatalogueUpload).
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    upload_id = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = "nơi cấp danh mục"
        verbose_name_plural = "nơi cấp danh mục"
        ordering = ["table"]

    def __str__(self) -> str:
        return self.table


class SyncHour(ScopedModel):
    """An hour (a local day, once it is a week old) of a facility at a receiver in figures: no record's id.

    Written by the worker (hours.py) so that pages and metrics count nothing. `waiting`, `stuck`, `oldest` are
    as they stood when the hour was last counted; `lag` is from a change to its acceptance, in seconds.
    """

    receiver = models.ForeignKey(Receiver, on_delete=models.CASCADE, related_name="hours")
    facility_id = models.UUIDField()
    hour = models.DateTimeField("giờ")
    accepted = models.PositiveIntegerField("tiếp nhận", default=0)
    refused = models.PositiveIntegerField("lần bị từ chối", default=0)
    failed = models.PositiveIntegerField("lần không thành", default=0)
    lag_total = models.PositiveBigIntegerField("tổng độ trễ", default=0)
    lag_most = models.PositiveIntegerField("độ trễ lớn nhất", default=0)
    waiting = models.PositiveIntegerField("đang chờ", default=0)
    stuck = models.PositiveIntegerField("bị từ chối, không thành", default=0)
    oldest = models.DateTimeField("chờ lâu nhất từ", null=True)

    class Meta:
        verbose_name = "số liệu gửi theo giờ"
        verbose_name_plural = "số liệu gửi theo giờ"
        constraints = [
            models.UniqueConstraint(fields=["receiver", "facility_id", "hour"], name="synchour_once")
        ]
        indexes = [models.Index(fields=["hour"], name="synchour_hour")]

    def __str__(self) -> str:
        return f"{self.facility_id} {self.hour:%Y-%m-%d %H}"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_facility(scope)
