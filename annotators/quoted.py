"""Puts untrusted text into a prompt: as JSON strings between marks that the text itself cannot write.

Everything that people, recordings or other models said goes into a prompt by `quote`, and nowhere else. Three things
hold whatever the text is: it is one line; it holds no `<`, no `>` and no chat template's token, so that it neither ends
its mark nor opens a turn; and what cannot be seen (control, zero-width, bidirectional, tag characters) is written out.
`json.loads` of what stands between the marks gives the text back.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import unicodedata
from importlib.resources import files

from osmo.annotators.prompt import prompt

LONGEST = 2_000
"""Characters of one text that a prompt shows, where its author says nothing else."""
NONCE_DIGITS = 16

# Beside the angle brackets, what a tokenizer that folds compatibility characters would make them from.
_BRACKET = "<>\uff1c\uff1e\ufe64\ufe65"
# Unicode's Default_Ignorable_Code_Point, controls, line and paragraph separators, halves of surrogate pairs.
_UNSEEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Templates whose tokens stand in square brackets: [INST], [/INST], [gMASK], [TOOL_CALLS]; full-width ones fold to them.
_SQUARE = r"[\[\uff3b](?=\s*/?\s*[A-Za-z\uff21-\uff3a\uff41-\uff5a_]+\s*[\]\uff3d])"
_ESCAPED = re.compile(f"[{_BRACKET}{_UNSEEN}]|{_SQUARE}")
# json.dumps has written quotes, backslashes and controls out by then; the rest of the pattern is left to do.


def nonce_for(*texts: str) -> str:
    """The code of the marks of one prompt: 16 hexadecimal digits that occur in none of its texts.

    It follows from the texts alone, so equal questions are equal, byte by byte. No author can have written it: it
    depends on the text that would hold it, and one that holds it all the same, spelt out or in disguise, gets another.

    Args:
        texts: Every text that the prompt will quote.
    """
    digest = hashlib.sha256()
    for text in texts:
        content = text.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    bare = [_bare(text) for text in texts]
    turn = 0
    while True:
        nonce = hashlib.sha256(digest.digest() + turn.to_bytes(8, "big")).hexdigest()[:NONCE_DIGITS]
        if not any(nonce in text for text in bare):
            return nonce
        turn += 1


def quote(text: str, nonce: str, *, longest: int = LONGEST) -> str:
    """The text as data of a prompt: `<data-NONCE>"…"</data-NONCE>`, one line.

    Args:
        text: Anything.
        nonce: `nonce_for` of all texts of the prompt.
        longest: Characters after which it is cut; what is missing is said behind the string, where no text can say it.
    """
    shown, cut = text[:longest], ""
    if len(text) > longest:
        cut = f" (cut: {longest} of {len(text)} characters)"
    return f"{opening(nonce)}{escaped(shown)}{cut}{closing(nonce)}"


def escaped(text: str) -> str:
    """The text as one JSON string that is safe inside a prompt, its quotation marks included."""
    return _ESCAPED.sub(_written_out, json.dumps(text, ensure_ascii=False))


def opening(nonce: str) -> str:
    """The mark before data."""
    return f"<data-{nonce}>"


def closing(nonce: str) -> str:
    """The mark behind data."""
    return f"</data-{nonce}>"


def announcement(nonce: str) -> str:
    """The sentences that announce the marks; a prompt that quotes says them before its data."""
    return prompt("quoted").fill(nonce=nonce)


@functools.cache
def revision() -> str:
    """Hash of how data are quoted and announced: an annotator that quotes has it in its own revision."""
    source = files("osmo.annotators").joinpath("quoted.py").read_bytes()
    return hashlib.sha256(source + prompt("quoted").sha.encode()).hexdigest()[:16]


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x1_0000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x1_0000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _bare(text: str) -> str:
    """Letters and digits alone, compatibility characters folded: a nonce with anything between its digits shows."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())
