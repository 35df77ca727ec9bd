"""What the sick-child form asks, group by group in the order of the chart (WHO IMCI 2014; the wording of the
Vietnamese chart 'Xử trí lồng ghép các bệnh thường gặp ở trẻ em' from memory, confidence medium). Pure.

Answers are {sign's key: text}: 'yes' of a tick, a number of days, the key of a choice. What is not ticked is
not there: it was not found, or not looked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CHILD, INFANT = "child", "infant"
INFANT_MONTHS, CHILD_MONTHS = (
    2,
    60,
)  # the chart's own: a form of its own under two months, none from five years
BOX = "imci-"  # before a sign's key: the name of its box in a form
YES = "yes"
LONGEST_DAYS = 365

TITLES = {CHILD: "Trẻ từ 2 tháng đến dưới 5 tuổi", INFANT: "Trẻ dưới 2 tháng"}


@dataclass(frozen=True)
class Sign:
    """One thing that is asked or looked for: a tick, a number of days, or one of `choices` {key: words}."""

    key: str
    title: str
    kind: str = "tick"
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def box(self) -> str:
        return BOX + self.key


@dataclass(frozen=True)
class Group:
    """A box of the chart; `also` names what is taken from the vital signs of the same visit. `asks_first`:
    the chart goes on to the next box where its first sign is not there.
    """

    key: str
    title: str
    signs: tuple[Sign, ...]
    also: str = ""
    asks_first: bool = False


def _days(key: str, title: str) -> Sign:
    return Sign(key, title, "days")


NO_DANGER = Sign("no_danger", "Đã tìm, không có dấu hiệu nào")
PINCH = Sign("pinch", "Nếp véo da", "choice", {"slow": "mất chậm", "very_slow": "mất rất chậm (trên 2 giây)"})
BLOOD = Sign("blood", "Có máu trong phân")
RESTLESS = Sign("restless", "Vật vã, kích thích")
SUNKEN = Sign("sunken_eyes", "Mắt trũng")
DIARRHOEA = (Sign("diarrhoea", "Tiêu chảy"), _days("diarrhoea_days", "mấy ngày"), BLOOD, RESTLESS, SUNKEN)
VACCINES = Sign("vaccines", "Tiêm chủng chưa đủ theo tuổi")

CHILD_GROUPS = (
    Group(
        "danger",
        "Dấu hiệu nguy hiểm toàn thân",
        (
            Sign("unable_drink", "Không uống được hoặc bỏ bú"),
            Sign("vomits_all", "Nôn tất cả mọi thứ"),
            Sign("convulsed", "Đã co giật trong đợt bệnh này"),
            Sign("convulsing", "Đang co giật"),
            Sign("lethargic", "Li bì hoặc khó đánh thức"),
            NO_DANGER,
        ),
    ),
    Group(
        "cough",
        "Ho hoặc khó thở",
        (
            Sign("cough", "Ho hoặc khó thở"),
            _days("cough_days", "mấy ngày"),
            Sign("indrawing", "Rút lõm lồng ngực"),
            Sign("stridor", "Thở rít khi nằm yên"),
            Sign("wheeze", "Khò khè"),
        ),
        "nhịp thở, SpO₂",
        asks_first=True,
    ),
    Group(
        "diarrhoea",
        "Tiêu chảy",
        (
            *DIARRHOEA,
            Sign(
                "drinks",
                "Uống nước",
                "choice",
                {"eagerly": "háo hức, khát", "poorly": "không uống được hoặc uống kém"},
            ),
            PINCH,
        ),
        asks_first=True,
    ),
    Group(  # asked through: a temperature that was measured counts as fever too
        "fever",
        "Sốt",
        (
            Sign("fever", "Sốt (mẹ kể, sờ nóng)"),
            _days("fever_days", "mấy ngày"),
            Sign("stiff_neck", "Cổ cứng"),
            Sign("malaria_risk", "Ở hoặc mới đến vùng sốt rét"),
            Sign(
                "malaria_test",
                "Xét nghiệm sốt rét",
                "choice",
                {"positive": "dương tính", "negative": "âm tính"},
            ),
            Sign("measles", "Ban sởi: ban toàn thân kèm ho, chảy mũi hoặc mắt đỏ"),
            Sign("cornea", "Mờ giác mạc"),
            Sign("mouth_deep", "Loét miệng sâu, rộng"),
            Sign("eye_pus", "Chảy mủ mắt"),
            Sign("mouth_ulcers", "Loét miệng"),
            Sign("dengue_risk", "Nơi ở đang có sốt xuất huyết"),
            Sign("bleeding", "Chảy máu mũi, lợi, nôn ra máu, phân đen"),
            Sign("belly", "Đau bụng nhiều, liên tục"),
            Sign("cold_limbs", "Chân tay lạnh ẩm, mạch nhanh yếu"),
            Sign("skin_bleeding", "Chấm xuất huyết dưới da"),
        ),
        "nhiệt độ",
    ),
    Group(
        "ear",
        "Tai",
        (
            Sign("ear", "Có vấn đề ở tai"),
            Sign("ear_pain", "Đau tai"),
            Sign("ear_pus", "Chảy mủ tai"),
            _days("ear_days", "chảy mủ mấy ngày"),
            Sign("mastoid", "Sưng đau sau tai"),
        ),
        asks_first=True,
    ),
    Group(
        "nutrition",
        "Suy dinh dưỡng, thiếu máu",
        (
            Sign("wasted", "Gầy mòn rõ rệt"),
            Sign("no_appetite", "Thử ăn: không ăn hết phần"),
            Sign(
                "pallor",
                "Lòng bàn tay",
                "choice",
                {"none": "không nhợt", "some": "nhợt", "severe": "rất nhợt"},
            ),
        ),
        "cân nặng, chiều dài hoặc cao, vòng cánh tay, phù",
    ),
    Group(
        "feeding",
        "Nuôi dưỡng, tiêm chủng",
        (
            Sign("feed_other", "Dưới 6 tháng mà ăn, uống thêm ngoài sữa mẹ"),
            Sign("feed_few", "Ăn, bú ít bữa hơn theo tuổi"),
            Sign("feed_thin", "Thức ăn loãng, thiếu nhóm chất"),
            Sign("feed_bottle", "Bú bình"),
            Sign("feed_less", "Ăn ít đi khi bệnh"),
            VACCINES,
            Sign("vitamin_a", "Chưa uống vitamin A trong 6 tháng"),
        ),
    ),
)

INFANT_GROUPS = (
    Group(
        "danger",
        "Bệnh rất nặng, nhiễm khuẩn",
        (
            Sign("feeds_poorly", "Bú kém hoặc bỏ bú"),
            Sign("convulsed", "Co giật"),
            Sign("indrawing", "Rút lõm lồng ngực nặng"),
            Sign("grunting", "Thở rên, phập phồng cánh mũi"),
            Sign(
                "movement",
                "Cử động",
                "choice",
                {"stimulated": "chỉ khi kích thích", "none": "không cử động"},
            ),
            Sign("no_urine", "Không đái, không ỉa trong 24 giờ"),
            Sign("umbilicus_spread", "Rốn đỏ lan ra da"),
            Sign("umbilicus", "Rốn đỏ hoặc chảy mủ"),
            Sign("pustules", "Mụn mủ ở da"),
            NO_DANGER,
        ),
        "nhịp thở, nhiệt độ",
    ),
    Group(
        "jaundice",
        "Vàng da",
        (
            Sign("jaundice", "Vàng da hoặc mắt"),
            Sign("jaundice_first_day", "Vàng từ 24 giờ đầu"),
            Sign("palms", "Vàng cả lòng bàn tay, bàn chân"),
        ),
        asks_first=True,
    ),
    Group("diarrhoea", "Tiêu chảy", (*DIARRHOEA, PINCH), asks_first=True),
    Group(
        "feeding",
        "Bú và cân nặng, tiêm chủng",
        (
            Sign("attach", "Ngậm bắt vú không tốt"),
            Sign("suckle", "Mút không hiệu quả"),
            Sign("few_feeds", "Bú dưới 8 lần trong 24 giờ"),
            Sign("feed_other", "Ăn, uống thêm ngoài sữa mẹ"),
            Sign("not_breastfed", "Không bú mẹ"),
            Sign("thrush", "Tưa miệng"),
            VACCINES,
        ),
        "cân nặng, chiều dài, phù",
    ),
)

GROUPS = {CHILD: CHILD_GROUPS, INFANT: INFANT_GROUPS}
SIGNS = {
    sheet: {sign.key: sign for group in groups for sign in group.signs} for sheet, groups in GROUPS.items()
}
# Of the group of danger, what says that there is one; the local infections of an infant do not.
DANGERS = {
    CHILD: ("unable_drink", "vomits_all", "convulsed", "convulsing", "lethargic"),
    INFANT: (
        *("feeds_poorly", "convulsed", "indrawing", "grunting", "movement", "no_urine"),
        "umbilicus_spread",
    ),
}


@dataclass(frozen=True)
class Wrong:
    """What cannot be, beside the box it stands in."""

    key: str
    sentence: str


def of_age(months: int | None) -> str:
    """The form for an age in completed months; '' where there is none, or no birth date is known."""
    if months is None or not 0 <= months < CHILD_MONTHS:
        return ""
    return INFANT if months < INFANT_MONTHS else CHILD


def tidy(answers: Mapping[str, Any]) -> dict[str, str]:
    """As it is stored: without what is empty; numbers without leading noughts."""
    said = {key: str(value).strip() for key, value in answers.items() if value not in (None, False)}
    return {key: str(int(text)) if _is_number(text) else text for key, text in said.items() if text}


def problems(answers: Mapping[str, str], sheet: str) -> list[Wrong]:
    """What the form of that age does not know, numbers that are none, danger both found and denied."""
    signs, found = SIGNS.get(sheet, {}), []
    for key, text in answers.items():
        sign = signs.get(key)
        if sign is None:
            found.append(Wrong(key, f"Phiếu trẻ bệnh của tuổi này không có mục “{key[:30]}”."))
        elif sign.kind == "days" and not (_is_number(text) and int(text) <= LONGEST_DAYS):
            found.append(
                Wrong(key, f"Số ngày “{text[:10]}” không đọc được: ghi một số từ 0 đến {LONGEST_DAYS}.")
            )
        elif sign.kind == "tick" and text != YES:
            found.append(Wrong(key, f"“{sign.title}”: chỉ đánh dấu hoặc để trống."))
        elif sign.kind == "choice" and text not in sign.choices:
            found.append(Wrong(key, f"“{sign.title}”: không có lựa chọn “{text[:20]}”."))
    if NO_DANGER.key in answers and (there := [key for key in DANGERS.get(sheet, ()) if key in answers]):
        names = ", ".join(signs[key].title.lower() for key in there)
        found.append(Wrong(NO_DANGER.key, f"Vừa ghi không có dấu hiệu nguy hiểm, vừa ghi: {names}. Bỏ một."))
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5


def words(key: str, value: str, sheet: str) -> str:
    """An answer as it is read: 'có', '3 ngày', 'mất chậm'."""
    sign = SIGNS.get(sheet, {}).get(key)
    if sign is None:
        return value
    if sign.kind == "days":
        return f"{value} ngày"
    return sign.choices.get(value, value) if sign.kind == "choice" else "có"


def told(answers: Mapping[str, str], sheet: str) -> list[tuple[str, str]]:
    """What was found, group by group as it is printed: ('Ho hoặc khó thở', 'có, 3 ngày; khò khè')."""
    lines = []
    for group in GROUPS.get(sheet, ()):
        said = [_phrase(sign, answers[sign.key]) for sign in group.signs if sign.key in answers]
        if said:
            lines.append((group.title, "; ".join(said)))
    return lines


def _phrase(sign: Sign, value: str) -> str:
    if sign.kind == "days":
        return (
            f"{value} ngày"
            if sign.title == "mấy ngày"
            else f"{sign.title.replace('mấy ngày', '')}{value} ngày"
        )
    title = sign.title[:1].lower() + sign.title[1:]
    return f"{title} {sign.choices.get(value, value)}" if sign.kind == "choice" else title
