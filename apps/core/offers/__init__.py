"""What rooms may register; the registries themselves stand in core/registry.py."""
