"""The till's pages: one Enter, one receipt; lists, the end of a day, the bank account, who sees what."""

import datetime as dt
import io
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from apps.catalogues.models import ServicePrice
from apps.core.models import GuardedExport, PendingChange
from apps.core.scope import enter
from apps.encounters import services
from apps.encounters.models import BankAccount, CashDay, FeeLine, Receipt, Refund, Visit, VisitFees
from apps.encounters.money import vietqr
from tests.encounters.money.test_ordered import an_order
from tests.encounters.test_papers import text_of
from tests.factories import encounters as make
from tests.factories import money as till
from tests.factories.accounts import a_member, client_of
from tests.factories.money import EXAM, a_receipt
from tests.factories.patients import a_card, a_person, a_station


@pytest.fixture
def nurse(station):
    return client_of(a_member("nurse", station, "thu.lt", "Lê Thị Thu"))


@pytest.fixture
def head(station):
    return client_of(a_member("station_head", station, "minh.nv", "Nguyễn Văn Minh"))


@pytest.fixture
def medic(station):
    return client_of(a_member("doctor", station, "binh.tv", "Trần Văn Bình"))


def at(name, *args):
    return reverse(f"encounters:{name}", args=args)


def post(client, name, *args, **said):
    said = {"form_key": str(uuid4()), **said}
    return client.post(at(name, *args), said)


def words(answer):
    return " ".join(answer.content.decode().split())


def an_account(station):
    return BankAccount.unscoped.create(
        facility=station, bank_bin="970415", account="113366668888", holder="TRAM Y TE XA BA TO",
        valid_from=timezone.localdate(), asked_by_name="Minh", approved_by_name="Bình",
    )  # fmt: skip


def test_it_works(nurse, visit, station):
    page = words(nurse.get(at("visit", visit.pk)))
    assert at("bill", visit.pk) in page
    assert 'data-key="F2"' in page
    page = words(nurse.get(at("bill", visit.pk)))
    assert "36.500 đ" in page
    answer = post(nurse, "take", visit.pk, expected=EXAM, how="cash", given="50.000")
    receipt = Receipt.unscoped.get()
    assert answer.url == at("receipt", receipt.pk)
    page = words(nurse.get(answer.url))
    assert 'trả lại <b class="figure-big">13.500 đ</b>' in page
    assert receipt.number in words(nurse.get(at("visit", visit.pk)))
    book = words(nurse.get(at("cash")))
    assert "Nguyễn Thị Hòa" in book
    assert receipt.number in book


def test_a_double_click_takes_money_once(nurse, visit):
    said = {"form_key": str(uuid4()), "expected": EXAM, "how": "cash"}
    first, again = (nurse.post(at("take", visit.pk), said) for _ in range(2))
    assert first.url == again.url
    other = post(nurse, "take", visit.pk, expected=EXAM, how="cash")  # a second tab
    assert other.url == at("bill", visit.pk)
    assert "đã có biên lai" in words(nurse.get(other.url))
    assert Receipt.unscoped.count() == 1


def test_too_little_and_nonsense_come_back_beside_the_field(nurse, visit):
    answer = post(nurse, "take", visit.pk, expected=EXAM, how="cash", given="30.000")
    assert answer.status_code == 422
    assert "còn thiếu 6.500 đ" in words(answer)
    for wrong in ({"given": "nhiều"}, {"given": "-5"}, {"expected": ""}, {"how": "gold"}):
        assert post(nurse, "take", visit.pk, **{"expected": EXAM, "how": "cash"} | wrong).status_code == 422
    assert not Receipt.unscoped.exists()


def test_a_transfer_shows_the_picture_and_is_marked_by_hand(nurse, visit, station):
    an_account(station)
    answer = post(nurse, "take", visit.pk, expected=EXAM, how="transfer")
    receipt = Receipt.unscoped.get()
    page = words(nurse.get(answer.url))
    assert "113366668888" in page
    assert "<svg" in page
    assert receipt.number in words(nurse.get(at("waiting_receipts")))
    page = nurse.get(at("receipt", receipt.pk)).content.decode()
    assert 'value="transfer">' in page, "no key too many books money that nobody has seen"
    paper = text_of(nurse.get(at("receipt_pdf", receipt.pk)).content)
    assert "Quét để chuyển khoản 36.500 đ" in paper
    assert "ĐỀ NGHỊ THANH TOÁN, CHƯA THU TIỀN" in paper and "BIÊN LAI" not in paper
    done = post(nurse, "receipt_paid", receipt.pk, version=1, method="transfer")
    assert done.url == at("receipt", receipt.pk)
    paid = text_of(nurse.get(at("receipt_pdf", receipt.pk)).content)
    assert "BIÊN LAI THU TIỀN" in paid and "Bản sao" not in paid, "the first of its kind"
    again = post(nurse, "receipt_paid", receipt.pk, version=1, method="cash")
    assert "người khác làm việc" in words(nurse.get(again.url))
    assert Receipt.unscoped.get().method == "transfer"


def test_the_picture_says_the_sum_and_the_number_alone(station, visit, as_head):
    from apps.encounters.money import accounts

    payload = accounts.qr_payload(an_account(station), amount=EXAM, number="2026-000001")
    read = vietqr.parse(payload)
    assert (read.amount, read.purpose, read.account) == (EXAM, "BL 2026-000001", "113366668888")


def test_papers_name_no_disease(nurse, hoa, doctor, station):
    visit = make.a_finished_visit(hoa, doctor, payer="fee")
    receipt = a_receipt(Visit.unscoped.get(pk=visit.pk))
    for query in ("", "?kho=80"):
        paper = text_of(nurse.get(at("receipt_pdf", receipt.pk) + query).content)
        assert "BIÊN LAI THU TIỀN" in paper
        assert receipt.number in paper
        assert "36.500 đ" in paper
        assert "J06" not in paper
        assert "Nhiễm trùng" not in paper
    assert "Bản sao, lần 1" in paper
    book = text_of(nurse.get(at("cash_pdf")).content)
    assert "SỔ QUỸ TIỀN MẶT" in book
    assert "Nguyễn Thị Hòa" in book
    assert "J06" not in book


def test_a_typed_line_and_its_end(nurse, visit):
    said = {"text": "Thay băng", "price": "20.000", "quantity": "1", "reason": "Vết thương"}
    assert post(nurse, "fee_add", visit.pk, **said).status_code == 302
    assert post(nurse, "fee_add", visit.pk, **said | {"reason": ""}).status_code == 422
    line = FeeLine.unscoped.get()
    assert "56.500 đ" in words(nurse.get(at("bill", visit.pk)))
    post(nurse, "fee_drop", line.pk, reason="")
    assert FeeLine.unscoped.get().state == "final"
    post(nurse, "fee_drop", line.pk, reason="Gõ nhầm")
    assert FeeLine.unscoped.get().state == "entered_in_error"


def test_the_head_lets_off_and_the_nurse_does_not(nurse, head, visit):
    said = {"way": "station", "percent": "50", "reason": "Hộ khó khăn", "version": "0"}
    assert post(nurse, "fee_terms", visit.pk, **said).status_code == 403
    assert post(head, "fee_terms", visit.pk, **said | {"reason": ""}).status_code == 422
    assert post(head, "fee_terms", visit.pk, **said).status_code == 302
    assert VisitFees.unscoped.get().relief_by_name == "Nguyễn Văn Minh"
    assert "18.250 đ" in words(nurse.get(at("bill", visit.pk)))


def test_void_and_refund_are_the_heads(nurse, head, visit):
    receipt = a_receipt(visit)
    assert post(nurse, "receipt_void", receipt.pk, version=1, reason="Nhầm").status_code == 403
    assert nurse.get(at("refund", receipt.pk)).status_code == 403
    assert head.get(at("refund", receipt.pk)).status_code == 200
    assert (
        post(head, "refund", receipt.pk, version=1, amount="40.000", method="cash", reason="Trả").status_code
        == 422
    )
    post(head, "refund", receipt.pk, version=1, amount="36.500", method="cash", reason="Trả lại")
    assert Refund.unscoped.get().amount == EXAM
    assert post(head, "receipt_void", receipt.pk, version=2, reason="Nhầm").status_code == 422


def test_a_paid_visit_in_error_is_named_for_refund(nurse, head, visit, station):
    receipt = a_receipt(visit)
    with enter(till.a_scope(station)):
        services.visit_entered_in_error(
            visit_id=visit.pk, expected_version=visit.version, reason="Nhầm người"
        )
    assert receipt.number in words(nurse.get(at("refunds")))
    assert "Cần hoàn 36.500 đ" in words(nurse.get(at("receipt", receipt.pk)))
    assert "cần hoàn tiền" in words(nurse.get("/"))
    post(head, "refund", receipt.pk, version=2, amount="36.500", method="cash", reason="Nhầm người")
    assert receipt.number not in words(nurse.get(at("refunds")))


def test_what_is_unpaid(nurse, visit, hoa, doctor, station):
    free = make.a_visit(a_person(station, "Đinh Văn Bé"), doctor, payer="free")
    assert "Nguyễn Thị Hòa" in words(nurse.get(at("unpaid")))
    assert free.number not in words(nurse.get(at("unpaid")))
    a_receipt(visit)
    assert visit.number not in words(nurse.get(at("unpaid")))


def test_who_left_without_being_examined_owes_no_examination(nurse, visit):
    assert visit.number in words(nurse.get(at("unpaid")))
    Visit.unscoped.filter(pk=visit.pk).update(state="left")
    assert visit.number not in words(nurse.get(at("unpaid")))
    assert "36.500 đ" not in words(nurse.get(at("bill", visit.pk)))


def test_an_insured_who_pays_by_her_card_is_among_the_unpaid(nurse, hoa, doctor):
    card = a_card(hoa, "GD4515112345678", valid_from=None, valid_to=None)
    visit = make.a_visit(hoa, doctor, payer="bhyt", card_id=card.pk)
    till.a_price("KB.TYT", 500_000, valid_from="2026-01-01")
    assert visit.number not in words(nurse.get(at("unpaid")))
    VisitFees.unscoped.create(visit=visit, way="refill")
    assert "100.000 đ" in words(nurse.get(at("unpaid")))


def test_the_end_of_a_day(nurse, head, visit, station):
    a_receipt(visit)
    today = f"{timezone.localdate():%d/%m/%Y}"
    said = {"ngay": today, "co-so": station.pk, "counted": "36.000"}
    assert post(nurse, "cash_close", **said).status_code == 422
    assert post(nurse, "cash_close", **said | {"reason": "Trả nhầm"}).status_code == 302
    day = CashDay.unscoped.get()
    assert post(nurse, "cash_confirm", day.pk, version=1, counted="36.000").status_code == 422  # herself
    assert "Nhận quỹ" in words(head.get(at("cash")))
    assert post(head, "cash_confirm", day.pk, version=1, counted="36.000").status_code == 302
    assert post(head, "cash_reopen", day.pk, version=2, reason="Đếm nhầm").status_code == 422
    assert "Đã xác nhận" in words(nurse.get(at("cash_days")))
    book = load_workbook(io.BytesIO(head.get(at("cash_days_xlsx")).content))
    rows = list(book.active.values)
    assert rows[1][:2] == (today, station.name)
    assert rows[1][7] in ("'-500", "-500")
    assert nurse.get(at("cash_days_xlsx")).status_code == 403


def test_other_cash(nurse, station):
    said = {"co-so": station.pk, "kind": "float_in", "amount": "200.000", "reason": "Tiền lẻ"}
    assert post(nurse, "cash_move", **said).status_code == 302
    assert post(nurse, "cash_move", **said | {"kind": "handed_over", "amount": "300.000"}).status_code == 422
    assert "200.000 đ" in words(nurse.get(at("cash")))


def test_the_bank_account_needs_a_second_person(nurse, head, medic, station):
    today = f"{timezone.localdate():%d/%m/%Y}"
    said = {
        "bank_bin": "970415", "account": "1133 6666 8888", "holder": "TRAM Y TE XA BA TO", "since": today,
        "reason": "Mở tài khoản",
    }  # fmt: skip
    assert post(nurse, "bank_account", **said).status_code == 403
    assert post(head, "bank_account", **said | {"account": "12-34"}).status_code == 422
    assert post(head, "bank_account", **said | {"since": "01/01/2020"}).status_code == 422
    assert post(head, "bank_account", **said).status_code == 302
    change = PendingChange.objects.get()
    assert not BankAccount.unscoped.exists()
    decide = {"form_key": str(uuid4()), "act": "approve"}
    own = head.post(reverse("core:decide", args=[change.pk]), decide | {"form_key": str(uuid4())})
    assert not BankAccount.unscoped.exists(), own.status_code
    medic.post(reverse("core:decide", args=[change.pk]), decide)
    account = BankAccount.unscoped.get()
    assert (account.account, account.asked_by_name) == ("113366668888", "Nguyễn Văn Minh")
    assert account.approved_by_name == "Trần Văn Bình"
    assert "113366668888" in words(nurse.get(at("bank_account")))


def test_the_receipts_leave_as_a_guarded_file(head, nurse, visit, django_capture_on_commit_callbacks):
    a_receipt(visit)
    today = f"{timezone.localdate():%d/%m/%Y}"
    said = {"since": today, "until": today, "reason": "Đối chiếu tháng"}
    assert post(nurse, "cash_days", **said).status_code == 403
    assert post(head, "cash_days", **said | {"reason": ""}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert post(head, "cash_days", **said).status_code == 302
    assert GuardedExport.unscoped.get().state == "ready"


@pytest.fixture
def secret(hoa, doctor):
    """A restricted visit that was paid, and one that waits."""
    visit = make.a_visit(hoa, doctor, payer="fee")
    receipt = a_receipt(visit)
    Visit.unscoped.filter(pk=visit.pk).update(restricted=True, restricted_by=["hiv"], performer=None)
    return receipt


def test_of_a_restricted_visit_the_sum_is_told_and_no_name(nurse, head, secret):
    assert nurse.get(at("receipt", secret.pk)).status_code == 404
    assert nurse.get(at("receipt_pdf", secret.pk)).status_code == 404
    assert nurse.get(at("bill", secret.visit_id)).status_code == 404
    page = words(nurse.get(at("cash")))
    assert secret.number in page
    assert "36.500 đ" in page
    assert "Nguyễn Thị Hòa" not in page
    assert str(secret.pk) not in page
    assert "Nguyễn Thị Hòa" not in text_of(nurse.get(at("cash_pdf")).content)
    assert nurse.get("/api/receipts/").json()["results"] == []
    assert "Nguyễn Thị Hòa" in words(head.get(at("cash")))
    Receipt.unscoped.update(state="waiting")
    assert "Nguyễn Thị Hòa" not in words(nurse.get(at("waiting_receipts")))


def test_another_station_sees_nothing(visit, station):
    receipt = a_receipt(visit)
    there = a_station("21490", "Trạm Y tế xã Ba Vì")
    stranger = client_of(a_member("station_head", there, "lan.vt"))
    for name, pk in (
        ("bill", visit.pk),
        ("receipt", receipt.pk),
        ("receipt_pdf", receipt.pk),
        ("refund", receipt.pk),
    ):
        assert stranger.get(at(name, pk)).status_code == 404
    assert post(stranger, "take", visit.pk, expected=EXAM, how="cash").status_code == 404
    assert stranger.get(f"{at('cash')}?co-so={station.pk}").status_code == 404
    assert receipt.number not in words(stranger.get(at("cash")))
    worker = client_of(a_member("village_worker", station, "thon.vt"))
    assert worker.get(at("cash")).status_code == 403


@pytest.mark.parametrize("name", ["cash", "unpaid", "waiting_receipts", "refunds", "cash_days"])
def test_a_list_costs_the_same_for_two_and_for_twenty(nurse, station, doctor, name):
    def more(count):
        for _ in range(count):
            visit = make.a_visit(a_person(station, "Đinh Văn Bé"), doctor, payer="fee")
            if name in ("cash", "refunds"):
                a_receipt(visit)
                if name == "refunds":
                    Receipt.unscoped.update(refund_due=True)
            elif name == "waiting_receipts":
                a_receipt(visit, method="transfer")
            elif name == "cash_days":
                on = timezone.localdate() - dt.timedelta(days=CashDay.unscoped.count() + 1)
                CashDay.unscoped.create(
                    facility=station, on=on, opening=0, cash_in=0, cash_out=0, closing=0, counted=0,
                    closed_at=timezone.now(), closed_by_name="Thu",
                )  # fmt: skip

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert nurse.get(at(name)).status_code == 200
        return len(queries)

    more(2)
    nurse.get(at(name))
    few = cost()
    more(18)
    assert cost() == few


def test_over_the_api(head, visit):
    receipt = a_receipt(visit)
    (row,) = head.get("/api/receipts/").json()["results"]
    assert (row["number"], row["payable"], row["lines"][0]["text"]) == (receipt.number, EXAM, "Khám bệnh")
    assert "Nguyễn" not in str(row)
    assert head.get("/api/receipts/?state=void").json()["results"] == []


def test_what_has_no_price_is_said_and_never_as_paid(nurse, hoa, doctor, as_nurse):
    card = a_card(hoa, valid_from=None, valid_to=None)
    insured = make.a_visit(hoa, doctor, payer="bhyt", card_id=card.pk)
    page = words(nurse.get(at("bill", insured.pk)))
    assert "BHYT trả toàn bộ" in page and "chưa có giá" not in page
    an_order(insured, price=None, name="Đường máu mao mạch")
    page = words(nurse.get(at("bill", insured.pk)))
    assert "BHYT trả toàn bộ" not in page
    row = page.partition("Đường máu mao mạch <")[2].partition("</tr>")[0]
    assert row.count("chưa tính") == 2 and "chưa có giá" in row
    assert "Cộng các khoản có giá" in page and "khoản chưa có giá thì chưa tính" in page


def test_nothing_priced_at_all_is_not_called_paid(nurse, hoa, doctor, as_nurse):
    ServicePrice.objects.all().delete()
    card = a_card(hoa, valid_from=None, valid_to=None)
    insured = make.a_visit(hoa, doctor, payer="bhyt", card_id=card.pk)
    page = words(nurse.get(at("bill", insured.pk)))
    assert "BHYT trả toàn bộ" not in page and "Chưa khoản nào có giá" in page
