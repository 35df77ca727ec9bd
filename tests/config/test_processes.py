import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from config.processes import Died, Group, Stopped


def test_leaving_stops_everything(tmp_path):
    with pytest.raises(Stopped):
        with Group(tmp_path) as group:
            group.start("one", ["-c", "import time; time.sleep(60)"])
            group.start("two", ["-c", "import time; time.sleep(60)"])
            os.kill(os.getpid(), signal.SIGTERM)
            group.watch()
    assert [process.returncode for process in group.running.values()] == [-signal.SIGTERM] * 2


def test_one_that_dies_is_named_with_the_end_of_its_log(tmp_path):
    with pytest.raises(Died, match=r"(?s)'broken' đã dừng \(mã 3\).*vì lý do này"):
        with Group(tmp_path) as group:
            group.start("broken", ["-c", "print('vì lý do này'); raise SystemExit(3)"])
            group.start("well", ["-c", "import time; time.sleep(60)"])
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                group.check()
    assert group.running["well"].returncode == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends orphans")
def test_when_the_starter_is_killed_its_processes_end_too(tmp_path):
    code = (
        "import os, pathlib, sys, signal; from config.processes import Group\n"
        "with Group(pathlib.Path(sys.argv[1])) as group:\n"
        "    group.start('one', ['-c', 'import time; time.sleep(60)'])\n"
        "    print(group.running['one'].pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    shown = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    orphan = int(shown.stdout)
    deadline = time.monotonic() + 20
    while alive(orphan):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture(autouse=True)
def signals():
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
