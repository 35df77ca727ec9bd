"""Where tests write in this checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "var" / "test"  # the tests' own TRAMYTE_VAR: server, secret, sealed files
SCREENS = ROOT / "var" / "screens"  # pictures and papers, to be looked at
