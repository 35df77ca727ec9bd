"""The station's bank account: asked for by the head, in force once a second person has approved it.

A wrong account sends patients' money to a stranger, so nobody sets it alone.
"""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.catalogues import codes
from apps.core import approvals, audit
from apps.core.dated import replace_open
from apps.core.errors import Refused
from apps.core.models import PendingChange
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import date_words
from apps.encounters.models import BankAccount
from apps.encounters.money import vietqr
from apps.facilities.models import Facility

CHANGE = "money.bank_account"
BANKS = "bank"  # the code list: BIN and name


def bank_name(bank_bin: str) -> str:
    return codes.label(BANKS, bank_bin)


@transaction.atomic
def account_ask(*, bank_bin: str, account: str, holder: str, since: dt.date, reason: str) -> PendingChange:
    """Ask that patients transfer to this account from a day on."""
    scope = current()
    scope.require("money.edit")
    if scope.workplace_id is None:
        raise Refused("Hãy chọn nơi làm việc.")
    account = "".join(clean(account).split()).upper()
    holder = clean(holder)[:150]
    if not codes.exists(BANKS, bank_bin):
        raise Refused("Chọn ngân hàng trong danh sách.", field="bank_bin", code="bank")
    try:
        vietqr.build(bank_bin=bank_bin, account=account, service="QRIBFTTA", amount=None, purpose="")
    except vietqr.BadQr as bad:
        raise Refused(bad.message, field=bad.field, code=bad.code) from bad
    if not holder:
        raise Refused("Ghi tên chủ tài khoản đúng như ngân hàng.", field="holder", code="no-holder")
    if since < timezone.localdate():
        raise Refused("Ngày bắt đầu phải từ hôm nay trở đi.", field="since", code="past")
    if not clean(reason):
        raise Refused("Ghi lý do khai hoặc đổi tài khoản.", field="reason", code="no-reason")
    # unscoped: of the workplace
    now = BankAccount.unscoped.filter(facility_id=scope.workplace_id, valid_to__isnull=True).first()
    if now and now.valid_from and now.valid_from >= since:
        raise Refused(
            f"Đã có tài khoản từ ngày {date_words(now.valid_from)}; chọn ngày sau đó.",
            field="since",
            code="later",
        )
    return approvals.ask(
        CHANGE,
        object_id=scope.workplace_id,
        facility_id=scope.workplace_id,
        title=f"Tài khoản ngân hàng của {scope.label}",
        lines=[
            ("Ngân hàng", bank_name(now.bank_bin) if now else "", bank_name(bank_bin)),
            ("Số tài khoản", now.account if now else "", account),
            ("Chủ tài khoản", now.holder if now else "", holder),
            ("Từ ngày", date_words(now.valid_from) if now else "", date_words(since)),
        ],
        args={"bank_bin": bank_bin, "account": account, "holder": holder, "since": since.isoformat()},
        reason=clean(reason),
    )


def approved(change: PendingChange) -> None:
    """The second person agrees: the account holds from its day on."""
    args = change.args
    since = max(dt.date.fromisoformat(args["since"]), timezone.localdate())
    facility = Facility.objects.get(pk=change.object_id)  # asked for the asker's workplace
    row = BankAccount(
        facility=facility,
        bank_bin=args["bank_bin"],
        account=args["account"],
        holder=args["holder"],
        valid_from=since,
        asked_by_name=change.asked_by_name,
        approved_by_name=current().shown_name,
    )
    # unscoped: approvals has looked whether this scope may decide about the facility
    _replace(facility, row)
    audit.record("money.account_set", object_id=row.pk, facility_id=facility.pk, data={"since": since})


def _replace(facility: Facility, row: BankAccount) -> None:
    # unscoped: of the facility above
    replace_open(facility, BankAccount.unscoped.filter(facility=facility), row)


def qr_payload(account: BankAccount, *, amount: int, number: str) -> str:
    """What a banking app reads: the sum and the receipt's number, nothing about the patient."""
    return vietqr.build(
        bank_bin=account.bank_bin,
        account=account.account,
        service="QRIBFTTA",
        amount=amount,
        purpose=f"BL {number}",
    )


def go_live(facility_id: UUID | None) -> int:
    """How many accounts hold today at a station."""
    if facility_id is None:
        return 0
    today = timezone.localdate()
    # unscoped: of the workplace
    rows = BankAccount.unscoped.filter(facility_id=facility_id, valid_from__lte=today)
    return rows.exclude(valid_to__lt=today).count()
