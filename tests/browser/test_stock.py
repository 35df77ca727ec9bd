"""A month of the store: counted in from Excel, received by keyboard, counted, discarded by two, reported."""

import datetime as dt
import io
import subprocess

import pytest
from django.core.management import call_command
from django.utils import timezone
from openpyxl import Workbook

from apps.stock.models import DocumentLine, DocumentState, Lot, StockBalance, StockDocument, StockItem
from tests import places
from tests.factories.accounts import PASSWORD, a_member, client_of
from tests.factories.facilities import a_station

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = ["parameters", "code_lists", "stock_lists", "drugs_commune", "supplies"]


@pytest.fixture
def station(db):
    call_command("load_catalogues", only=LISTS)
    return a_station()


@pytest.fixture
def keeper(station):
    return a_member("pharmacist", station, "duoc.lt", "Lê Thị Dược")


@pytest.fixture
def head(station):
    return a_member("station_head", station, "truong.dv", "Đinh Văn Trường")


def seat(page, live_server, user):
    """The same desk, another hand."""
    value = client_of(user).cookies["tramyte"].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "tramyte", "value": value, "url": live_server.url}])


def ends(months):
    return f"{timezone.localdate() + dt.timedelta(days=30 * months):%m/%Y}"


def list_of_goods():
    """What the station had, as its pharmacist kept it."""
    book = Workbook()
    book.active.append(["Kiểm kê kho thuốc cuối tháng"])
    book.active.append(["Mã", "Tên thuốc", "Số lô", "Hạn dùng", "Số lượng", "ĐVT", "Đơn giá", "Nhà sản xuất"])
    for code, lot, months, count, price in (
        ("TD021.1", "DZ24", 8, 60, 450),
        ("TD008.1", "AC11", 2, 300, 700),
        ("TD010.1", "EP07", 14, 12, 5200),
        ("TD017.1", "AT33", 20, 20, 1100),
    ):
        book.active.append([code, "", lot, ends(months), str(count), "", str(price), "Dược phẩm Hrê"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pick(page, words):
    """Find an item by words without accents; Enter takes the first and goes on."""
    page.wait_for_selector(".picker-box:focus")
    page.keyboard.type(words)
    box = page.evaluate("document.activeElement.id")
    page.wait_for_selector(f"[id='{box}_list'] [role=option]")
    page.wait_for_function(
        "box => document.getElementById(box).dataset.answered === document.getElementById(box).value", arg=box
    )
    page.keyboard.press("Enter")


def fill(page, *cells):
    """Cells of a row in their order: Enter goes on."""
    for name, text in cells:
        page.wait_for_selector(f"[name={name}]:focus")
        page.keyboard.type(text)
        page.keyboard.press("Enter")


def paper_of(page, base, address, name):
    """A PDF as a picture, to be looked at."""
    answer = page.request.get(base + address)
    assert answer.ok, answer.status
    folder = places.SCREENS
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["pdftoppm", "-r", "80", "-png", "-singlefile", "-", str(folder / name)],
        input=answer.body(),
        check=True,
    )


def post_paper(page):
    """Looked at once more, into the book."""
    page.click("text=Xem lại và ghi sổ")
    page.wait_for_selector("button[form=post-form]:focus")
    page.keyboard.press("Control+Enter")


def test_a_month_of_the_store(page, live_server, keeper, head, photograph, axe_clean):
    base = live_server.url
    seat(page, live_server, keeper)

    # Given: the first day, what is there comes out of Excel.
    page.goto(base + "/kho/")
    photograph(page, "stock-empty")
    page.click("text=Ghi tồn đầu kỳ")
    page.wait_for_selector("#head-form input:focus")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-grid]")
    page.click("text=Từ Excel")
    page.set_input_files("input[type=file]", {"name": "kho.xlsx", "mimeType": "application/octet-stream",
                                              "buffer": list_of_goods()})  # fmt: skip
    photograph(page, "stock-file")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã nhập 4 dòng")
    post_paper(page)
    page.wait_for_selector("text=Đã ghi sổ")
    photograph(page, "stock-opening")

    # When: goods come and are written by keyboard alone, seldom columns passed over.
    page.goto(base + "/kho/phieu/moi/nhap/")
    page.wait_for_selector("#head-form input:focus")
    page.fill("[name=partner]", "Trung tâm Y tế khu vực Ba Tơ")
    page.fill("[name=reference]", "HĐ 0001234")
    page.keyboard.press("Control+Enter")
    pick(page, "para 500")
    fill(page, ("lot_number", "PA0726"), ("expiry", ends(18)), ("count", "5"), ("pack", "Hộp 100"),
         ("price", "25000"), ("source", ""))  # fmt: skip
    pick(page, "amoxicilin 500")
    fill(page, ("lot_number", "AM1126"), ("expiry", ends(11)), ("count", "2"), ("pack", "Hộp 100"),
         ("price", "88.000"))  # fmt: skip
    page.keyboard.press("Tab")
    page.wait_for_selector("[name=manufacturer]:focus")
    page.keyboard.type("Imexpharm")
    page.keyboard.press("Enter")
    pick(page, "bong")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("tr[data-state=error] .cell-error")
    photograph(page, "stock-receipt")
    axe_clean(page)
    fill(page, ("lot_number", ""), ("expiry", ""), ("count", "4"))
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => document.querySelectorAll('tr[data-state=saved]').length === 3")
    page.click("text=Xem lại và ghi sổ")
    page.wait_for_selector("button[form=post-form]:focus")
    photograph(page, "stock-post")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đã ghi sổ phiếu nhập kho số PN0001")
    amoxicillin = Lot.unscoped.get(number="AM1126")
    assert (amoxicillin.manufacturer, StockBalance.unscoped.get(lot=amoxicillin).quantity) == (
        "Imexpharm",
        200,
    )
    receipt = StockDocument.unscoped.get(kind="receipt")
    paper_of(page, base, f"/kho/phieu/{receipt.pk}/phieu.pdf", "stock-receipt-paper")

    # Then: the balance tells what is near its end.
    page.goto(base + "/kho/")
    photograph(page, "stock-balances")
    axe_clean(page)

    # When: the shelf is counted blind and one box of Alpha chymotrypsin is missing.
    page.goto(base + "/kho/phieu/moi/kiem-ke/")
    page.wait_for_selector("#head-form input:focus")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-grid] [name=quantity]:focus")
    photograph(page, "stock-count")
    axe_clean(page)
    count = StockDocument.unscoped.get(kind="count")
    for line in DocumentLine.unscoped.filter(document=count).order_by("position"):
        row = f"tr[data-key='{line.pk}']"
        short = line.lot_number == "AC11"
        page.fill(f"{row} [name=quantity]", str(line.expected - 10 if short else line.expected))
        page.fill(f"{row} [name=reason]", "Vỡ, chưa lập biên bản" if short else "")
        page.press(f"{row} [name=reason]", "Control+Enter")
        page.wait_for_selector(f"{row}[data-state=saved]")
    page.click("text=Xem lại và ghi sổ")
    page.wait_for_selector("button[form=post-form]:focus")
    photograph(page, "stock-count-review")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    # A controlled drug stands on the sheet: the head beside her agrees at the same computer.
    page.wait_for_selector("#id_second_name:focus")
    page.keyboard.type("truong")
    page.wait_for_selector("#id_second_name_list .option.is-active")
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=second_secret]:focus")
    page.keyboard.type(PASSWORD)
    photograph(page, "stock-second")
    axe_clean(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Đinh Văn Trường đã xác nhận")
    count.refresh_from_db()
    assert (count.state, count.second_by_name) == (DocumentState.POSTED, "Đinh Văn Trường")
    assert StockBalance.unscoped.get(lot__number="AC11").quantity == 290

    # And: broken Diazepam goes by two names as well, the second at a desk of her own.
    page.goto(base + "/kho/phieu/moi/huy/")
    page.wait_for_selector("#head-form input:focus")
    page.fill("[name=reason]", "Vỡ khi vận chuyển")
    page.keyboard.press("Control+Enter")
    pick(page, "diazepam")
    fill(page, ("lot", "DZ24"), ("count", "10"), ("pack", ""))
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("tr[data-state=saved]")
    post_paper(page)
    page.wait_for_selector("text=Đã gửi người thứ hai")
    photograph(page, "stock-waiting")
    seat(page, live_server, head)
    page.goto(base + "/cho-duyet/")
    page.click("button[value=approve]")
    page.wait_for_selector("text=Đã duyệt")
    discard = StockDocument.unscoped.get(kind="discard")
    assert (discard.posted_by_name, discard.second_by_name) == ("Lê Thị Dược", "Đinh Văn Trường")
    paper_of(page, base, f"/kho/phieu/{discard.pk}/phieu.pdf", "stock-discard-paper")

    # Then: card, balance of the month and the book of controlled drugs agree to the unit.
    seat(page, live_server, keeper)
    diazepam = StockItem.unscoped.get(code="TD021.1")
    page.goto(f"{base}/kho/mat-hang/{diazepam.pk}/")
    assert "50" in page.inner_text(".facts")
    assert page.locator("td", has_text="Lê Thị Dược, Đinh Văn Trường").count() == 1  # both names
    photograph(page, "stock-item")
    axe_clean(page)
    page.goto(base + "/kho/xuat-nhap-ton/?ky=1")
    row = page.locator("tr", has=page.locator("text=Diazepam")).first.inner_text().split()
    assert row[-1] == "50" and "10" in row
    photograph(page, "stock-report")
    axe_clean(page)
    paper_of(page, base, "/kho/xuat-nhap-ton/xuat-nhap-ton.pdf?ky=1", "stock-report-paper")
    page.goto(base + "/kho/xuat-nhap-ton/?ky=1&kiem-soat=1")
    photograph(page, "stock-controlled")
    paper_of(page, base, "/kho/xuat-nhap-ton/so-kiem-soat.pdf?ky=1", "stock-controlled-paper")
    page.goto(base + "/kho/phieu/")
    photograph(page, "stock-papers")
    axe_clean(page)
