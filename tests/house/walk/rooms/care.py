"""Measurements, appointments, programmes."""

from tests.house.walk.declaring import Samples, same

SAMPLES: Samples = {
    **same(
        "care:",
        "measurements growth growth_paper measure said make enrol",
        lambda side: {"pk": side.person.pk},
    ),
    "care:series": lambda side: {"pk": side.person.pk, "key": "can-nang"},
    **same(
        "care:",
        "correct confirm",
        lambda side: {"pk": side.person.pk, "measurement": side.measurement.pk},
    ),
    **same(
        "care:",
        "enrolment enrolment_end enrolment_reopen enrolment_error",
        lambda side: {"pk": side.enrolment.pk},
    ),
    **same("care:", "move cancel call", lambda side: {"pk": side.appointment.pk}),
    "measurements-detail": lambda side: {"pk": side.measurement.pk},
}
