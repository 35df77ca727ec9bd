"""A giấy khám sức khỏe as the Ministry's data axis takes it (QĐ 1551/QĐ-BYT 2026, annex 2)."""
