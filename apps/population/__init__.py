"""Synthetic communes: invented people, families and visits, for demos, tests and measurements.

A room without tables, just below the roof: it knows every room, and no room knows it. The pure part
(`names`, `numbers`, `families`, `people`, `illness`, `history`, `commune`) makes a commune as plain
values from a seed, the same byte for byte each time; `rows` and `bulk` turn it into the rooms' rows.
"""
