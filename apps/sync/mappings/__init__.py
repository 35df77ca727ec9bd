"""What travels, as pure functions: frozen dataclasses in, FHIR R4 resources out. No Django, no clock."""
