"""Where: facilities, their links and catchments. Who: practitioners and posts."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import Role
from apps.core.models import BaseModel, DatedModel, DatedQuerySet
from apps.core.scope import Level
from apps.core.text import clean, search_key, sort_key
from apps.facilities.models.units import AdminUnit, Hamlet


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
    # A point that keeps number books of its own, and what their numbers are marked with (books.py).
    book_mark = models.CharField(
        "ký hiệu sổ riêng",
        max_length=4,
        blank=True,
        db_default="",
        help_text="Điểm trạm giữ sổ số riêng thì ghi ký hiệu, ví dụ BT; để trống thì dùng sổ của trạm.",
        validators=[RegexValidator(r"^[A-Z0-9]{1,4}$", "Ký hiệu gồm 1 đến 4 chữ in hoa không dấu hoặc số.")],
    )
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
            models.UniqueConstraint(
                fields=["part_of", "book_mark"],
                condition=~Q(book_mark=""),
                name="facility_book_mark_once",
                violation_error_message="Một điểm khác của trạm đã dùng ký hiệu sổ này.",
            ),
            models.CheckConstraint(
                condition=Q(kind="point") | Q(book_mark=""),
                name="facility_book_mark_of_point",
                violation_error_message="Chỉ điểm trạm mới có sổ riêng.",
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

    def clean(self) -> None:
        """What moves people's records, or somebody's reach, is no correction: a reform does it, with a second
        person. A station never turns into a point, nor back: its people, visits and books are a station's.
        """
        if self._state.adding:
            return
        was = Facility.objects.filter(pk=self.pk).first()
        if was is None:
            return
        if was.kind != self.kind and FacilityKind.POINT in (was.kind, self.kind):
            raise ValidationError(
                {"kind": "Trạm không đổi thành điểm trạm (hay ngược lại) được. Hãy lập cơ sở mới."}
            )
        if was.level != self.level:
            raise ValidationError({"kind": "Cơ sở không đổi sang cấp khác được. Hãy lập cơ sở mới."})
        if was.part_of_id != self.part_of_id:
            raise ValidationError(
                "Điểm trạm chỉ chuyển sang trạm khác bằng Sắp xếp trạm, có hai người duyệt."
            )

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


SIGNS_LICENSED = "Người ký phiếu khám và đơn thuốc phải có số giấy phép hành nghề."


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
            models.CheckConstraint(
                condition=Q(can_sign=False) | ~Q(licence_no=""),
                name="practitioner_signs_licensed",
                violation_error_message=SIGNS_LICENSED,
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

    def clean(self) -> None:
        """What holds on every way in: the staff pages, the administration, a list from Excel."""
        self.licence_no = clean(self.licence_no)
        if self.can_sign and not self.licence_no:
            raise ValidationError({"licence_no": SIGNS_LICENSED})
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": "Ngày kết thúc phải từ ngày bắt đầu trở đi."})

    def set_keys(self) -> None:
        """The keys of order and search; also for bulk loading, which does not call save."""
        self.sort_key = sort_key(self.full_name)[:400]
        self.search_key = search_key(f"{self.full_name} {self.licence_no}")[:300]


class PostQuerySet(DatedQuerySet):
    def current(self, on: dt.date) -> "PostQuerySet":
        """Posts in force on that day, not revoked, of roles that are not switched off."""
        return self.on(on).filter(revoked_at__isnull=True, role__is_active=True)


class GrantedRight(BaseModel):
    """One right for some hours, asked for by its holder and granted by another; it ends by itself."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="tài khoản", on_delete=models.PROTECT, related_name="+"
    )
    facility = models.ForeignKey(
        Facility, verbose_name="cơ sở", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    right = models.CharField("quyền", max_length=60)
    reason = models.CharField("lý do", max_length=300)
    until = models.DateTimeField("đến")
    granted_by = models.UUIDField()

    class Meta:
        verbose_name = "quyền theo giờ"
        verbose_name_plural = "quyền theo giờ"

    def __str__(self) -> str:
        return self.right


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


class PostHamlet(DatedModel):
    """A hamlet given with a post, from when to when: whose people the holder of a role `by_hamlet` sees."""

    post = models.ForeignKey(
        Post, verbose_name="vị trí công tác", on_delete=models.CASCADE, related_name="hamlets"
    )
    hamlet = models.ForeignKey(
        Hamlet, verbose_name="thôn, tổ", on_delete=models.PROTECT, related_name="posts", db_index=False
    )

    class Meta:
        verbose_name = "thôn được giao"
        verbose_name_plural = "thôn được giao"
        constraints = [
            models.UniqueConstraint(
                fields=["post", "hamlet"],
                condition=Q(valid_to__isnull=True),
                name="post_hamlet_one_open",
                violation_error_message="Thôn này đã được giao với vị trí công tác này.",
            )
        ]

    def __str__(self) -> str:
        return str(self.hamlet)
