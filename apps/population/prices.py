"""What the demo's province is said to pay for what a station orders. The real list of the province is not
known: the prices are those that are public of another province, marked as invented.
"""

from datetime import date

from apps.catalogues import codes
from apps.catalogues.models import Confidence, ServicePrice
from apps.encounters.models import Payer
from apps.encounters.ordering.catalogue import SERVICES
from apps.facilities.models import AdminUnit, UnitLevel

SOURCE = "Giá giả định của bản demo, theo bảng giá BHYT công khai của một tỉnh khác"


def prices(province_code: str, on: date) -> int:
    """A price of the insurance for each usual order that has none there, from the year's first day on; where
    new catalogues have ended such a list, from `on`. How many were written.
    """
    province = AdminUnit.objects.on(on).filter(level=UnitLevel.PROVINCE, code=province_code).first()
    if province is None:
        return 0
    usual = [row.code for row in codes.rows(SERVICES)]
    known = ServicePrice.objects.on(on).filter(service_id__in=usual, payer=Payer.BHYT)
    here = set(known.filter(area__in=("", province.name)).values_list("service_id", flat=True))
    ended = ServicePrice.objects.filter(area=province.name, source=SOURCE).exists()
    elsewhere = {row.service_id: row for row in known.exclude(area="").order_by("service_id", "-area")}
    made = ServicePrice.objects.bulk_create(
        ServicePrice(
            service_id=code,
            price=row.price,
            payer=Payer.BHYT,
            area=province.name,
            valid_from=on if ended else on.replace(month=1, day=1),
            source=SOURCE,
            confidence=Confidence.LOCAL,
            folded=row.folded,
            tokens=row.tokens,
        )
        for code, row in elsewhere.items()
        if code not in here
    )
    return len(made)
