"""Take the handbook's pictures out of what the browser tests have just photographed (var/screens).

`make guide` runs the tests and then this. A picture is named in a template of templates/guide/ by
`{% guide_picture "name" ... %}`; it is cut to one and a half screens and kept small (64 colours).
"""

import re
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates" / "guide"
KEPT = ROOT / "static" / "guide"
TALLEST = 1100  # pixels of the 1366 wide picture: what is read without scrolling much
COLOURS = 64
PHONE = "-phone"  # 'field-home-phone' is what field-home looks like on a phone


def named() -> set[str]:
    """The pictures that the handbook shows."""
    found: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        found |= set(re.findall(r'guide_picture "([a-z0-9-]+)"', template.read_text(encoding="utf-8")))
    return found


def main(screens: Path) -> int:
    missing = []
    for name in sorted(named()):
        on_phone = name.endswith(PHONE)
        source = screens / (f"{name.removesuffix(PHONE)}-390x844.png" if on_phone else f"{name}-1366x768.png")
        if not source.exists():
            missing.append(name)
            continue
        picture = Image.open(source).convert("RGB")
        picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        picture.quantize(COLOURS).save(KEPT / f"{name}.png", optimize=True)
    for old in KEPT.glob("*.png"):
        if old.stem not in named():
            old.unlink()
    if missing:
        print("No test has photographed:", ", ".join(missing), file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(ROOT / "var" / "screens"))
