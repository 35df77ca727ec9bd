"""A small receiver for tests and for the demo: FHIR R4, and XML of QĐ 831, at one address.

It stands for a provincial warehouse: it takes transaction Bundles under /fhir and health records under
/api, checks them, keeps what it got and can be told to misbehave in every way a real one does, in both
manners. It is its own program (`python -m tests.receiver --port N`), never imported by the product, and
binds to loopback only.
"""
