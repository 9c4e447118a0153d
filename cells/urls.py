from django.urls import URLPattern

app_name = "cells"

urlpatterns: list[URLPattern] = []
