"""The store."""

from apps.stock.models import DocumentLine
from tests.house.walk.declaring import Samples, SharedSamples, same
from tests.house.walk.sides import Side


def line(side: Side) -> DocumentLine:
    return DocumentLine.unscoped.get(document=side.stock)


SAMPLES: Samples = {
    **same(
        "stock:",
        "paper head row post take_back drop sheet file again",
        lambda side: {"pk": side.stock.pk},
    ),
    **same("stock:", "item item_change card", lambda side: {"pk": line(side).item_id}),
    "stock:lot": lambda side: {"pk": line(side).lot_id},
    "stock:place_change": lambda side: {"pk": side.stock.location_id},
    "stock-detail": lambda side: {"pk": line(side).item_id},
}
SHARED: SharedSamples = {"stock:begin": lambda shared: {"kind": "nhap"}}
