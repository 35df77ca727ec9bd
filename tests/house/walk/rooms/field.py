"""Village workers and what they tell the station."""

from tests.house.walk.declaring import Samples, SharedSamples, same

SAMPLES: Samples = {
    "field:history": lambda side: {"pk": side.person.pk},
    "field:household": lambda side: {"pk": side.household.pk},
    "field:tell_of": lambda side: {"pk": side.household.pk, "kind": "death"},
    **same("field:", "proposal withdraw decide refuse", lambda side: {"pk": side.proposal.pk}),
}
SHARED: SharedSamples = {"field:tell": lambda shared: {"kind": "cluster"}}
