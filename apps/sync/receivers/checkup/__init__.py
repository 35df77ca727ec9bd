"""The Ministry's data axis for check-ups: each paper in a signed envelope under an id of its own."""
