"""A small FHIR R4 receiver for tests and for the demo.

It stands for a provincial warehouse: it takes transaction Bundles, checks them, keeps what it got and can be
told to misbehave in every way a real one does. It is its own program (`python -m tests.receiver --port N`),
never imported by the product, and binds to loopback only.
"""
