"""To whom records go, what they call our codes, and where newer editions of catalogues come from."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel, DatedModel

BREAKER_AT = 5  # transport failures in a row after which a receiver rests
TOKEN_NAME = RegexValidator(r"^TRAMYTE_RECEIVER_[A-Z0-9_]+$", "Tên biến bắt đầu bằng TRAMYTE_RECEIVER_.")
# One administrator alone points a source to an address: no secret of a receiver's is named there.
SOURCE_TOKEN_NAME = RegexValidator(
    r"^TRAMYTE_CATALOGUE_[A-Z0-9_]+\Z", "Tên biến bắt đầu bằng TRAMYTE_CATALOGUE_."
)


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


class CatalogueSource(BaseModel):
    """Where a newer edition of a catalogue is looked for. What is found is proposed, never applied."""

    table = models.CharField("danh mục", max_length=40, unique=True)  # a key of catalogues.shipped.TABLES
    url = models.CharField("địa chỉ tệp", max_length=300, help_text="https://..., tệp .csv hoặc .xlsx.")
    is_on = models.BooleanField("đang bật", default=False, help_text="Bật: mỗi đêm hỏi một lần.")
    token_key = models.CharField(
        "tên biến chứa mã truy cập",
        max_length=80,
        blank=True,
        validators=[SOURCE_TOKEN_NAME],
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
