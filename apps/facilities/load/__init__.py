"""Loaders of what ships under fixtures/: units before and after 01/07/2025, the demo province."""
