"""Looking into a page as a reader does."""

import re
from html import unescape


def text_of(response) -> str:
    """The words of a page, without tags, on one line."""
    body = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", " ", response.content.decode())
    return " ".join(unescape(re.sub(r"(?s)<[^>]+>", " ", body)).split())


def streamed(response) -> str:
    return b"".join(response.streaming_content).decode()
