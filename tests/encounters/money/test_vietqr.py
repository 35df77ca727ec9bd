"""VietQR: what is built is what a banking app reads; what is broken is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.rules import BadInput, evaluate
from apps.encounters.money import vietqr

PUBLISHED = (
    "00020101021238560010A0000007270126000697041501121133666688880208QRIBFTTA"
    "53037045405790005802VN62220818Ung Ho Quy Vac Xin63043ACF"
)
GOOD = {
    "bank_bin": "970415",
    "account": "113366668888",
    "service": "QRIBFTTA",
    "amount": 79000,
    "purpose": "Ung Ho Quy Vac Xin",
}
letters = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=1)


def sealed(body: str) -> str:
    """A payload with the right CRC, whatever it says."""
    body += "6304"
    return f"{body}{vietqr.crc(body.encode()):04X}"


def test_it_works():
    assert evaluate("payments.vietqr_build", GOOD) == {"payload": PUBLISHED}
    assert evaluate("payments.vietqr_parse", {"payload": PUBLISHED}) == GOOD | {"crc_ok": True}


def test_the_check_value_of_the_crc():
    assert vietqr.crc(b"123456789") == 0x29B1


@given(
    bank_bin=st.from_regex(r"[0-9]{6}", fullmatch=True).filter(str.isascii),
    account=letters.filter(lambda text: len(text) <= 19),
    service=st.sampled_from(vietqr.SERVICES),
    amount=st.none() | st.integers(1, 10**13 - 1),
    purpose=st.text(max_size=25),
)
def test_what_is_built_is_read_again(bank_bin, account, service, amount, purpose):
    said = vietqr.ascii_words(purpose)
    payload = vietqr.build(
        bank_bin=bank_bin, account=account, service=service, amount=amount, purpose=said[:25].strip()
    )
    assert payload.isascii()
    read = vietqr.parse(payload)
    assert read == vietqr.Payment(bank_bin, account, service, amount, said[:25].strip(), True)


@given(st.integers(0, len(PUBLISHED) - 1), st.sampled_from("0123456789ABCX"))
def test_one_changed_sign_is_seen(at, sign):
    changed = PUBLISHED[:at] + sign + PUBLISHED[at + 1 :]
    try:
        read = vietqr.parse(changed)
    except vietqr.BadQr:
        return
    assert read.crc_ok == (changed == PUBLISHED)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        vietqr.parse(text)
    except vietqr.BadQr as bad:
        assert bad.field == "payload"


def test_without_an_amount_it_is_static():
    payload = evaluate("payments.vietqr_build", GOOD | {"amount": None})["payload"]
    assert payload.startswith("000201010211")
    assert "5405" not in payload
    assert evaluate("payments.vietqr_parse", {"payload": payload})["amount"] is None


def test_the_purpose_is_folded_and_then_measured():
    build = {"purpose": "Ủng hộ   Quỹ Vắc-xin Đợt 1"}
    payload = evaluate("payments.vietqr_build", GOOD | build)["payload"]
    assert "Ung ho Quy Vac-xin Dot 1" in payload
    assert "62" not in evaluate("payments.vietqr_build", GOOD | {"purpose": None})["payload"][-14:-8]
    long = "Đóng tiền khám bệnh cho cả nhà"  # 30 signs, folded or not
    with pytest.raises(BadInput) as refused:
        evaluate("payments.vietqr_build", GOOD | {"purpose": long})
    assert refused.value.field == "purpose"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bank_bin", "97041"),
        ("bank_bin", "97041a"),
        ("bank_bin", "９７０４１５"),
        ("bank_bin", None),
        ("account", ""),
        ("account", "1" * 20),
        ("account", "11 33"),
        ("service", "QRPUSH"),
        ("amount", 0),
        ("amount", -5),
        ("amount", 79000.5),
        ("amount", True),
        ("amount", "79000"),
        ("amount", 10**13),
        ("purpose", 5),
    ],
)
def test_what_cannot_be_paid_is_refused(field, value):
    with pytest.raises(BadInput) as refused:
        evaluate("payments.vietqr_build", GOOD | {field: value})
    assert refused.value.field == field


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "   ",
        PUBLISHED[:-1],
        PUBLISHED[:-8],
        PUBLISHED + "0",
        PUBLISHED.replace("000201", "010200", 1),
        sealed(PUBLISHED[6:-8]),  # 00 is not there
        sealed(PUBLISHED[6:18] + "000201" + PUBLISHED[18:-8]),  # 00 is not first
        sealed(PUBLISHED[:-8].replace("A000000727", "A000000728")),
        sealed(PUBLISHED[:-8].replace("5303704", "5303840")),
        sealed(PUBLISHED[:-8].replace("5802VN", "5802LA")),
        sealed(PUBLISHED[:-8].replace("QRIBFTTA", "QRPUSHXX")),
        sealed(PUBLISHED[:-8].replace("5405", "5406")),
        sealed(PUBLISHED[:-8] + "5802VN"),  # twice
        "Ủng hộ",
    ],
)
def test_what_is_no_vietqr_is_refused(payload):
    with pytest.raises(BadInput) as refused:
        evaluate("payments.vietqr_parse", {"payload": payload})
    assert refused.value.field == "payload"


def test_a_wrong_crc_is_told():
    assert not evaluate("payments.vietqr_parse", {"payload": PUBLISHED[:-4] + "3ACE"})["crc_ok"]
    assert not evaluate("payments.vietqr_parse", {"payload": PUBLISHED[:-4] + "3acf"})["crc_ok"]
