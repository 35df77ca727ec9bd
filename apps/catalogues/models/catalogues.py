"""The catalogues: coded, dated, importable. Shapes and constraints only; compare.py brings rows in."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value

from apps.core.models import DatedModel


class Confidence(models.TextChoices):
    HIGH = "high", "Cao"
    MEDIUM = "medium", "Trung bình"
    LOW = "low", "Thấp"
    LOCAL = "local", "Mã riêng"


class Edition(models.TextChoices):
    """The editions of ICD-10 that were or are in force (icd.edition_on says when)."""

    QD4469 = "qd4469", "QĐ 4469/QĐ-BYT (2020)"
    TT06 = "tt06", "TT 06/2026/TT-BYT"


class CatalogueRow(DatedModel):
    """A row of any catalogue: when it is in force, where it comes from, how far it can be trusted.

    `folded` is the find key of the name and orders what was found; `tokens` holds every word and code
    by which the row is found (search.py), parted by single blanks; the database makes the search vector.
    """

    source = models.CharField("căn cứ", max_length=300, blank=True)
    confidence = models.CharField(
        "độ tin cậy", max_length=10, choices=Confidence.choices, default=Confidence.MEDIUM
    )
    folded = models.TextField(blank=True, editable=False)
    tokens = models.TextField(blank=True, editable=False)
    search = models.GeneratedField(
        expression=Func(
            Func(F("tokens"), Value(" "), function="string_to_array"),
            function="array_to_tsvector",
            output_field=SearchVectorField(),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        abstract = True


class CodeEntry(CatalogueRow):
    """One code of a small list. `scope` tells apart codes that mean two things (inpatient, outpatient)."""

    list = models.CharField("danh mục", max_length=40)
    code = models.CharField("mã", max_length=30)
    scope = models.CharField("phạm vi", max_length=20, blank=True)
    name = models.CharField("tên", max_length=1000)
    sort_order = models.PositiveIntegerField("thứ tự", default=0)
    extra = models.JSONField("thông tin thêm", default=dict, blank=True)

    class Meta:
        verbose_name = "mã danh mục"
        verbose_name_plural = "các danh mục nhỏ"
        ordering = ["list", "sort_order", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["list", "code", "scope", "valid_from"], name="code_entry_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Icd10(CatalogueRow):
    """A disease code of one edition. `marker` is empty, dagger or asterisk; `flags` holds its marks.

    flags: is_leaf, not_principal, discouraged_principal, has_more_specific, death_cause_only (bool),
    sex ('M', 'F'), long_rx_max_days (days), status ('tt06', 'tt06_flag_only', 'qd4469_only').
    An absent flag is unknown.
    """

    edition = models.CharField("ấn bản", max_length=10, choices=Edition.choices)
    code = models.CharField("mã", max_length=8)
    marker = models.CharField("dấu", max_length=1, blank=True)
    name = models.CharField("tên", max_length=300)
    name_en = models.CharField("tên tiếng Anh", max_length=300, blank=True)
    chapter = models.CharField("chương", max_length=6, blank=True)
    group = models.CharField("nhóm", max_length=8, blank=True)
    flags = models.JSONField("dấu hiệu", default=dict, blank=True)
    common = models.BooleanField("hay dùng ở trạm", default=False)

    class Meta:
        verbose_name = "mã bệnh ICD-10"
        verbose_name_plural = "mã bệnh ICD-10"
        ordering = ["edition", "code", "marker"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "code", "marker"], name="icd10_once"),
        ]
        indexes = [
            # The picker and the browse page, each within one edition.
            GinIndex(fields=["search"], name="icd10_search_tt06", condition=Q(edition="tt06")),
            GinIndex(fields=["search"], name="icd10_search_qd4469", condition=Q(edition="qd4469")),
            # The picker before anything is typed, or after one letter.
            models.Index(fields=["edition", "code"], name="icd10_common", condition=Q(common=True)),
        ]

    def __str__(self) -> str:
        return f"{self.code}{self.marker} {self.name}"


class Icd10Rule(CatalogueRow):
    """What a decision's annex says about a code.

    rule 'age': `data` {min_days, max_days, name, age_text}, `other` is the annex.
    rule 'pair': `code` is the asterisk code, `other` the dagger code that must stand beside it.
    """

    class Kind(models.TextChoices):
        AGE = "age", "Tuổi hợp lệ"
        PAIR = "pair", "Cặp mã kiếm và sao"

    edition = models.CharField("ấn bản", max_length=10, choices=Edition.choices)
    rule = models.CharField("quy tắc", max_length=10, choices=Kind.choices)
    code = models.CharField("mã", max_length=8)
    other = models.CharField("phụ lục hoặc mã đi cùng", max_length=10, blank=True)
    data = models.JSONField("nội dung", default=dict, blank=True)

    class Meta:
        verbose_name = "quy tắc mã bệnh"
        verbose_name_plural = "quy tắc mã bệnh"
        ordering = ["rule", "code", "other"]
        constraints = [
            # Also serves icd.check: the rules of one code.
            models.UniqueConstraint(fields=["code", "edition", "rule", "other"], name="icd10_rule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.get_rule_display()} {self.other}"


class Drug(CatalogueRow):
    """A medicine as it is prescribed: kind 'commune' are the stations' usual ones, 'product' registered ones.

    extra: packaging, manufacturer, country, price (đồng) and price_area of products.
    """

    class Kind(models.TextChoices):
        COMMUNE = "commune", "Thuốc tuyến xã"
        PRODUCT = "product", "Biệt dược đăng ký"

    class Controlled(models.TextChoices):
        NONE = "", "Không"
        NARCOTIC = "narcotic", "Gây nghiện"
        NARCOTIC_COMBINED = "narcotic_combined", "Phối hợp có dược chất gây nghiện"
        PSYCHOTROPIC = "psychotropic", "Hướng thần"
        PRECURSOR = "precursor", "Tiền chất"

    code = models.CharField("mã", max_length=80, unique=True)
    group = models.CharField("nhóm", max_length=100, blank=True)
    ingredient = models.CharField("hoạt chất", max_length=400)
    name = models.CharField("tên thuốc", max_length=200)
    strength = models.CharField("hàm lượng", max_length=400, blank=True)
    form = models.CharField("dạng bào chế", max_length=100, blank=True)
    unit = models.CharField("đơn vị", max_length=30, blank=True)
    route_code = models.CharField("đường dùng", max_length=10, blank=True)
    bhyt_code = models.CharField("mã hoạt chất BHYT", max_length=20, blank=True)
    registration_no = models.CharField("số đăng ký", max_length=80, blank=True)
    kind = models.CharField("loại", max_length=10, choices=Kind.choices)
    is_antibiotic = models.BooleanField("kháng sinh", default=False)
    controlled = models.CharField("kiểm soát đặc biệt", max_length=20, choices=Controlled.choices, blank=True)
    programme = models.CharField("chương trình", max_length=100, blank=True)
    common = models.BooleanField("hay dùng ở trạm", default=False)
    extra = models.JSONField("thông tin thêm", default=dict, blank=True)

    class Meta:
        verbose_name = "thuốc"
        verbose_name_plural = "thuốc"
        ordering = ["name", "strength", "code"]
        indexes = [
            # The picker and the browse page.
            GinIndex(fields=["search"], name="drug_search"),
        ]

    def __str__(self) -> str:
        # A product's name often ends with its strength.
        named = self.name.lower().endswith(self.strength.lower())
        return self.name if named else f"{self.name} {self.strength}"


class Service(CatalogueRow):
    """A technical service. level 'D' are those of commune stations (TT 43/2013)."""

    code = models.CharField("mã", max_length=20, unique=True)
    name = models.CharField("tên", max_length=300)
    group = models.CharField("chuyên khoa", max_length=100, blank=True)
    level = models.CharField("tuyến kỹ thuật", max_length=2, blank=True)
    common = models.BooleanField("tuyến xã", default=False)
    extra = models.JSONField("thông tin thêm", default=dict, blank=True)

    class Meta:
        verbose_name = "dịch vụ kỹ thuật"
        verbose_name_plural = "dịch vụ kỹ thuật"
        ordering = ["code"]
        indexes = [
            # The picker and the browse page.
            GinIndex(fields=["search"], name="service_search"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ServicePrice(CatalogueRow):
    """What a service costs (đồng) from one day to another. An empty `area` is the whole country."""

    service = models.ForeignKey(
        Service,
        to_field="code",
        db_column="service_code",
        on_delete=models.PROTECT,
        related_name="prices",
        verbose_name="dịch vụ",
    )
    price = models.PositiveBigIntegerField("giá (đồng)")
    payer = models.CharField("nguồn chi trả", max_length=20, default="bhyt")
    area = models.CharField("nơi áp dụng", max_length=60, blank=True)

    class Meta:
        verbose_name = "giá dịch vụ"
        verbose_name_plural = "giá dịch vụ"
        ordering = ["service", "payer", "area", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "payer", "area", "valid_from"],
                name="service_price_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.price}"


class Supply(CatalogueRow):
    """A medical supply (vật tư y tế). `group_code` is the group of TT 04/2017."""

    code = models.CharField("mã", max_length=20, unique=True)
    name = models.CharField("tên", max_length=300)
    unit = models.CharField("đơn vị", max_length=30, blank=True)
    group_code = models.CharField("nhóm", max_length=10, blank=True)

    class Meta:
        verbose_name = "vật tư y tế"
        verbose_name_plural = "vật tư y tế"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class LabTest(CatalogueRow):
    """A laboratory test. `ranges`: list of {sex, from_months, to_months, low, high}; absent means any."""

    class ResultType(models.TextChoices):
        NUMBER = "number", "Số"
        CHOICE = "choice", "Chọn"

    code = models.CharField("mã", max_length=20, unique=True)
    name = models.CharField("tên", max_length=200)
    name_en = models.CharField("tên tiếng Anh", max_length=200, blank=True)
    group = models.CharField("nhóm", max_length=30, blank=True)
    specimen = models.CharField("mẫu", max_length=60, blank=True)
    unit = models.CharField("đơn vị", max_length=20, blank=True)
    ranges = models.JSONField("khoảng tham chiếu", default=list, blank=True)
    result_type = models.CharField("kiểu kết quả", max_length=10, choices=ResultType.choices)
    allowed_values = models.JSONField("kết quả cho chọn", default=list, blank=True)
    sex = models.CharField("giới", max_length=1, blank=True)
    loinc = models.CharField("mã LOINC", max_length=10, blank=True)
    service_code = models.CharField("mã dịch vụ", max_length=20, blank=True)
    note = models.CharField("ghi chú", max_length=200, blank=True)

    class Meta:
        verbose_name = "xét nghiệm"
        verbose_name_plural = "xét nghiệm"
        ordering = ["group", "code"]

    def __str__(self) -> str:
        return self.name


class CommunicableDisease(CatalogueRow):
    """A notifiable disease under one regime, with its class and clock. `icd` is a list of codes or ranges."""

    class ReportClass(models.TextChoices):
        HOURS_24 = "24h", "Trong 24 giờ"
        HOURS_48 = "48h", "Trong 48 giờ"
        WEEK = "week", "Từng ca theo tuần"
        MONTH = "month", "Tổng hợp theo tháng"

    regime = models.CharField("chế độ báo cáo", max_length=20)
    key = models.CharField("khóa", max_length=40)
    seq = models.PositiveIntegerField("số thứ tự", default=0)
    name = models.CharField("tên bệnh", max_length=200)
    icd = models.JSONField("mã ICD-10", default=list, blank=True)
    group = models.CharField("nhóm theo luật", max_length=40, blank=True)
    group_2026 = models.CharField("nhóm 2026", max_length=40, blank=True)
    report_class = models.CharField("loại báo cáo", max_length=10, choices=ReportClass.choices)
    deadline = models.CharField("thời hạn", max_length=200)
    deadline_hours = models.PositiveIntegerField("số giờ", null=True, blank=True)
    form11_column = models.CharField("cột mẫu 11", max_length=100, blank=True)
    note = models.CharField("ghi chú", max_length=300, blank=True)

    class Meta:
        verbose_name = "bệnh truyền nhiễm"
        verbose_name_plural = "bệnh truyền nhiễm"
        ordering = ["-regime", "seq", "key"]
        constraints = [
            models.UniqueConstraint(fields=["regime", "key"], name="communicable_once"),
        ]

    def __str__(self) -> str:
        return self.name
