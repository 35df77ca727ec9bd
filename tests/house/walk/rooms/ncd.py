"""Hypertension and diabetes."""

from tests.house.walk.declaring import Samples, same

SAMPLES: Samples = {
    "ncd:take_in": lambda side: {"visit_pk": side.visit.pk},
    **same(
        "ncd:",
        "follow said refill",
        lambda side: {"visit_pk": side.visit.pk, "pk": side.enrolment.pk},
    ),
    **same("ncd:", "form amend", lambda side: {"pk": side.form.pk}),
    "follow-ups-detail": lambda side: {"pk": side.form.pk},
}
