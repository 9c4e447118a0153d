"""The Celery application: queues, routing, clock. The database says what is due; the broker only wakes workers up."""

import os

from celery import Celery
from celery.schedules import crontab
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("jonction")
app.config_from_object("django.conf:settings", namespace="CELERY")

QUEUES = ("default", "mail", "matching", "imports")

app.conf.task_queues = [Queue(name) for name in QUEUES]
app.conf.task_default_queue = "default"
app.conf.task_routes = {
    "cells.tasks.send_*": {"queue": "mail"},
    "matching.tasks.*": {"queue": "matching"},
    "*.import_*_file": {"queue": "imports"},  # hours long: nothing else waits behind them
}
app.autodiscover_tasks()
app.autodiscover_tasks(["matching"], related_name="clock")

# Every entry repeats what the database says is due, so a lost message costs one period at most.
app.conf.beat_schedule = {
    "launch-due-campaigns": {"task": "matching.clock.launch_due_campaigns", "schedule": 60.0},
    "wake-campaigns": {"task": "matching.tasks.wake_campaigns", "schedule": 60.0},
    "start-nightly-run": {
        "task": "matching.tasks.start_nightly_run",
        "schedule": crontab(hour="1-4", minute="*/5"),
    },
    "prune-runs": {"task": "matching.tasks.prune_runs", "schedule": crontab(hour=5, minute=20)},
    "resume-stalled-runs": {"task": "matching.tasks.resume_stalled_runs", "schedule": 120.0},
    "release-expired-leases": {"task": "cells.tasks.release_expired_leases", "schedule": 60.0},
    "read-mail-reports": {"task": "cells.tasks.read_mail_reports", "schedule": 300.0},
    "send-due-mails": {"task": "cells.tasks.send_due_mails", "schedule": 60.0},
    "publish-waiting-imports": {
        "task": "youth.tasks.publish_waiting_imports",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "erase-old-deposits": {"task": "youth.tasks.erase_old_deposits", "schedule": crontab(hour=4, minute=40)},
    "close-dead-imports": {"task": "youth.tasks.close_dead_imports", "schedule": 300.0},
    "start-due-contracts": {"task": "employers.tasks.start_due_contracts", "schedule": crontab(hour=4, minute=10)},
}
