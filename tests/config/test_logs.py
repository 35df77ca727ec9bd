import io
import json
import logging

import pytest
from django.db import IntegrityError

from config import logs


@pytest.fixture
def lines():
    """What the formatter of production writes for this test's own logger."""
    options = dict(logs.config(debug=False, level="INFO")["formatters"]["lines"])
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(options.pop("()")(**options))
    loggers = [logging.getLogger(name) for name in ("tests.logs", "tramyte.sync", "django.request")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def test_it_works(lines):
    logging.getLogger("tests.logs").warning("máy nhận không trả lời")
    (line,) = lines()
    assert (line["event"], line["level"]) == ("máy nhận không trả lời", "warning")


def test_our_lines_say_which_row_and_what_came_of_it_those_of_others_nothing(lines):
    logging.getLogger("tramyte.sync").info("sync.round", extra={"done": {"stored": 3}})
    logging.getLogger("django.request").warning(
        "Forbidden", extra={"request": "/nguoi/?q=Bí", "status_code": 403}
    )
    ours, others = lines()
    assert ours["done"] == {"stored": 3}
    assert others.keys() == {"event", "level", "logger", "timestamp"}


@pytest.mark.parametrize(
    "error", [ValueError("Nguyễn Văn Bí"), IntegrityError("Key (value)=(079190000001)"), KeyError("Bí")]
)
def test_an_error_leaves_its_place_but_not_its_words(lines, error):
    try:
        raise error
    except Exception:
        logging.getLogger("tests.logs").exception("lỗi")
    (line,) = lines()
    assert line["error"] == type(error).__name__
    assert "test_logs.py" in line["trace"][-1]
    assert "Bí" not in json.dumps(line, ensure_ascii=False) and "0791" not in json.dumps(line)


def test_a_programming_error_keeps_its_message(lines):
    try:
        None.upper()  # type: ignore[attr-defined]
    except AttributeError:
        logging.getLogger("tests.logs").exception("lỗi")
    assert "upper" in lines()[0]["error"]
