"""How far a station is with its ground and its staff, for the go-live list. One query each."""

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from apps.core.registry import Progress
from apps.core.scope import Scope
from apps.facilities.models import AdminUnit, Catchment, Grade, Hamlet, Post, Practitioner

# Whose work asks for a licence (Luật Khám bệnh, chữa bệnh 2023, điều 26).
LICENSED = (Grade.DOCTOR, Grade.ASSISTANT, Grade.TRADITIONAL, Grade.NURSE, Grade.MIDWIFE, Grade.TECHNICIAN)


def hamlets(scope: Scope) -> Progress:
    """The hamlets of the station's commune that are entered."""
    communes = AdminUnit.objects.filter(facilities=scope.workplace_id)
    count = Hamlet.objects.on(timezone.localdate()).filter(commune__in=communes).count()
    return Progress(count, None, f"Đã khai {count} thôn, tổ của xã")


def catchment(scope: Scope) -> Progress:
    """The hamlets of the commune for which somebody cares."""
    today = timezone.localdate()
    communes = AdminUnit.objects.filter(facilities=scope.workplace_id)
    cared = Exists(Catchment.objects.on(today).filter(hamlet=OuterRef("pk")))
    flags = list(Hamlet.objects.on(today).filter(commune__in=communes).values_list(cared, flat=True))
    return Progress(sum(flags), len(flags), f"{sum(flags)} trên {len(flags)} thôn, tổ có cơ sở phụ trách")


def staff(scope: Scope) -> Progress:
    """Who has an account with a post here and has signed in at least once."""
    posts = Post.objects.current(timezone.localdate()).filter(_here(scope))
    begun = set(posts.values_list("user_id", "user__must_change_password"))
    ready = sum(not waiting for _, waiting in begun)
    return Progress(ready, len(begun), f"{ready} trên {len(begun)} tài khoản đã đổi mật khẩu lần đầu")


def practitioners(scope: Scope) -> Progress:
    """Who gives care here, with a licence where the law asks for one; at least one may sign."""
    rows = list(
        Practitioner.objects.on(timezone.localdate())
        .filter(_here(scope), grade__in=LICENSED)
        .values_list("licence_no", "can_sign")
    )
    signers = sum(may for _, may in rows)
    licensed = sum(bool(number) for number, _ in rows)
    told = f"{len(rows)} người, {licensed} có số giấy phép hành nghề, {signers} được ký"
    return Progress(licensed if signers else 0, len(rows), told)


def _here(scope: Scope) -> Q:
    return Q(facility=scope.workplace_id) | Q(facility__part_of=scope.workplace_id)


def page(scope: Scope) -> str:
    """The station's own page, where hamlets, catchments and practitioners are entered."""
    return reverse("facilities:page", args=[scope.workplace_id])
