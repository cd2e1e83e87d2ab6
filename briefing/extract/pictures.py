"""A picture of the web, of which nothing is known, as a small JPEG of our own making; or why it is none.

Nothing of the original's bytes stays: no place and camera (EXIF), no thumbnail, no colour profile, nothing behind the
end of the picture. The same bytes give the same picture with one version of Pillow.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefing.errors import ExtractError

if TYPE_CHECKING:
    from PIL import Image

MEDIA_TYPE = "image/jpeg"
"""Of every picture made here."""
LARGEST_SIDE = 640
"""Pixels, at most, of width and height."""
LARGEST_FILE = 60_000
"""Bytes of what is made, at most."""
_SMALLEST = (200, 120)
"""Width and height below which it is a tracker, a button, a face or a logo."""
_LONGEST_SHAPE = 3.2
"""Times the shorter side from which the longer one makes it a banner or a rule."""
_MOST_PIXELS = 30_000_000
"""Of the original: what a camera makes. They take 120 MB while they are decoded."""
_MOST_SCANS = 100
"""Of a JPEG: cameras and servers write ten; a file of 5 MB with thousands of empty ones takes minutes."""
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
"""By Pillow's names. No SVG, which is a program; none of the old formats, whose decoders few have looked at."""
_STEPS = ((640, 80), (640, 70), (640, 60), (480, 60), (400, 50), (320, 40))
"""Sizes and qualities, until the file is small enough."""


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """A JPEG."""

    data: bytes
    width: int
    height: int


def small_picture(body: bytes, name: str, *, side: int = LARGEST_SIDE, most: int = LARGEST_FILE) -> SmallPicture:
    """The picture in `body`, at most `side` pixels wide and high and `most` bytes; of an animation the first one.

    Raises `ExtractError`: it is none, too large to be decoded, too small to be of an article, or of one colour.
    """
    from PIL import Image

    if body[:2] == b"\xff\xd8" and body.count(b"\xff\xda") > _MOST_SCANS:
        raise ExtractError(name, f"it is a picture in more than {_MOST_SCANS} scans", "")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # Pillow warns of what is refused here
            with Image.open(io.BytesIO(body), formats=_FORMATS) as opened:
                _check_size(*opened.size, name)
                made = _prepared(opened)
        if all(low == high for low, high in _extrema(made)):
            raise ExtractError(name, "it is of one colour", "")
        return _encoded(made, side, most)
    except ExtractError:
        raise
    except Exception as error:  # of a decoder, over hostile bytes: fails this picture, not the run
        raise ExtractError(name, f"it is no picture that can be read ({type(error).__name__})", "") from error


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > _MOST_PIXELS:
        raise ExtractError(name, f"it has {width} x {height} pixels, too many to be decoded", "")
    if width < _SMALLEST[0] or height < _SMALLEST[1]:
        raise ExtractError(name, f"it has {width} x {height} pixels, too few for a picture of an article", "")
    if max(width, height) > _LONGEST_SHAPE * min(width, height):
        raise ExtractError(name, f"it has {width} x {height} pixels, the shape of a banner", "")


def _prepared(opened: Image.Image) -> Image.Image:
    """As RGB, the right way up, what is transparent on white, not much larger than needed."""
    from PIL import Image, ImageOps

    opened.draft("RGB", (2 * LARGEST_SIDE, 2 * LARGEST_SIDE))  # a JPEG is decoded at a fraction of its size
    upright = ImageOps.exif_transpose(opened)
    if upright.mode == "P":  # indices of colours cannot be averaged
        upright = upright.convert("RGBA" if "transparency" in upright.info else "RGB")
    upright.thumbnail((2 * LARGEST_SIDE, 2 * LARGEST_SIDE), Image.Resampling.BOX)
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        clear = upright.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return upright.convert("RGB")


def _extrema(image: Image.Image) -> list[tuple[int, int]]:
    return [band.getextrema() for band in image.split()]  # type: ignore[misc]


def _encoded(image: Image.Image, side: int, most: int) -> SmallPicture:
    from PIL import Image

    data, size = b"", (0, 0)
    for step, quality in _STEPS:
        small = image.copy()
        small.thumbnail((min(step, side), min(step, side)), Image.Resampling.LANCZOS)
        bare = Image.new("RGB", small.size)
        bare.paste(small)  # without what `info` holds of the original
        file = io.BytesIO()
        bare.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        data, size = file.getvalue(), bare.size
        if len(data) <= most:
            break
    return SmallPicture(data, *size)
