"""Numbers under which others know a person, each for as long as it holds."""

from django.db import models
from django.db.models import Q

from apps.core.models import ScopedDatedModel
from apps.core.scope import Scope, ScopedModel
from apps.patients.models.person import Person, in_hamlets, of_visible_person


class IdentifierKind(models.TextChoices):
    CCCD = "cccd", "Số định danh cá nhân (CCCD)"
    CMND = "cmnd", "CMND 9 số"
    BHXH = "bhxh", "Mã số BHXH"
    BHYT = "bhyt", "Số thẻ BHYT"
    PASSPORT = "passport", "Hộ chiếu"
    TEMPORARY = "temporary", "Mã tạm"
    OTHER = "other", "Giấy tờ khác"
    FORMER = "former", "Mã người ở trạm cũ"  # written by a reform of stations alone


ONE_AT_A_TIME = ["cccd", "bhyt"]


class Identifier(ScopedDatedModel):
    """A number of a person. Only current rows must be alone: numbers are cancelled and issued anew."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.CharField("loại giấy tờ", max_length=9, choices=IdentifierKind.choices)
    value = models.CharField("số", max_length=40)
    issuer = models.CharField("nơi cấp", max_length=150, blank=True)
    country = models.CharField("nước cấp", max_length=2, default="VN")
    issued_on = models.DateField("ngày cấp", null=True, blank=True)
    source = models.CharField("nguồn", max_length=10, default="typed")
    # A wrong number was typed: it never was hers, and she is still found by it.
    in_error = models.BooleanField("ghi nhầm", default=False, db_default=False, editable=False)
    end_reason = models.CharField(
        "lý do hết hiệu lực", max_length=300, blank=True, db_default="", editable=False
    )

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "giấy tờ"
        verbose_name_plural = "giấy tờ"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "value"],
                condition=Q(valid_to__isnull=True, kind__in=ONE_AT_A_TIME),
                name="identifier_one_holder",
            ),
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(valid_to__isnull=True, kind__in=ONE_AT_A_TIME),
                name="identifier_one_current",
            ),
            models.CheckConstraint(condition=~Q(value=""), name="identifier_has_value"),
            models.CheckConstraint(
                condition=Q(in_error=False) | Q(valid_to__isnull=False), name="identifier_error_has_ended"
            ),
            models.CheckConstraint(
                condition=~Q(kind="cccd") | Q(value__regex=r"^[0-9]{12}$"), name="identifier_cccd_form"
            ),
        ]
        indexes = [
            # Somebody shows a number, perhaps an old one: whose is it.
            models.Index(fields=["value", "kind"], name="identifier_value"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        if scope.hamlet_ids is not None:
            return in_hamlets(scope)
        # A station that only treats her needs her insurance card, not her papers.
        return Q(person__station_id__in=scope.facility_ids)


class InsuranceCard(ScopedDatedModel):
    """A health-insurance card (thẻ BHYT) and the days on which it is good.

    `number` is the full 15 characters, or the 10- or 12-digit key by which the gateway is asked while
    the full number is unknown; object and level are empty then.
    """

    # Found by the constraint on (person, number, day).
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="cards", db_index=False)
    number = models.CharField("số thẻ BHYT", max_length=15)
    object_code = models.CharField("mã đối tượng", max_length=2, blank=True)
    level = models.PositiveSmallIntegerField("mức hưởng", null=True, blank=True)
    registered_facility_code = models.CharField("nơi đăng ký ban đầu", max_length=5, blank=True)
    five_year_on = models.DateField("đủ 5 năm liên tục từ", null=True, blank=True)
    area_code = models.CharField(
        "khu vực",
        max_length=2,
        blank=True,
        choices=[("K1", "K1"), ("K2", "K2"), ("K3", "K3")],
    )
    source = models.CharField("nguồn", max_length=10, default="typed")

    class Meta(ScopedModel.Meta):
        abstract = False
        verbose_name = "thẻ BHYT"
        verbose_name_plural = "thẻ BHYT"
        constraints = [
            models.CheckConstraint(
                condition=Q(number__regex=r"^([A-Z]{2}[1-5][0-9]{12}|[0-9]{10}|[0-9]{12})$"),
                name="card_number_form",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gte=models.F("valid_from")),
                name="card_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["person", "number", "valid_from"], name="card_once", nulls_distinct=False
            ),
        ]
        indexes = [
            # A card is shown: whose is it.
            models.Index(fields=["number"], name="card_number"),
        ]

    def __str__(self) -> str:
        return "thẻ BHYT"

    @classmethod
    def scope_q(cls, scope: Scope) -> Q:
        return of_visible_person(scope)
