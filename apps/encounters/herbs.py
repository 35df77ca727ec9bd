"""What the list of herbs (yhct_herb) says of one on a day: whether it is toxic, under which code the
insurance pays for it. Dated rows with their confidence, which the province corrects like every catalogue.
"""

import datetime as dt
from dataclasses import dataclass

from apps.catalogues import codes
from apps.stock.keeping import HERBS as HERBS

TOXIC = "toxic"  # as the list marks them
SURE = ("high", "local")
UNPAID = "vị thuốc chưa có mã BHYT (05V) trong danh mục, người bệnh tự trả"


@dataclass(frozen=True)
class Herb:
    """`toxic` in words, empty where it is not; `bhyt_code` empty where the fund pays nothing."""

    toxic: str = ""
    bhyt_code: str = ""


def herb_on(code: str, on: dt.date) -> Herb:
    """What is known of a herb by its code; of one that was typed freely nothing."""
    row = codes.get(HERBS, code, on) if code else None
    if row is None:
        return Herb()
    toxic = "dược liệu độc" if row.extra.get("kind") == TOXIC else ""
    if toxic and row.confidence not in SURE:
        toxic += " (chưa đối chiếu)"
    return Herb(toxic, row.extra.get("bhyt_code", ""))


def paid_count(on: dt.date) -> tuple[int, int]:
    """How many herbs of the list the insurance pays for on a day, and how many there are."""
    listed = [code for code, _ in codes.choices(HERBS, on)]
    return sum(bool(herb_on(code, on).bhyt_code) for code in listed), len(listed)
