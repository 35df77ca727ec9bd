"""A small receiver for tests and for the demo: FHIR R4, XML of QĐ 831 and national systems, at one address.

It stands for a provincial warehouse, the system of prescriptions and the data axis for check-ups: it takes
transaction Bundles under /fhir, the rest under /api, checks them, keeps what it got and can be told to
misbehave in every way a real one does, in each manner. It is its own program
(`python -m tests.receiver --port N`), never imported by the product, and binds to loopback only.
"""
