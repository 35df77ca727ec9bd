import os
import signal
import time

import pytest

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


@pytest.fixture(autouse=True)
def signals():
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
