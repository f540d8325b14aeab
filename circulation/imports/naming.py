"""Which of the files that are kept name somebody: by card number, address or whole name, in any character set.

For erasing. Looks at bytes, not at columns: a file whose columns nobody matched may name people, too.
"""

import zipfile
from collections.abc import Iterable
from io import BytesIO
from xml.sax.saxutils import escape

from circulation.models import ImportFile
from library.sweep import matching

ENCODINGS = ("utf-8-sig", "cp1252", "utf-16")
MOST_UNPACKED = 200 * 1024 * 1024


def files_naming(words: Iterable[str]) -> list[int]:
    """The files in which one of ``words`` stands whole. Reads every file that is kept, one after the other."""
    chosen = list(words)
    kept = ImportFile.objects.exclude(content=b"").only("pk", "content").order_by("pk")
    return [file.pk for file in kept.iterator(chunk_size=1) if names(bytes(file.content), chosen)]


def names(content: bytes, words: Iterable[str]) -> bool:
    """Whether one of ``words`` stands in this file, a text in some character set or a workbook."""
    chosen = list(words)
    pattern = matching([*chosen, *(escape(word) for word in chosen)])
    if pattern is None:
        return False
    parts = _unpacked(content) if content.startswith(b"PK") else [content]
    return any(pattern.search(text) for part in parts for text in _readings(part))


def _readings(content: bytes) -> Iterable[str]:
    for encoding in ENCODINGS:
        yield content.decode(encoding, errors="replace")


def _unpacked(content: bytes) -> Iterable[bytes]:
    """The parts of a workbook; one that cannot be unpacked, or is too large, is taken as it is."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as book:
            if sum(part.file_size for part in book.infolist()) > MOST_UNPACKED:
                return [content]
            return [book.read(part) for part in book.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return [content]
