"""What a server said, in one line, without key, prompt and media."""

import base64
import json
import time
from email.utils import formatdate

import pytest
from pydantic import SecretStr

from osmo.annotators.transports.failures import cause_of, retry_after
from osmo.annotators.transports.said import LONGEST_LINE, LONGEST_RAW, Hidden, one_line, raw

NOTHING = Hidden()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{"error": {"message": "too long", "type": "x"}}', "too long"),
        (b'{"error": "too long"}', "too long"),
        (b'{"object": "error", "message": "too\\nlong"}', "too long"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (
            b'{"detail": [{"loc": ["body", 0], "msg": "bad", "input": "hidden"}, {"msg": "worse"}]}',
            "body.0: bad; worse",
        ),
        (b"<html><b>Bad</b>\r\n gateway</html>", "Bad gateway"),
        (b"plain \x1b[31mred", "plain [31mred"),
        (b"\xff\xfe", ""),
        (b"", ""),
        (b'{"other": "x"}', ""),
        (b"7", ""),
    ],
)
def test_the_message_is_found_wherever_servers_put_it(body: bytes, line: str) -> None:
    assert one_line(body, NOTHING) == line


def test_a_line_is_never_long() -> None:
    body = json.dumps({"error": " ".join(f"word{n}" for n in range(100_000))}).encode()
    assert len(one_line(body, NOTHING)) == LONGEST_LINE
    assert len(raw(body, NOTHING) or "") == LONGEST_RAW
    assert raw(b"\xff", NOTHING) is None


def test_key_prompt_and_media_are_left_out() -> None:
    hidden = Hidden(key=SecretStr("sk-1234"), texts=("I am so afraid of\nthe dark, she said to him",))
    media = base64.b64encode(bytes(range(256))).decode()
    said = f"key sk-1234 is bad; 'afraid of the dark, she said' has no audio {media}; see sha256:{'0' * 64}"
    line = one_line(json.dumps({"error": said}).encode(), hidden)
    assert line == f"key … is bad; '…' has no audio …; see sha256:{'0' * 64}"
    assert raw(said.encode(), hidden) == said.replace("sk-1234", "…")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(202, "unreadable"), (301, "moved"), (307, "moved"), (400, "refused"), (402, "misconfigured"),
     (404, "misconfigured"), (410, "misconfigured"), (429, "open"), (500, "open"), (529, "open"), (999, "open")],
)  # fmt: skip
def test_every_status_has_its_outcome(status: int, outcome: str) -> None:
    assert cause_of(status).outcome == outcome


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("3", 3.0), ("0.5", 0.5), ("-4", 0.0), ("nan", None), ("inf", None), ("soon", None), ("", None)],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    soon = retry_after(formatdate(time.time() + 60, usegmt=True))
    assert soon is not None and 55 < soon <= 60
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
