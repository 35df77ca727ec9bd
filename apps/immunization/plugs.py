"""What the room gives to the house."""

from apps.core import registry
from apps.immunization import bench

registry.rules.add(bench.FORECAST)
