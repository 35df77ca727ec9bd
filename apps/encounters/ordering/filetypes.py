"""What a file is, by its content: pictures are encoded anew, a PDF is kept as it came, all else is refused.

Pure: bytes in, bytes out; the limits are passed in. A name is never believed.
"""

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import PurePath

from PIL import Image, ImageOps, UnidentifiedImageError

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
WORDS = {JPEG: "ảnh JPEG", PNG: "ảnh PNG", PDF: "PDF"}
ENDINGS = {".jpg": JPEG, ".jpeg": JPEG, ".png": PNG, ".pdf": PDF}
MEGABYTE = 1024 * 1024
QUALITY = 88


class BadFile(ValueError):
    """A Vietnamese sentence about a file that is not kept."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Kept:
    """What is kept of a file."""

    type: str
    content: bytes


def too_big(size: int, most: int) -> BadFile:
    """The sentence for a file beyond the limit; asked before it is read."""
    sent = f"{size / MEGABYTE:.1f}".replace(".", ",")
    return BadFile(
        f"Tệp {sent} MB, quá {most // MEGABYTE} MB. Chụp lại nhỏ hơn hoặc tách tệp.", "file-too-big"
    )


def judge(name: str, content: bytes, *, most_bytes: int, most_pixels: int) -> Kept:
    """What is kept of a file. Raises BadFile: empty, too big, not what its name says, broken."""
    if not content:
        raise BadFile("Tệp rỗng, không có gì bên trong.", "file-empty")
    if len(content) > most_bytes:
        raise too_big(len(content), most_bytes)
    named, found = ENDINGS.get(PurePath(name.lower()).suffix), _type(content)
    if found is None:
        said = f"Tệp tên là {WORDS[named]} nhưng nội dung không phải. " if named else ""
        raise BadFile(f"{said}Chỉ nhận ảnh JPEG, ảnh PNG hoặc PDF.", "file-type")
    if named and (named == PDF) != (found == PDF):
        raise BadFile(
            f"Tệp tên là {WORDS[named]} nhưng bên trong là {WORDS[found]}. Kiểm tra lại tệp.", "file-name"
        )
    if found == PDF:
        return Kept(PDF, _whole_pdf(content))
    return Kept(found, _again(content, found, most_pixels))


# What Pillow raises of a file that is not what it says, its camera's notes (EXIF) among it.
BROKEN = (
    *(UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Warning),
    *(struct.error, TypeError, KeyError, OverflowError),
)


def _type(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    return PDF if content.startswith(b"%PDF-") else None


def _whole_pdf(content: bytes) -> bytes:
    if b"%%EOF" not in content[-2048:]:
        raise BadFile("Tệp PDF bị hỏng hoặc chưa tải hết.", "file-broken")
    return content


def _again(content: bytes, found: str, most_pixels: int) -> bytes:
    """The picture drawn anew: turned as it was held, without what the camera wrote into it."""
    kind = "JPEG" if found == JPEG else "PNG"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow's own warning of a bomb
            # Only the head is read here.
            with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
                wide, high = picture.size
                if wide * high > most_pixels:
                    raise BadFile(
                        f"Ảnh {wide} x {high} điểm là quá lớn. Chụp hoặc quét lại nhỏ hơn.", "file-pixels"
                    )
                picture.load()
                turned = ImageOps.exif_transpose(picture)
                plain = turned.convert("RGBA" if kind == "PNG" and _see_through(turned) else "RGB")
    except BadFile:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFile("Ảnh có quá nhiều điểm ảnh. Chụp hoặc quét lại nhỏ hơn.", "file-pixels") from None
    except BROKEN:
        raise BadFile("Ảnh bị hỏng, không mở được.", "file-broken") from None
    plain.info.clear()
    out = io.BytesIO()
    if kind == "JPEG":
        plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    else:
        plain.save(out, "PNG", optimize=True)
    return out.getvalue()


def _see_through(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA") or "transparency" in picture.info
