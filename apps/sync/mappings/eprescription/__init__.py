"""The prescriptions of a visit as the national system of prescriptions takes them (QĐ 808/QĐ-BYT 2022)."""
