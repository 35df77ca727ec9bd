"""Ask pip-audit whether a pinned package has a known weakness: `python -m scripts.known_weaknesses FILE...`

| exit | when |
|---|---|
| 0 | every package was asked about and nothing is known; or nobody could be asked, which is said aloud |
| 1 | a weakness is known; a package alone could not be asked about; pip-audit failed otherwise |
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

AUDIT = (str(Path(sys.executable).with_name("pip-audit")),)
OPTIONS = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json")
NO_NETWORK = re.compile(
    r"requests\.exceptions\.(ProxyError|ConnectionError|ConnectTimeout|ReadTimeout)\b"
    r"|Could not connect to PyPI's vulnerability feed"
)
NOT_ASKED = "NOT CHECKED for known weaknesses: {why}. Run 'make audit' where the network can be reached."


def main(files: Sequence[str], program: Sequence[str] = AUDIT) -> int:
    command = [*program, *OPTIONS, *(part for file in files for part in ("-r", file))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        if done.returncode and NO_NETWORK.search(done.stderr):
            print(NOT_ASKED.format(why="the network cannot be reached"))
            return 0
        print(done.stderr or "pip-audit said nothing", file=sys.stderr)
        return 1
    known = [(package, each) for package in packages for each in package.get("vulns", [])]
    for package, each in known:
        better = ", ".join(each.get("fix_versions", [])) or "none yet"
        print(f"{package['name']} {package['version']}: {each['id']}, mended in: {better}")
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if packages and len(unknown) == len(packages):  # a mirror of files, which knows of no weakness
        print(NOT_ASKED.format(why="what answers in place of PyPI knows none of the packages"))
        return 0
    for name in unknown:
        print(f"{name}: could not be checked")
    if known or unknown or done.returncode or not packages:
        return 1
    print(f"{len(packages)} packages: no known weakness")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
