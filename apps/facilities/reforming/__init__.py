"""Stations merged or split from a day on: n to 1 and 1 to n.

`plan` what is decided and asked for, `checks` what stands against it, `proposals` what the table of units
suggests, `running` the checklist, its taking back and its nightly start, `steps` what this room itself moves.
"""
