"""Handing over to the next shift."""

from tests.house.walk.declaring import Samples, same

SAMPLES: Samples = same(
    "shifts:",
    "handover take take_here change withdraw handover_paper",
    lambda side: {"pk": side.handover.pk},
)
