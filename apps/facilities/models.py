"""Where: administrative units and hamlets, facilities and their links. Who: practitioners and posts.

Two trees of dated rows, apart from each other: units (province, district, commune) and facilities.
A unit's code means something only together with a date.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import Role
from apps.core.models import DatedModel, DatedQuerySet
from apps.core.scope import Level
from apps.core.text import search_key, sort_key


class UnitLevel(models.TextChoices):
    PROVINCE = "province", "Tỉnh, thành phố"
    DISTRICT = "district", "Huyện, quận (đến 30/06/2025)"
    COMMUNE = "commune", "Xã, phường, đặc khu"


class AdminUnit(DatedModel):
    """A province, district or commune for as long as it exists; the same code may name another unit later."""

    level = models.CharField("cấp", max_length=8, choices=UnitLevel.choices)
    code = models.CharField("mã", max_length=5)
    name = models.CharField("tên", max_length=120)
    kind = models.CharField("loại", max_length=20)
    parent = models.ForeignKey(
        "self", verbose_name="thuộc", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    search_key = models.CharField(max_length=300, editable=False, default="")
    # [{"to": "2026-04-29", "name": "...", "kind": "..."}]: its names and kinds before, oldest first.
    earlier_names = models.JSONField("tên trước đây", default=list, blank=True)
    note = models.TextField("ghi chú", blank=True)
    source = models.CharField("nguồn", max_length=200, blank=True)
    confidence = models.CharField("độ tin cậy", max_length=20, default="high")

    class Meta:
        verbose_name = "đơn vị hành chính"
        verbose_name_plural = "đơn vị hành chính"
        constraints = [
            models.UniqueConstraint(
                fields=["level", "code", "valid_from"],
                name="unit_once",
                violation_error_message="Mã đơn vị này đã có với cùng ngày bắt đầu.",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["level", "code"],
                condition=Q(valid_to__isnull=True),
                name="unit_one_open",
                violation_error_message="Mã đơn vị này đang được một đơn vị khác dùng.",
            ),
        ]
        indexes = [
            # The communes of a province, in the pickers and lists.
            models.Index(fields=["parent", "code"], name="unit_parent"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_key = search_key(f"{self.kind} {self.name}")[:300]
        super().save(*args, **kwargs)

    @property
    def full_name(self) -> str:
        """'Xã Ba Tơ', as the decree writes it."""
        return f"{self.kind[:1].upper()}{self.kind[1:]} {self.name}"

    def full_name_on(self, on: dt.date) -> str:
        """The name and kind that the unit had on that day."""
        for earlier in self.earlier_names:
            if on <= dt.date.fromisoformat(earlier["to"]):
                return f"{earlier['kind'][:1].upper()}{earlier['kind'][1:]} {earlier['name']}"
        return self.full_name


class UnitSuccession(models.Model):
    """What became of a unit: n old ones into one new, or one old split among several."""

    old = models.ForeignKey(AdminUnit, on_delete=models.CASCADE, related_name="became")
    new = models.ForeignKey(AdminUnit, on_delete=models.CASCADE, related_name="came_from")
    on = models.DateField("từ ngày")
    share = models.DecimalField(
        "phần", max_digits=5, decimal_places=4, null=True, help_text="1 là toàn bộ; trống là chưa rõ."
    )
    is_default = models.BooleanField("đích thường dùng", default=False)
    legal_ref = models.CharField("căn cứ", max_length=200, blank=True)

    class Meta:
        verbose_name = "kế thừa đơn vị hành chính"
        verbose_name_plural = "kế thừa đơn vị hành chính"
        constraints = [
            models.UniqueConstraint(
                fields=["old", "new"],
                name="succession_once",
                violation_error_message="Quan hệ kế thừa này đã có.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


class HamletKind(models.TextChoices):
    THON = "thôn", "Thôn"
    LANG = "làng", "Làng"
    BAN = "bản", "Bản"
    BUON = "buôn", "Buôn"
    BON = "bon", "Bon"
    PLEI = "plei", "Plei"
    SOC = "sóc", "Sóc"
    AP = "ấp", "Ấp"
    XOM = "xóm", "Xóm"
    KDC = "khu dân cư", "Khu dân cư"
    TDP = "tổ dân phố", "Tổ dân phố"
    TO = "tổ", "Tổ"
    KHU_PHO = "khu phố", "Khu phố"
    KHOI = "khối", "Khối"
    KHOM = "khóm", "Khóm"
    OTHER = "khác", "Khác"


class Hamlet(DatedModel):
    """A hamlet or street group of a commune: what a catchment is made of."""

    commune = models.ForeignKey(
        AdminUnit, verbose_name="xã, phường", on_delete=models.PROTECT, related_name="hamlets"
    )
    code = models.CharField("mã", max_length=20)
    name = models.CharField("tên", max_length=120)
    kind = models.CharField("loại", max_length=20, choices=HamletKind.choices, default=HamletKind.THON)
    sort_order = models.PositiveSmallIntegerField("thứ tự", default=100)
    search_key = models.CharField(max_length=300, editable=False, default="")

    class Meta:
        verbose_name = "thôn, tổ dân phố"
        verbose_name_plural = "thôn, tổ dân phố"
        ordering = ["sort_order", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["commune", "code"],
                name="hamlet_code_once",
                violation_error_message="Xã đã có thôn, tổ mang mã này.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """The key by which the hamlet is found; also for bulk loading, which does not call save."""
        self.search_key = search_key(self.name)[:300]


class FacilityKind(models.TextChoices):
    STATION = "station", "Trạm y tế"
    POINT = "point", "Điểm trạm"
    REGIONAL_CENTRE = "regional_centre", "Trung tâm y tế khu vực"
    HOSPITAL = "hospital", "Bệnh viện"
    CDC = "cdc", "Trung tâm Kiểm soát bệnh tật"
    DEPARTMENT = "department", "Sở Y tế"
    OTHER = "other", "Khác"


LEVEL_OF_KIND: dict[str, Level] = {
    FacilityKind.STATION: "station",
    FacilityKind.POINT: "station",
    FacilityKind.REGIONAL_CENTRE: "region",
    FacilityKind.HOSPITAL: "region",
    FacilityKind.CDC: "province",
    FacilityKind.DEPARTMENT: "province",
    FacilityKind.OTHER: "region",
}


class Facility(DatedModel):
    """A health facility, or a point (điểm trạm) of a station."""

    name = models.CharField("tên", max_length=200)
    kind = models.CharField("loại", max_length=20, choices=FacilityKind.choices)
    kcb_code = models.CharField(
        "mã cơ sở KCB",
        max_length=5,
        blank=True,
        help_text="5 ký tự theo QĐ 384/QĐ-BYT: 2 số mã tỉnh và 3 chữ hoặc số.",
        validators=[RegexValidator(r"^[0-9]{2}[0-9A-Z]{3}$", "Mã gồm 2 chữ số và 3 chữ số hoặc chữ in hoa.")],
    )
    code13 = models.CharField(
        "mã định danh 13 số",
        max_length=13,
        blank=True,
        help_text="13 chữ số, được cấp khi đăng ký theo QĐ 1551/QĐ-BYT.",
        validators=[RegexValidator(r"^[0-9]{13}$", "Mã gồm đúng 13 chữ số.")],
    )
    unit = models.ForeignKey(
        AdminUnit, verbose_name="địa bàn", on_delete=models.PROTECT, related_name="facilities"
    )
    part_of = models.ForeignKey(
        "self",
        verbose_name="thuộc trạm",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="points",
    )
    address = models.CharField("địa chỉ", max_length=300, blank=True)
    phone = models.CharField("điện thoại", max_length=20, blank=True)
    is_demo = models.BooleanField("dữ liệu mẫu", default=False, editable=False)
    sort_key = models.CharField(max_length=400, editable=False, default="")
    search_key = models.CharField(max_length=400, editable=False, default="")

    class Meta:
        verbose_name = "cơ sở y tế"
        verbose_name_plural = "cơ sở y tế"
        constraints = [
            models.UniqueConstraint(
                fields=["kcb_code"],
                condition=~Q(kcb_code="") & Q(valid_to__isnull=True),
                name="facility_kcb_once",
                violation_error_message="Mã KCB này đang được một cơ sở khác dùng.",
            ),
            models.UniqueConstraint(
                fields=["code13"],
                condition=~Q(code13="") & Q(valid_to__isnull=True),
                name="facility_code13_once",
                violation_error_message="Mã 13 số này đang được một cơ sở khác dùng.",
            ),
            models.CheckConstraint(
                condition=Q(kind="point", part_of__isnull=False) | ~Q(kind="point") & Q(part_of__isnull=True),
                name="facility_point_has_station",
                violation_error_message="Điểm trạm phải thuộc một trạm; cơ sở khác thì để trống.",
            ),
        ]
        indexes = [
            # The list of facilities, by name in Vietnamese order.
            models.Index(fields=["sort_key", "id"], name="facility_sort"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """The derived keys; also for bulk loading, which does not call save."""
        # A facility's name is put in order as it is read, not by its last word as a person's is.
        self.sort_key = " ".join(sort_key(word) for word in self.name.split())[:400]
        self.search_key = search_key(f"{self.name} {self.kcb_code}")[:400]

    @property
    def level(self) -> Level:
        return LEVEL_OF_KIND[self.kind]

    @property
    def station_id(self) -> UUID:
        """The station that a point belongs to, else the facility itself."""
        return self.part_of_id or self.pk

    def descendants(self, kind: str, on: dt.date) -> set[UUID]:
        """Ids of the facilities below this one by links of `kind` on that day, with their points."""
        found: set[UUID] = set()
        level = {self.pk}
        while level:
            links = FacilityLink.objects.on(on).filter(kind=kind, parent__in=level)
            level = set(links.values_list("facility_id", flat=True)) - found
            found |= level
        points = Facility.objects.on(on).filter(part_of__in=found | {self.pk})
        return found | set(points.values_list("pk", flat=True))


class LinkKind(models.TextChoices):
    ADMINISTRATIVE = "administrative", "Quản lý hành chính"
    PROFESSIONAL = "professional", "Chỉ đạo chuyên môn"
    TECHNICAL = "technical", "Hỗ trợ kỹ thuật"
    REPORTING = "reporting", "Báo cáo"


class FacilityLink(DatedModel):
    """Which facility stands above which, in what respect, from when to when."""

    facility = models.ForeignKey(
        Facility, verbose_name="cơ sở", on_delete=models.CASCADE, related_name="links"
    )
    parent = models.ForeignKey(
        Facility, verbose_name="cơ sở cấp trên", on_delete=models.PROTECT, related_name="links_below"
    )
    kind = models.CharField("quan hệ", max_length=16, choices=LinkKind.choices)

    class Meta:
        verbose_name = "quan hệ cơ sở"
        verbose_name_plural = "quan hệ cơ sở"
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "parent", "kind"],
                condition=Q(valid_to__isnull=True),
                name="link_one_open",
                violation_error_message="Quan hệ này trùng với một quan hệ đang còn hiệu lực.",
            ),
            models.CheckConstraint(
                condition=~Q(facility=models.F("parent")),
                name="link_not_to_itself",
                violation_error_message="Cơ sở không thể là cấp trên của chính mình.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.facility} → {self.parent}"


class Catchment(DatedModel):
    """Which station cares for a hamlet, from when to when: at most one on any day."""

    facility = models.ForeignKey(
        Facility, verbose_name="cơ sở phụ trách", on_delete=models.PROTECT, related_name="catchments"
    )
    hamlet = models.ForeignKey(
        Hamlet, verbose_name="thôn, tổ", on_delete=models.CASCADE, related_name="catchments"
    )

    class Meta:
        verbose_name = "địa bàn phụ trách"
        verbose_name_plural = "địa bàn phụ trách"
        constraints = [
            models.UniqueConstraint(
                fields=["hamlet"],
                condition=Q(valid_to__isnull=True),
                name="catchment_one_open",
                violation_error_message="Thôn, tổ này đang được một cơ sở phụ trách.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hamlet} – {self.facility}"


class Grade(models.TextChoices):
    DOCTOR = "doctor", "Bác sĩ"
    ASSISTANT = "assistant", "Y sĩ"
    TRADITIONAL = "traditional", "Y sĩ y học cổ truyền"
    NURSE = "nurse", "Điều dưỡng"
    MIDWIFE = "midwife", "Hộ sinh"
    PHARMACIST = "pharmacist", "Dược sĩ"
    TECHNICIAN = "technician", "Kỹ thuật y"
    POPULATION = "population", "Cán bộ dân số"
    VILLAGE = "village", "Nhân viên y tế thôn"
    OTHER = "other", "Khác"


class Practitioner(DatedModel):
    """Somebody who examines, prescribes or gives care: with or without an account."""

    full_name = models.CharField("họ và tên", max_length=120)
    sort_key = models.CharField(max_length=400, editable=False, default="")
    search_key = models.CharField(max_length=300, editable=False, default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="tài khoản",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="practitioners",
    )
    facility = models.ForeignKey(
        Facility, verbose_name="nơi làm việc", on_delete=models.PROTECT, related_name="practitioners"
    )
    grade = models.CharField("chức danh", max_length=20, choices=Grade.choices)
    licence_no = models.CharField("số giấy phép hành nghề", max_length=40, blank=True)
    licence_scope = models.CharField("phạm vi hành nghề", max_length=200, blank=True)
    prescriber_code = models.CharField("mã liên thông người kê đơn", max_length=40, blank=True)
    can_sign = models.BooleanField("được ký phiếu khám và đơn thuốc", default=False)
    signature_title = models.CharField(
        "chức danh dưới chữ ký", max_length=80, blank=True, help_text="Ví dụ: Bác sĩ khám bệnh."
    )

    class Meta:
        verbose_name = "người hành nghề"
        verbose_name_plural = "người hành nghề"
        ordering = ["sort_key", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "licence_no"],
                condition=~Q(licence_no="") & Q(valid_to__isnull=True),
                name="practitioner_licence_once",
                violation_error_message="Cơ sở đã có người mang số giấy phép này.",
            ),
            models.UniqueConstraint(
                fields=["facility", "user"],
                condition=Q(valid_to__isnull=True),
                name="practitioner_user_once",
                violation_error_message="Tài khoản này đã gắn với một người hành nghề của cơ sở.",
            ),
        ]
        indexes = [
            # A station's staff by name: its page and every 'bác sĩ' picker.
            models.Index(fields=["facility", "sort_key"], name="practitioner_facility"),
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """The keys of order and search; also for bulk loading, which does not call save."""
        self.sort_key = sort_key(self.full_name)[:400]
        self.search_key = search_key(f"{self.full_name} {self.licence_no}")[:300]


class PostQuerySet(DatedQuerySet):
    def current(self, on: dt.date) -> "PostQuerySet":
        """Posts in force on that day and not revoked."""
        return self.on(on).filter(revoked_at__isnull=True)


class Post(DatedModel):
    """A role that a user holds at a facility, from when to when. Revoking bites at the next request."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="tài khoản", on_delete=models.PROTECT, related_name="posts"
    )
    role = models.ForeignKey(Role, verbose_name="vai trò", on_delete=models.PROTECT, related_name="posts")
    facility = models.ForeignKey(
        Facility, verbose_name="cơ sở", on_delete=models.PROTECT, related_name="posts"
    )
    practitioner = models.ForeignKey(
        Practitioner,
        verbose_name="người hành nghề",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="posts",
    )
    revoked_at = models.DateTimeField("thu hồi lúc", null=True, editable=False)

    objects = PostQuerySet.as_manager()  # type: ignore[misc]  # the base names another manager

    class Meta:
        verbose_name = "vị trí công tác"
        verbose_name_plural = "vị trí công tác"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "facility"],
                condition=Q(valid_to__isnull=True, revoked_at__isnull=True),
                name="post_one_open",
                violation_error_message="Vị trí công tác này trùng với một vị trí đang còn hiệu lực.",
            )
        ]
        indexes = [
            # The posts of a facility on its page. Those of a user are found by the key to the user.
            models.Index(fields=["facility", "user"], name="post_facility"),
        ]

    def __str__(self) -> str:
        return f"{self.role} – {self.facility}"
