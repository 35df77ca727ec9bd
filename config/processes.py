"""Several long-lived processes as one: started together, watched, and stopped together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 15  # gunicorn finishes open requests within this


class Stopped(Exception):
    """Somebody asked to stop (Ctrl-C, TERM, a closed terminal)."""


class Died(Exception):
    """A process ended by itself; the message names it and shows the end of its log."""


@dataclass
class Group:
    """Use as a context manager: leaving it, for whatever reason, stops every process started in it."""

    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> "Group":
        self.logs.mkdir(parents=True, exist_ok=True)
        stop_on_signals()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of them behind
        for process in self.running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str, command: Sequence[str], **environment: str) -> None:
        """Start ``python`` with these arguments in a session of its own: only this group signals it."""
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    def check(self) -> None:
        """Raise Died when one of them has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                log = self.logs / f"{name}.log"
                last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise Died(f"'{name}' đã dừng (mã {process.returncode}), nhật ký {log}:\n{last}")

    def watch(self) -> None:
        """Wait until one ends (Died) or somebody asks to stop (Stopped)."""
        while True:
            self.check()
            time.sleep(0.5)


def stop_on_signals() -> None:
    """From now on a request to stop is raised as Stopped in the main thread."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup asks to outlive the terminal
            signal.signal(number, _stop)


def _end_with_parent() -> None:
    """In the child: when the parent is killed without a chance to stop us, the kernel sends TERM."""
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
