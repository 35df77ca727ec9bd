"""What the sync room offers to the house."""

from apps.core import registry
from apps.core.registry import Section

registry.sections.add(Section("sync", "Đồng bộ", 820))
