"""Stations, hamlets, practitioners; stations that are merged."""

from tests.house.walk.declaring import Samples, same

SAMPLES: Samples = {
    **same(
        "facilities:",
        "page edit point_new hamlet_new practitioner_new",
        lambda side: {"pk": side.station.pk},
    ),
    **same("facilities:", "reform reform_act", lambda side: {"pk": side.reform.pk}),
    **same("facilities:", "hamlet_edit catchment_change", lambda side: {"pk": side.hamlet.pk}),
    "facilities:practitioner_edit": lambda side: {"pk": side.practitioner.pk},
}
# Stations are arranged by the province alone, of whom the catalogues are the sign.
RIGHT_OF_SAMPLE = {"facilities:reform": "catalogues.edit"}
