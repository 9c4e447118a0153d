"""One JSON line per event, with the request it belongs to and no personal data."""

import json
import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

request_id: ContextVar[str] = ContextVar("request_id", default="-")


# What PostgreSQL adds to an error quotes the row: « DETAIL:  Key (email)=(lea@…) already exists. », « CONTEXT:  … ».
# In a traceback it ends with that exception's text; in a repr, line feeds are two characters.
QUOTED_ROW = re.compile(
    r"(?:\n|\\n)(?:DETAIL|CONTEXT): .*?(?=\n\n(?:The above exception|During handling)|\Z)", re.DOTALL
)


class RequestIdMiddleware:
    """Gives each request an id, echoed in `X-Request-ID` and in every log line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id.set(uuid.uuid4().hex[:16])
        request.request_id = request_id.get()  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request_id.get()
        return response


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request_id", "-"),
            "event": without_quoted_rows(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = without_quoted_rows(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def without_quoted_rows(text: str) -> str:
    return QUOTED_ROW.sub("", text)
