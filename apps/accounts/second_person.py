"""A second person at a computer where another works: shown by her password, or by her PIN of that computer.

No session is opened and nothing of the other's is touched; what she then does runs under her own name.
"""

import re

from django.http import HttpRequest

from apps.accounts import gate, second_factor, services, workstation
from apps.accounts.models import SignInKind, User
from apps.accounts.rules import username_key
from apps.core.errors import Refused

FIELD = "second_secret"
NEEDS_CODE = "Tài khoản này phải xác thực hai bước: hãy tự đăng nhập rồi xác nhận."
LOCKED = "Tài khoản này bị tạm khóa vì sai nhiều lần. Hãy chờ, hoặc nhờ người khác."
FIRST_TIME = "Tài khoản này chưa đổi mật khẩu lần đầu: hãy tự đăng nhập một lần trước."


def confirm(*, request: HttpRequest, username: str, secret: str) -> User:
    """The account of a right name and secret. Raises Refused beside the box of the secret.

    Six digits are her PIN where she has one at this computer; everything else is her password. Wrong tries
    count as they do at the door.
    """
    user = User.objects.filter(username=username_key(username)).first()
    try:
        if user is not None and re.fullmatch(r"[0-9]{6}", secret) and workstation.pin_of(request, user):
            workstation.pin_confirm(request=request, user=user, pin=secret)
            if not user.is_active or gate.left(user):
                services.event_log(request, SignInKind.DISABLED, user)
                raise Refused(workstation.SIGN_IN_FULLY)
        else:
            user = services.credentials_check(request=request, username=username, password=secret)
            if second_factor.of(user) is not None or gate.needs_code(user):
                raise Refused(NEEDS_CODE)
        if user.must_change_password:
            raise Refused(FIRST_TIME)
    except Refused as refused:
        if getattr(request, "axes_locked_out", False):
            # The other's name is locked out, not whoever is signed in here: her page goes on.
            request.axes_locked_out = False  # type: ignore[attr-defined]  # read by the middleware of axes
            raise Refused(LOCKED, field=FIELD, code="second-secret") from refused
        raise Refused(refused.message, field=FIELD, code="second-secret") from refused
    return user
