"""The national system of prescriptions: one request a prescription, which it takes once and keeps."""
