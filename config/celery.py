"""The Celery application: queues, routing, clock. The database says what is due; the broker only wakes workers up."""

import os

from celery import Celery
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("jonction")
app.config_from_object("django.conf:settings", namespace="CELERY")

QUEUES = ("default", "mail", "matching")

app.conf.task_queues = [Queue(name) for name in QUEUES]
app.conf.task_default_queue = "default"
app.conf.task_routes = {
    "cells.tasks.send_*": {"queue": "mail"},
    "matching.tasks.*": {"queue": "matching"},
}
app.autodiscover_tasks()
