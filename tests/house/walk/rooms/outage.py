"""Paper for the hour without a line."""

from tests.house.walk.declaring import Samples, SharedSamples, same

SAMPLES: Samples = {
    **same("outage:", "slips pack", lambda side: {"pk": side.slip.pack_id}),
    "outage:slip": lambda side: {"code": side.slip.code},
}
SHARED: SharedSamples = same("outage:", "enter row", lambda shared: {"kind": "kham"})
