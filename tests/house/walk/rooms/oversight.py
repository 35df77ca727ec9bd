"""The auditor's pages."""

from tests.house.walk.declaring import Samples, SharedSamples

SAMPLES: Samples = {
    "oversight:act": lambda side: {"pk": side.act.pk},
    "oversight:look": lambda side: {"pk": side.look.pk},
    "oversight:person": lambda side: {"pk": side.person.pk},
}
SHARED: SharedSamples = {"oversight:export": lambda shared: {"log": "acts"}}
