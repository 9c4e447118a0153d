"""Assembles each app's API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
