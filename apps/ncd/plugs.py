"""What the room of hypertension and diabetes offers to the house."""

from apps.core import registry
from apps.ncd import bench

registry.rules.add(bench.TARGET, bench.CVD_RISK)
