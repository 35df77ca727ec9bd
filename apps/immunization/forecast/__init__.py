"""Which doses a person has had, and what is due when: the profile VN-EPI-REF-1. Pure.

No Vietnamese text fixes how ages and intervals are counted; the profile decides, always for the safer side,
and everything that may change (series, slots, products, spans) is data: `schedule.read`.

    spans.py     28d, 6w, 2m, 7y, and the day on which they are over
    schedule.py  series, slots and vaccines out of the shipped tables
    judging.py   which doses of a history count in a series, and why the others do not
    coming.py    the next dose of a series: its dates and its status
    whole.py     a person's whole forecast
"""

from apps.immunization.forecast.coming import Coming
from apps.immunization.forecast.judging import Invalid
from apps.immunization.forecast.schedule import Schedule, read
from apps.immunization.forecast.whole import Dose, Forecast, Person, Pregnancy, forecast

__all__ = [
    "Coming",
    "Dose",
    "Forecast",
    "Invalid",
    "Person",
    "Pregnancy",
    "Schedule",
    "forecast",
    "read",
]
