"""How long to wait after what. Pure; the random number is passed in."""

from datetime import datetime, timedelta

BASE = 5.0  # seconds
CAP = 1800.0  # seconds: a receiver that comes back is found within half an hour
MAX_TRIES = 10  # then a person decides
MAX_AGE = timedelta(hours=48)  # of trying
CHECK_AFTER = timedelta(minutes=10)  # after an acceptance the receiver is asked what it holds
CHECK_AGAIN = timedelta(minutes=30)  # when it has not examined it yet, or gave no answer
CHECK_AGE = timedelta(days=3)  # since the acceptance: then only the night asks again
REST_CAP = 300.0  # seconds a receiver rests at most between two probes


def wait(tries: int, chance: float) -> float:
    """Seconds before the next attempt after `tries` failed ones: full jitter, `chance` in [0, 1)."""
    return chance * min(CAP, BASE * 2 ** min(tries, 20))


def rest(failures: int, breaker_at: int) -> float:
    """Seconds a receiver rests after `failures` transport failures in a row; 0 below the breaker."""
    over = failures - breaker_at
    return min(REST_CAP, 30.0 * 2 ** min(over, 10)) if over >= 0 else 0.0


def given_up(tries: int, first_failed_at: datetime | None, now: datetime) -> bool:
    """Ten tries, or 48 hours of trying: a dead letter with a button."""
    if tries >= MAX_TRIES:
        return True
    return tries > 1 and first_failed_at is not None and now - first_failed_at >= MAX_AGE
