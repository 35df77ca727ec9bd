"""FHIR R4: a transaction Bundle a record, conditional updates, one base address."""
