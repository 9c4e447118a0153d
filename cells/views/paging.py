"""Pages of a list that may be very long: nobody counts 200,000 rows to show 50."""

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

PAGE_SIZE = 50
COUNTED = 10_000


class BoundedPaginator(Paginator):
    """Counts and shows the first 10,000 rows at most; `is_cut` says that there are more."""

    @cached_property
    def counted(self) -> int:
        if isinstance(self.object_list, list):
            return len(self.object_list)
        return self.object_list.order_by()[: COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNTED)

    @property
    def is_cut(self) -> bool:
        return self.counted > COUNTED


def page_of(request: HttpRequest, rows: Any, size: int = PAGE_SIZE) -> Page:
    return BoundedPaginator(rows, size).get_page(request.GET.get("page"))


def query_without_page(request: HttpRequest) -> str:
    """The other parameters of the address, ready to be followed by `page=`."""
    parameters = request.GET.copy()
    parameters.pop("page", None)
    encoded = parameters.urlencode()
    return f"{encoded}&" if encoded else ""
