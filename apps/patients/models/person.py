"""Who a person is."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.core import words
from apps.core.models import BaseModel
from apps.core.scope import Scope, ScopedModel
from apps.core.text import sort_key, tokens
from apps.patients.rawquery import station_marks


class Sex(models.TextChoices):
    MALE = "male", "Nam"
    FEMALE = "female", "Nữ"
    UNKNOWN = "unknown", "Chưa xác định"


class BirthPrecision(models.TextChoices):
    DAY = "day", "đủ ngày, tháng, năm"
    MONTH = "month", "chỉ biết tháng và năm"
    YEAR = "year", "chỉ biết năm"


class LifeStatus(models.TextChoices):
    ALIVE = "alive", "Còn sống"
    DEAD = "dead", "Đã mất"
    MISSING = "missing", "Mất tích"
    MOVED = "moved", "Đã chuyển đi"


class Identity(models.TextChoices):
    """Why somebody has no name of her own yet."""

    KNOWN = "", "Đã rõ"
    NEWBORN = "newborn", "Trẻ mới sinh chưa đặt tên"
    UNKNOWN = "unknown", "Chưa rõ danh tính"
    ABANDONED = "abandoned", "Trẻ bị bỏ rơi"


BLOOD_GROUPS = [(group, group) for group in ("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-")]


class Person(ScopedModel, BaseModel):
    """A human being known to a station. `code` is the station's own number, never an identity elsewhere.

    `tokens` and `sort_key` are made from the other fields by `set_keys`; `search` is made from
    `tokens` by the database.
    """

    code = models.CharField("mã người", max_length=12)
    full_name = models.CharField("họ và tên", max_length=100)
    sort_key = models.CharField(max_length=500, editable=False, db_collation="C")
    tokens = models.TextField(editable=False, default="")
    search = models.GeneratedField(
        expression=station_marks(), output_field=SearchVectorField(), db_persist=True
    )
    sex = models.CharField("giới tính", max_length=7, choices=Sex.choices)
    birth_date = models.DateField("ngày sinh", null=True, blank=True)
    birth_precision = models.CharField(
        "ngày sinh biết đến", max_length=5, choices=BirthPrecision.choices, default=BirthPrecision.DAY
    )
    ethnicity = models.CharField("dân tộc", max_length=3, blank=True)
    nationality = models.CharField("quốc tịch", max_length=2, default="VN")
    occupation = models.CharField("nghề nghiệp", max_length=5, blank=True)
    education = models.CharField("trình độ học vấn", max_length=2, blank=True)
    marital_status = models.CharField("tình trạng hôn nhân", max_length=2, blank=True)
    phone = models.CharField("số điện thoại", max_length=11, blank=True)
    email = models.EmailField("thư điện tử", max_length=100, blank=True)
    hamlet = models.ForeignKey(
        "facilities.Hamlet",
        verbose_name="thôn, tổ",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="people",
    )
    address_text = models.CharField("số nhà, đường", max_length=200, blank=True)
    permanent_text = models.CharField("nơi thường trú", max_length=300, blank=True)
    permanent_unit = models.ForeignKey(
        "facilities.AdminUnit",
        verbose_name="xã thường trú",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    station = models.ForeignKey(
        "facilities.Facility",
        verbose_name="trạm phụ trách",
        on_delete=models.PROTECT,
        related_name="people",
        db_index=False,  # person_station_sort begins with it
    )
    life_status = models.CharField(
        "tình trạng", max_length=7, choices=LifeStatus.choices, default=LifeStatus.ALIVE
    )
    died_on = models.DateField("ngày mất", null=True, blank=True)
    mother = models.ForeignKey(
        "self",
        verbose_name="mẹ",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children_of_mother",
    )
    father = models.ForeignKey(
        "self",
        verbose_name="bố",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children_of_father",
    )
    guardian_name = models.CharField("người giám hộ", max_length=100, blank=True)
    guardian_relation = models.CharField("quan hệ với người giám hộ", max_length=2, blank=True)
    guardian_number = models.CharField("số định danh người giám hộ", max_length=12, blank=True, db_default="")
    identity = models.CharField(
        "danh tính", max_length=9, choices=Identity.choices, blank=True, db_default="", editable=False
    )
    # Names she was recorded under before: she is found by them too.
    former_names = ArrayField(
        models.CharField(max_length=100),
        verbose_name="tên trước đây",
        default=list,
        db_default=[],
        editable=False,
    )
    blood_group = models.CharField("nhóm máu", max_length=3, blank=True, choices=BLOOD_GROUPS)
    # Asked, and none is known: when and by whom; `until` the day an allergy was noted after all.
    no_allergy_on = models.DateField("hỏi, không có dị ứng, ngày", null=True, blank=True, editable=False)
    no_allergy_by = models.CharField(
        "người hỏi dị ứng", max_length=150, blank=True, editable=False, db_default=""
    )
    no_allergy_until = models.DateField(null=True, blank=True, editable=False)
    note = models.TextField("ghi chú", blank=True, max_length=1000)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="merged_from"
    )

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "người"
        verbose_name_plural = "người"
        constraints = [
            models.UniqueConstraint(fields=["station", "code"], name="person_code_once"),
            models.CheckConstraint(condition=~Q(full_name=""), name="person_has_name"),
            models.CheckConstraint(
                condition=Q(birth_precision="day")
                | Q(birth_precision="month", birth_date__day=1)
                | Q(birth_precision="year", birth_date__day=1, birth_date__month=1),
                name="person_birth_precision",
            ),
            models.CheckConstraint(
                condition=Q(died_on__isnull=True) | Q(life_status="dead"), name="person_died_is_dead"
            ),
            models.CheckConstraint(
                condition=Q(died_on__isnull=True)
                | Q(birth_date__isnull=True)
                | Q(died_on__gte=F("birth_date")),
                name="person_died_after_birth",
            ),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^0[0-9]{9,10}$"), name="person_phone_form"
            ),
            models.CheckConstraint(
                condition=Q(mother__isnull=True) | ~Q(mother=F("id")), name="person_not_own_mother"
            ),
            models.CheckConstraint(
                condition=Q(father__isnull=True) | ~Q(father=F("id")), name="person_not_own_father"
            ),
        ]
        indexes = [
            # The search box: selective words.
            GinIndex(fields=["search"], name="person_search"),
            # The search box: broad words walk this in order; lists of a station.
            models.Index(fields=["station", "sort_key", "id"], name="person_station_sort"),
            # How many people each station has, counted for a whole province without a look at its people.
            models.Index(
                fields=["station"],
                name="person_counted",
                condition=Q(life_status=LifeStatus.ALIVE, merged_into__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope, "")
        known = Q(station_id__in=scope.facility_ids) | Q(pk__in=treated_ids(scope))
        return or_opened(known, scope, Q(pk__in=scope.opened))

    @property
    def knows_no_allergy(self) -> bool:
        """Whether she was asked and knew of none, and none was noted since."""
        return self.no_allergy_on is not None and self.no_allergy_until is None

    @property
    def birth_year(self) -> int | None:
        return self.birth_date.year if self.birth_date else None

    def age_days(self, on: dt.date) -> int | None:
        """Days lived on that day; None when the birth is unknown or later."""
        if self.birth_date is None or on < self.birth_date:
            return None
        return (on - self.birth_date).days

    @property
    def age(self) -> str:
        """The age as people say it, today or on the day of death."""
        on = self.died_on or timezone.localdate()
        return words.age_words(self.birth_date, on, self.birth_precision) or "không rõ tuổi"

    @property
    def birth_words(self) -> str:
        """'05/03/1990', '03/1990' or '1990', as much as is known."""
        return words.partial_date_words(self.birth_date, self.birth_precision) or "không rõ"

    def set_keys(self, codes: list[str]) -> None:
        """Makes `sort_key` and `tokens`; `codes` are the numbers of her identifiers and cards."""
        self.sort_key = sort_key(self.full_name)
        words = tokens(
            self.full_name, birth_year=self.birth_year, phone=self.phone, codes=[self.code, *codes]
        )
        before = " ".join(tokens(name) for name in self.former_names)
        self.tokens = " ".join(dict.fromkeys(f"{words} {before}".split()))


def treated_ids(scope: Scope) -> models.QuerySet:
    """People outside the catchment who are, or lately were, under treatment at the scope's facilities."""
    from apps.patients.models.projections import TreatingAccess

    return TreatingAccess.objects.filter(
        facility_id__in=scope.facility_ids, until__gte=timezone.localdate()
    ).values("person_id")


def of_visible_person(scope: Scope) -> Q:
    """The scope of every row that hangs on a person."""
    if scope.hamlet_ids is not None:
        return in_hamlets(scope)
    known = Q(person__station_id__in=scope.facility_ids) | Q(person_id__in=treated_ids(scope))
    return or_opened(known, scope, Q(person_id__in=scope.opened))


def in_hamlets(scope: Scope, person: str = "person__") -> Q:
    """The people of a scope of some hamlets: who lives there, and of one's own station. Whom the station
    treats, or somebody has opened in an emergency, is not among them.
    """
    return Q(
        **{
            f"{person}station_id__in": scope.facility_ids,
            f"{person}hamlet_id__in": scope.hamlet_ids or frozenset(),
        }
    )


def or_opened(known: Q, scope: Scope, rows: Q) -> Q:
    """What a scope knows, and `rows` of people it has opened in an emergency; no cost where it has not."""
    return known | rows if scope.opened else known


class AllergyKind(models.TextChoices):
    DRUG = "drug", "Thuốc"
    CHEMICAL = "chemical", "Hóa chất"
    FOOD = "food", "Thực phẩm"
    OTHER = "other", "Khác"


class Certainty(models.TextChoices):
    CONFIRMED = "confirmed", "Chắc chắn"
    SUSPECTED = "suspected", "Nghi ngờ"


class AllergyState(models.TextChoices):
    ACTIVE = "active", "Đang có"
    RESOLVED = "resolved", "Đã hết"
    ENTERED_IN_ERROR = "entered_in_error", "Nhập nhầm"


class Allergy(ScopedModel, BaseModel):
    """What a person must not be given. Never deleted: an entry made by mistake says so."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="allergies")
    kind = models.CharField("loại", max_length=8, choices=AllergyKind.choices, default=AllergyKind.DRUG)
    substance = models.CharField("dị ứng với", max_length=150)
    drug_code = models.CharField("mã thuốc", max_length=40, blank=True)
    reaction = models.CharField("biểu hiện", max_length=200, blank=True)
    certainty = models.CharField(
        "mức độ chắc chắn", max_length=9, choices=Certainty.choices, default=Certainty.CONFIRMED
    )
    noted_on = models.DateField("ngày ghi nhận", null=True, blank=True)
    state = models.CharField(
        "trạng thái", max_length=16, choices=AllergyState.choices, default=AllergyState.ACTIVE
    )

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "dị ứng"
        verbose_name_plural = "dị ứng"
        constraints = [models.CheckConstraint(condition=~Q(substance=""), name="allergy_has_substance")]

    def __str__(self) -> str:
        return self.get_kind_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_visible_person(scope)


class CodeCounter(models.Model):
    """The last number given to a person or household of a station. Gaps are allowed: not a legal number."""

    station = models.ForeignKey("facilities.Facility", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "số thứ tự mã"
        verbose_name_plural = "số thứ tự mã"
        constraints = [models.UniqueConstraint(fields=["station", "kind"], name="code_counter_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.last}"
