"""What a file is, before anyone reads it as a table: size, fingerprint, encoding; what it must not be."""

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from cells.imports.errors import FileRefused

CHUNK = 1 << 20
SAMPLE = 4096

# The first bytes of what people send by mistake, and what to do about it.
_AS_CSV = "enregistrez-le au format CSV, puis recommencez."
_SIGNATURES = (
    (b"PK\x03\x04", f"C’est un classeur (xlsx, ods) ou une archive zip : {_AS_CSV}"),
    (b"PK\x05\x06", "C’est une archive zip vide."),
    (b"\xd0\xcf\x11\xe0", f"C’est un ancien classeur Excel (xls) : {_AS_CSV}"),
    (b"\x1f\x8b", "C’est un fichier compressé (gzip) : décompressez-le d’abord."),
    (b"7z\xbc\xaf", "C’est une archive 7z : décompressez-la d’abord."),
    (b"Rar!", "C’est une archive rar : décompressez-la d’abord."),
    (b"%PDF", "C’est un document PDF : demandez le fichier de données (CSV)."),
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    sha256: str
    size: int
    encoding: str


def inspect_file(path: Path) -> FileFacts:
    """One pass over the bytes, in constant memory. Raises FileRefused for what cannot be a text file."""
    size = file_size(path)
    refuse_containers(path)
    digest, judge = hashlib.sha256(), _EncodingJudge()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            judge.hear(chunk)
    return FileFacts(digest.hexdigest(), size, judge.verdict())


def file_size(path: Path) -> int:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileRefused(f"Le fichier « {path.name} » ne peut pas être lu : {error.strerror}.") from error
    if not path.is_file():
        raise FileRefused(f"« {path.name} » n’est pas un fichier.")
    if size == 0:
        raise FileRefused("Le fichier est vide (0 octet) : vérifiez l’export, puis recommencez.")
    if size > settings.MAX_UPLOAD_SIZE:
        limit = settings.MAX_UPLOAD_SIZE // 1024**2
        raise FileRefused(
            f"Le fichier fait {size // 1024**2} Mo, la limite est de {limit} Mo : découpez-le, puis recommencez."
        )
    return size


def refuse_containers(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(SAMPLE)
    for signature, advice in _SIGNATURES:
        if head.startswith(signature):
            raise FileRefused(f"Le fichier n’est pas un texte. {advice}")
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and head.count(0) * 20 > len(head):
        raise FileRefused("Le fichier n’est pas un texte (données binaires) : enregistrez-le au format CSV UTF-8.")


class _EncodingJudge:
    """UTF-8 unless more of the letters beyond ASCII are wrong in UTF-8 than right: then it is Windows' cp1252."""

    def __init__(self) -> None:
        self.start = b""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.right = self.wrong = 0

    def hear(self, chunk: bytes) -> None:
        self.start = self.start or chunk[:4]
        if chunk.isascii():
            return
        text = self.decoder.decode(chunk)
        wrong = text.count("\ufffd")
        self.wrong += wrong
        self.right += len(text) - len(text.encode("ascii", "ignore")) - wrong

    def verdict(self) -> str:
        if self.start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if self.start.startswith(codecs.BOM_UTF8) or self.wrong <= self.right:
            return "utf-8-sig"
        return "cp1252"
