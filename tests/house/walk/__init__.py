"""The addresses of the house with sample arguments, and two stations that must not see each other.

sides.py makes the stations, rooms/<room>.py declares the arguments of a room's addresses, addresses.py finds
what there is.
"""

from tests.house.walk import rooms
from tests.house.walk.addresses import Address, addresses
from tests.house.walk.declaring import Samples, SharedSamples
from tests.house.walk.sides import (
    FOREIGN_NAME,
    FOREIGN_PLACE,
    OWN_NAME,
    OWN_PLACE,
    Shared,
    Side,
    a_side,
    shared_things,
)

SAMPLES: Samples = rooms.declared("SAMPLES")
SHARED: SharedSamples = rooms.declared("SHARED")
RIGHT_OF_SAMPLE: dict[str, str] = rooms.declared("RIGHT_OF_SAMPLE")

__all__ = [
    "FOREIGN_NAME",
    "FOREIGN_PLACE",
    "OWN_NAME",
    "OWN_PLACE",
    "RIGHT_OF_SAMPLE",
    "SAMPLES",
    "SHARED",
    "Address",
    "Shared",
    "Side",
    "a_side",
    "addresses",
    "shared_things",
]
