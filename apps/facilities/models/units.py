"""Administrative units and hamlets: dated rows; a unit's code means something only together with a date."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q

from apps.core.models import DatedModel
from apps.core.text import search_key


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
        kind, name = self._called_on(on)
        return f"{kind[:1].upper()}{kind[1:]} {name}"

    def name_on(self, on: dt.date) -> str:
        """The name alone that the unit had on that day."""
        return self._called_on(on)[1]

    def _called_on(self, on: dt.date) -> tuple[str, str]:
        for earlier in self.earlier_names:
            if on <= dt.date.fromisoformat(earlier["to"]):
                return earlier["kind"], earlier["name"]
        return self.kind, self.name


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
    # The same hamlet under its former commune, whose row ended the day before this one began.
    came_from = models.ForeignKey(
        "self",
        verbose_name="thuộc xã trước đó",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="became",
    )

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
