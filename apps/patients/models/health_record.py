"""The personal health record of QĐ 831/QĐ-BYT: what is known of a person's life before and beside her visits.

One row a section that stands once on the form (birth, risks, reproduction), rows where the form has lines.
Nothing is overwritten unseen: what a section said before stands in RecordVersion. Allergies are Allergy.
"""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.patients.models.person import Person, in_hamlets, or_opened
from apps.patients.restricted import readable


class RecordRow(ScopedModel, BaseModel):
    """Anything of the record: whose, said when and by whom, and whether only few may read it."""

    # Every concrete row is found by a constraint or index of its own that begins with it.
    person = models.ForeignKey(
        Person, verbose_name="của người", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    said_at = models.DateTimeField("ghi lúc", null=True, editable=False)
    said_by = models.UUIDField("mã người ghi", null=True, editable=False)
    said_by_name = models.CharField("người ghi", max_length=150, blank=True, editable=False)
    reason = models.CharField("vì sao vẫn đúng", max_length=300, blank=True)
    # By its codes and words (patients/restricted.py), so that every channel leaves it out by the scope.
    restricted = models.BooleanField("hạn chế xem", default=False, editable=False)
    restricted_by = ArrayField(
        models.CharField(max_length=20), verbose_name="thuộc nhóm hạn chế", default=list, editable=False
    )

    class Meta(ScopedModel.Meta):
        abstract = True

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope) & readable(scope)
        # Her own station; a station that only treats her is told her allergies alone.
        known = Q(person__station_id__in=scope.facility_ids) & readable(scope)
        return or_opened(known, scope, Q(person_id__in=scope.opened, restricted=False))


def _once(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=["person"], name=name)


class HealthRecord(RecordRow):
    """Section A beside Person, and the yearly review. The row is locked by whoever writes any section."""

    religion = models.CharField("tôn giáo", max_length=4, blank=True)
    birth_registered_in = models.CharField("nơi đăng ký khai sinh", max_length=200, blank=True)
    home_phone = models.CharField("điện thoại cố định", max_length=12, blank=True)
    carer_name = models.CharField("người chăm sóc chính", max_length=100, blank=True)
    carer_phone = models.CharField("điện thoại người chăm sóc", max_length=12, blank=True)
    reviewed_on = models.DateField("rà soát ngày", null=True, editable=False)
    reviewed_by_name = models.CharField("người rà soát", max_length=150, blank=True, editable=False)

    class Meta(RecordRow.Meta):
        abstract = False
        verbose_name = "hồ sơ sức khỏe cá nhân"
        verbose_name_plural = "hồ sơ sức khỏe cá nhân"
        constraints = [_once("health_record_once")]

    def __str__(self) -> str:
        return str(self.pk)


class BirthHistory(RecordRow):
    """B.1: how she was born."""

    method = models.CharField("cách sinh", max_length=2, blank=True)  # code list record_birth_method
    preterm = models.BooleanField("đẻ thiếu tháng", null=True)
    asphyxia = models.BooleanField("bị ngạt lúc đẻ", null=True)
    weight_g = models.PositiveIntegerField("cân nặng lúc sinh", null=True)
    length_cm = models.DecimalField("chiều dài lúc sinh", max_digits=4, decimal_places=1, null=True)
    defect = models.CharField("dị tật bẩm sinh", max_length=300, blank=True)
    other = models.TextField("vấn đề khác lúc sinh", max_length=500, blank=True)

    class Meta(RecordRow.Meta):
        abstract = False
        verbose_name = "tình trạng lúc sinh"
        verbose_name_plural = "tình trạng lúc sinh"
        constraints = [_once("birth_history_once")]

    def __str__(self) -> str:
        return str(self.pk)


class RiskFactors(RecordRow):
    """B.2: the four habits of the form (state by code list record_risk_state, '' not asked), surroundings."""

    tobacco = models.CharField("hút thuốc lá, thuốc lào", max_length=1, blank=True)
    tobacco_a_day = models.PositiveSmallIntegerField("số điếu mỗi ngày", null=True)
    tobacco_quit = models.BooleanField("đã bỏ thuốc lá", default=False)
    alcohol = models.CharField("uống rượu, bia", max_length=1, blank=True)
    alcohol_glasses = models.DecimalField(
        "số ly, cốc uống mỗi ngày", max_digits=4, decimal_places=1, null=True
    )
    alcohol_quit = models.BooleanField("đã bỏ rượu bia", default=False)
    drugs = models.CharField("sử dụng ma túy", max_length=1, blank=True)
    drugs_quantity = models.CharField("loại, lượng ma túy", max_length=100, blank=True)
    drugs_quit = models.BooleanField("đã bỏ ma túy", default=False)
    activity = models.CharField("hoạt động thể lực", max_length=1, blank=True)
    activity_minutes = models.PositiveSmallIntegerField("số phút vận động mỗi ngày", null=True)
    exposure = ArrayField(
        models.CharField(max_length=2), verbose_name="tiếp xúc nghề nghiệp, môi trường sống", default=list
    )
    exposure_text = models.CharField("tiếp xúc, ghi rõ", max_length=200, blank=True)
    exposure_duration = models.CharField("thời gian tiếp xúc", max_length=100, blank=True)
    toilet = models.CharField("loại hố xí của gia đình", max_length=2, blank=True)
    other = models.TextField("nguy cơ khác", max_length=500, blank=True)

    class Meta(RecordRow.Meta):
        abstract = False
        verbose_name = "yếu tố nguy cơ"
        verbose_name_plural = "yếu tố nguy cơ"
        constraints = [_once("risk_factors_once")]

    def __str__(self) -> str:
        return str(self.pk)


class ReproductiveHistory(RecordRow):
    """B.7: of women only."""

    contraception = models.CharField("biện pháp tránh thai đang dùng", max_length=2, blank=True)
    last_pregnancy_year = models.PositiveSmallIntegerField("kỳ có thai cuối cùng, năm", null=True)
    pregnancies = models.PositiveSmallIntegerField("số lần có thai", null=True)
    miscarriages = models.PositiveSmallIntegerField("số lần sảy thai", null=True)
    abortions = models.PositiveSmallIntegerField("số lần phá thai", null=True)
    deliveries = models.PositiveSmallIntegerField("số lần sinh đẻ", null=True)
    normal = models.PositiveSmallIntegerField("số lần đẻ thường", null=True)
    caesarean = models.PositiveSmallIntegerField("số lần đẻ mổ", null=True)
    difficult = models.PositiveSmallIntegerField("số lần đẻ khó", null=True)
    term = models.PositiveSmallIntegerField("số lần đẻ đủ tháng", null=True)
    preterm = models.PositiveSmallIntegerField("số lần đẻ non", null=True)
    living_children = models.PositiveSmallIntegerField("số con hiện sống", null=True)
    gynaecology = models.CharField("bệnh phụ khoa", max_length=300, blank=True)

    class Meta(RecordRow.Meta):
        abstract = False
        verbose_name = "tiền sử sinh sản"
        verbose_name_plural = "tiền sử sinh sản"
        constraints = [_once("reproductive_history_once")]

    def __str__(self) -> str:
        return str(self.pk)


class LineState(models.TextChoices):
    ACTIVE = "active", "Đang có"
    RESOLVED = "resolved", "Đã khỏi"
    ENTERED_IN_ERROR = "entered_in_error", "Nhập nhầm"


class RecordLine(RecordRow):
    """One line of a section with several. Never deleted: one made by mistake says so."""

    state = models.CharField("trạng thái", max_length=16, choices=LineState.choices, default=LineState.ACTIVE)

    class Meta(RecordRow.Meta):
        abstract = True
        # The record's page and paper: the lines of a person.
        indexes = [models.Index(fields=["person"], name="%(class)s_person")]

    def __str__(self) -> str:
        return str(self.pk)


class OwnDisease(RecordLine):
    """B.3: a disease she has or had."""

    code = models.CharField("bệnh", max_length=4)  # code list record_disease
    icd_code = models.CharField("mã ICD-10", max_length=10, blank=True)
    text = models.CharField("ghi rõ bệnh", max_length=300, blank=True)
    since_year = models.PositiveSmallIntegerField("mắc từ năm", null=True)

    class Meta(RecordLine.Meta):
        abstract = False
        verbose_name = "bệnh đã mắc"
        verbose_name_plural = "bệnh đã mắc"


class Disability(RecordLine):
    """B.4"""

    code = models.CharField("bộ phận, chức năng", max_length=4)  # code list record_disability
    degree = models.CharField("mức độ", max_length=2, blank=True)
    text = models.CharField("mô tả khuyết tật", max_length=300, blank=True)
    since_year = models.PositiveSmallIntegerField("khuyết tật từ năm", null=True)

    class Meta(RecordLine.Meta):
        abstract = False
        verbose_name = "khuyết tật"
        verbose_name_plural = "khuyết tật"


class Surgery(RecordLine):
    """B.5"""

    text = models.CharField("phẫu thuật", max_length=300)
    year = models.PositiveSmallIntegerField("năm phẫu thuật", null=True)
    place = models.CharField("nơi phẫu thuật", max_length=150, blank=True)

    class Meta(RecordLine.Meta):
        abstract = False
        verbose_name = "tiền sử phẫu thuật"
        verbose_name_plural = "tiền sử phẫu thuật"


class FamilyDisease(RecordLine):
    """B.6: a disease or allergy of a blood relative."""

    code = models.CharField("bệnh, dị ứng", max_length=4)  # record_disease, or record_allergy_group (A1...)
    relative = models.CharField("người mắc", max_length=4)  # code list record_relative
    text = models.CharField("ghi rõ bệnh của người nhà", max_length=300, blank=True)

    class Meta(RecordLine.Meta):
        abstract = False
        verbose_name = "bệnh tật trong gia đình"
        verbose_name_plural = "bệnh tật trong gia đình"


class OtherIssue(RecordLine):
    """B.8"""

    text = models.CharField("vấn đề khác", max_length=500)

    class Meta(RecordLine.Meta):
        abstract = False
        verbose_name = "vấn đề sức khỏe khác"
        verbose_name_plural = "vấn đề sức khỏe khác"


class AskedNone(RecordRow):
    """She was asked for the lines of a section, and there were none; withdrawn once one is written."""

    part = models.CharField("mục đã hỏi", max_length=12)
    withdrawn_on = models.DateField("thôi đúng từ ngày", null=True, editable=False)

    class Meta(RecordRow.Meta):
        abstract = False
        verbose_name = "mục đã hỏi, không có"
        verbose_name_plural = "mục đã hỏi, không có"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "part"],
                condition=Q(withdrawn_on__isnull=True),
                name="asked_none_once",
            )
        ]

    def __str__(self) -> str:
        return self.part


class RecordVersion(RecordRow):
    """What a section or line said before it was changed: `data` is the whole earlier version.

    `said_at` and `said_by` are of the earlier version, `replaced_*` of the change.
    """

    part = models.CharField("mục", max_length=12)
    object_id = models.UUIDField("của dòng")
    of_version = models.PositiveIntegerField("bản số")
    data = models.JSONField("nội dung trước khi sửa", encoder=DjangoJSONEncoder)
    replaced_at = models.DateTimeField("sửa lúc")
    replaced_by = models.UUIDField("mã người sửa", null=True)
    replaced_by_name = models.CharField("người sửa", max_length=150, blank=True)

    class Meta(RecordRow.Meta):
        abstract = False
        verbose_name = "bản trước của hồ sơ sức khỏe"
        verbose_name_plural = "bản trước của hồ sơ sức khỏe"
        constraints = [
            models.UniqueConstraint(fields=["object_id", "of_version"], name="record_version_once"),
        ]
        indexes = [
            # The page of earlier versions, newest first.
            models.Index(fields=["person", "-replaced_at", "-id"], name="record_version_person"),
        ]

    def __str__(self) -> str:
        return f"bản {self.of_version}"
