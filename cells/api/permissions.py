"""What a request may do. The default refuses: every view says who it is for."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class DenyAll(BasePermission):
    """The default of settings: a view that forgets to say who it is for is for nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class PublicRead(BasePermission):
    """Anyone may read; a key only changes how often."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS


class HasScope(BasePermission):
    """A key that holds the view's `required_scope`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth is not None and view.required_scope in request.auth.scopes
