"""Fonts for captions: Pillow's own for English, else the first of the machine's that can write the text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont

FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts",
    "/System/Library/Fonts", "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
NAMES = (
    "DejaVuSans", "LiberationSans-Regular", "NotoSans-Regular", "Arial", "arial",
    "NotoSansCJK-Regular", "NotoSansSC-Regular", "NotoSansCJKsc-Regular", "SourceHanSansSC-Regular",
    "SourceHanSans-Regular", "wqy-microhei", "wqy-zenhei", "DroidSansFallbackFull", "DroidSansFallback", "PingFang",
    "Hiragino Sans GB", "msyh", "simhei", "uming", "ukai",
)  # fmt: skip
"""Files without their suffix, the ones to be preferred first; those from NotoSansCJK on write Chinese."""

_PROBE_PX = 24
_NO_GLYPH = "\uffff"  # a noncharacter: every font draws it as its missing glyph


def font_for(text: str, px: int) -> Font | None:
    """The first font that can write all of `text`, `px` high; null: the machine has none.

    English needs nothing of the machine, so its captions are the same pictures everywhere.
    """
    found = next((file for file in _candidates() if _writes(file, text)), False)
    return None if found is False else _face(found, px)


def own_font(px: int) -> Font:
    """Pillow's own font, which writes English on every machine."""
    return _face(None, px)


def is_cjk(char: str) -> bool:
    """Whether a character is Chinese, Japanese or Korean script or their punctuation."""
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\uff00" <= char <= "\uffef"


def _candidates() -> Iterator[Path | None]:
    yield None
    yield from _installed()


@lru_cache(maxsize=1)
def _installed() -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for file in sorted(Path(folder).expanduser().rglob("*")):
            if file.suffix.lower() in (".ttf", ".ttc", ".otf", ".otc"):
                found.setdefault(file.stem, file)
    return tuple(found[name] for name in NAMES if name in found)


def _writes(file: Path | None, text: str) -> bool:
    return all(_has_glyph(file, char) for char in set(text) if not char.isspace())


@lru_cache(maxsize=20_000)
def _has_glyph(file: Path | None, char: str) -> bool:
    return bytes(_face(file, _PROBE_PX).getmask(char)) != _missing_glyph(file)


@lru_cache(maxsize=64)
def _missing_glyph(file: Path | None) -> bytes:
    return bytes(_face(file, _PROBE_PX).getmask(_NO_GLYPH))


@lru_cache(maxsize=256)
def _face(file: Path | None, px: int) -> Font:
    if file is None:
        own = ImageFont.load_default(px)
        assert isinstance(own, Font), "Pillow's wheels are built with FreeType"
        return own
    # A collection holds one face a language: the simplified Chinese one has the forms that Mandarin readers expect.
    faces: list[Font] = []
    for index in range(10 if file.suffix.lower() in (".ttc", ".otc") else 1):
        try:
            faces.append(ImageFont.truetype(str(file), px, index=index))
        except OSError:
            break
    return next((face for face in faces if "SC" in str(face.getname()[0]).split()), faces[0])
