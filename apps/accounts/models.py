"""Who signs in: users, roles as data, open sessions and the log of sign-ins."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.accounts.rules import username_key
from apps.core.ids import uuid7
from apps.core.models import BaseModel
from apps.core.text import search_key, sort_key


class RoleLevel(models.TextChoices):
    STATION = "station", "Trạm y tế"
    REGION = "region", "Khu vực"
    PROVINCE = "province", "Tỉnh"


class Role(BaseModel):
    """What a post at a facility may do: function x action, as data.

    Shipped in fixtures/roles.csv and refreshed by each release, or made by the province from one of those
    (`based_on`; apps/facilities/roles.py).
    """

    code = models.SlugField("mã", max_length=40, unique=True)
    name = models.CharField("tên vai trò", max_length=120)
    level = models.CharField("cấp", max_length=10, choices=RoleLevel.choices)
    rights = ArrayField(models.CharField(max_length=60), verbose_name="quyền", default=list)
    hands_on = ArrayField(
        models.CharField(max_length=60),
        verbose_name="quyền được giao cho người khác dù mình không giữ",
        default=list,
        blank=True,
    )
    order = models.PositiveSmallIntegerField("thứ tự", default=100)
    based_on = models.ForeignKey(
        "self", verbose_name="lập từ", null=True, blank=True, on_delete=models.PROTECT, related_name="made"
    )
    is_active = models.BooleanField("đang dùng", default=True)
    # Its holders see the people of the hamlets given with their post, and nobody without one.
    by_hamlet = models.BooleanField("chỉ trong thôn được giao", default=False)

    class Meta:
        verbose_name = "vai trò"
        verbose_name_plural = "vai trò"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username_key(username or ""))

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """For `manage.py createsuperuser`: the first account of an installation."""
        user = self.model(username=username_key(username), is_staff=True, is_superuser=True, **fields)
        user.full_name = user.full_name or user.username
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, BaseModel):
    """One person who signs in. What she may do comes from her posts, never from here."""

    username = models.CharField(
        "tên đăng nhập",
        max_length=40,
        unique=True,
        error_messages={"unique": "Tên đăng nhập này đã có người dùng."},
    )
    full_name = models.CharField("họ và tên", max_length=120)
    sort_key = models.CharField(max_length=400, editable=False, default="")
    search_key = models.CharField(max_length=200, editable=False, default="")
    phone = models.CharField("điện thoại", max_length=20, blank=True)
    is_active = models.BooleanField("đang hoạt động", default=True)
    is_staff = models.BooleanField("vào trang quản trị", default=False)
    is_superuser = models.BooleanField("quản trị hệ thống", default=False)
    must_change_password = models.BooleanField("phải đổi mật khẩu", default=False)
    slip_expires_at = models.DateTimeField("phiếu đăng nhập hết hạn lúc", null=True, blank=True)
    max_sessions = models.PositiveSmallIntegerField(
        "số phiên cùng lúc", null=True, blank=True, help_text="Để trống: theo tham số chung."
    )
    created_by_id = models.UUIDField(null=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = "tài khoản"
        verbose_name_plural = "tài khoản"
        indexes = [
            # The list of accounts, by name in Vietnamese order.
            models.Index(fields=["sort_key", "id"], name="user_sort"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the derived keys true to the name."""
        self.set_keys()
        fields = kwargs.get("update_fields")
        if fields is not None and "full_name" in fields:
            kwargs["update_fields"] = {*fields, "sort_key", "search_key"}
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """The keys by which the account is sorted and found."""
        self.sort_key = sort_key(self.full_name)[:400]
        self.search_key = search_key(f"{self.full_name} {self.username}")[:200]

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split()[-1] if self.full_name else self.username

    def slip_is_over(self) -> bool:
        """A slip's password that was not changed within its hours opens nothing any more."""
        return (
            self.must_change_password
            and self.slip_expires_at is not None
            and self.slip_expires_at <= timezone.now()
        )

    # Rights are asked of the scope (core.access, core.admin); Django's own permissions open nothing.
    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class SignInKind(models.TextChoices):
    SUCCESS = "success", "Đăng nhập"
    WRONG = "wrong", "Sai mật khẩu"
    LOCKED = "locked", "Bị tạm khóa"
    SLIP_OVER = "slip_over", "Phiếu đăng nhập quá hạn"
    DISABLED = "disabled", "Tài khoản đã ngừng"
    SIGN_OUT = "sign_out", "Đăng xuất"
    IDLE = "idle", "Tự khóa vì không thao tác"
    TOO_LONG = "too_long", "Hết phiên vì quá thời gian"
    REPLACED = "replaced", "Phiên bị kết thúc do đăng nhập nơi khác"
    ENDED = "ended", "Kết thúc phiên ở máy khác"
    LEFT = "left", "Hết vị trí công tác"
    CODE_WRONG = "code_wrong", "Sai mã xác thực"
    RECOVERY = "recovery", "Dùng mã dự phòng"
    PIN = "pin", "Vào bằng mã PIN"
    PIN_WRONG = "pin_wrong", "Sai mã PIN"
    SCREEN_LOCKED = "screen", "Khóa màn hình"
    PASSWORD = "password", "Đổi mật khẩu"


class SignInEvent(models.Model):
    """One line of the sign-in log. Never a password, and never a typed name that belongs to nobody."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField("lúc", default=timezone.now, editable=False)
    user = models.ForeignKey(
        User, verbose_name="tài khoản", null=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField("việc", max_length=12, choices=SignInKind.choices)
    address = models.GenericIPAddressField("địa chỉ máy", null=True)
    agent = models.CharField("trình duyệt", max_length=200, blank=True)

    class Meta:
        verbose_name = "lần đăng nhập"
        verbose_name_plural = "nhật ký đăng nhập"
        ordering = ["-at"]
        indexes = [
            # An account's page: its last sign-ins.
            models.Index(fields=["user", "-at"], name="sign_in_user"),
            # The log of all accounts of a place, newest first.
            models.Index(fields=["-at", "-id"], name="sign_in_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {timezone.localtime(self.at):%d/%m/%Y %H:%M}"


class OpenSession(models.Model):
    """A session that may still be open, so that sessions can be counted and ended by account."""

    session_key = models.CharField(primary_key=True, max_length=40)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="open_sessions")
    started_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "phiên đang mở"
        verbose_name_plural = "phiên đang mở"
        indexes = [
            # The sessions of an account, oldest first, at each sign-in.
            models.Index(fields=["user", "started_at"], name="open_session_user"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.started_at):%d/%m/%Y %H:%M}"


class Totp(BaseModel):
    """The code app of an account. The secret itself stands nowhere: see totp.py."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="totp")
    nonce = models.CharField(max_length=60, editable=False)
    last_step = models.BigIntegerField(default=0, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    blocked_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "ứng dụng mã xác thực"
        verbose_name_plural = "ứng dụng mã xác thực"

    def __str__(self) -> str:
        return f"{timezone.localtime(self.created_at):%d/%m/%Y}"


class RecoveryCode(BaseModel):
    """One of the printed codes that stand in for the app, once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "mã dự phòng"
        verbose_name_plural = "mã dự phòng"

    def __str__(self) -> str:
        return "đã dùng" if self.used_at else "chưa dùng"


class TotpReset(BaseModel):
    """'Her app is lost', said by one person and confirmed by another."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="totp_resets")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField("lý do", max_length=300)
    expires_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "báo mất ứng dụng mã"
        verbose_name_plural = "báo mất ứng dụng mã"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None)
                | ~models.Q(confirmed_by=models.F("asked_by")) & ~models.Q(confirmed_by=models.F("user")),
                name="totp_reset_two_people",
            )
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.created_at):%d/%m/%Y %H:%M}"


class Workstation(BaseModel):
    """A computer on which somebody has signed in; known by a random cookie whose digest stands here."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    open_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "máy trạm"
        verbose_name_plural = "máy trạm"

    def __str__(self) -> str:
        return str(self.pk)


class WorkstationUser(BaseModel):
    """What a computer knows of one of its users: her PIN there, and what was put aside when she locked."""

    workstation = models.ForeignKey(Workstation, on_delete=models.CASCADE, related_name="users")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="workstations")
    signed_in_at = models.DateTimeField(default=timezone.now)
    pin = models.CharField(max_length=128, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0)
    aside = models.JSONField(default=dict)
    aside_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "người dùng của máy trạm"
        verbose_name_plural = "người dùng của máy trạm"
        constraints = [models.UniqueConstraint(fields=["workstation", "user"], name="workstation_user_once")]

    def __str__(self) -> str:
        return str(self.pk)


class ApiToken(BaseModel):
    """A key by which a program uses the API in its owner's name. The key itself stands nowhere."""

    owner = models.ForeignKey(
        User, verbose_name="người lập", on_delete=models.PROTECT, related_name="api_tokens"
    )
    name = models.CharField("phần mềm dùng mã", max_length=80)
    prefix = models.CharField("đầu mã", max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    rights = ArrayField(models.CharField(max_length=60), verbose_name="quyền")
    facility_id = models.UUIDField()
    expires_at = models.DateTimeField("hết hạn lúc")
    last_used_at = models.DateTimeField("dùng gần nhất", null=True, editable=False)
    last_address = models.GenericIPAddressField("địa chỉ máy", null=True, editable=False)
    revoked_at = models.DateTimeField("thu hồi lúc", null=True, editable=False)

    class Meta:
        verbose_name = "mã truy cập"
        verbose_name_plural = "mã truy cập"
        indexes = [
            # The keys of a unit, newest first, on its page.
            models.Index(fields=["facility_id", "-created_at"], name="api_token_facility"),
        ]

    def __str__(self) -> str:
        return self.name
