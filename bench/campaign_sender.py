"""One sending worker of the campaign bench, a process of its own: what it costs, in all and by step.

python -m bench.campaign_sender CAMPAIGN_ID DATABASE PORT. Says « ready », waits for a line, sends, prints its figures.
"""

import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from django.conf import settings
from django.db import connection

from cells.mailing import delivery, ledger
from cells.mailing.smtp import SmtpLine
from matching.mails import public_url
from matching.services import sending

STEPS = {
    "claim": (ledger, "claim"),
    "recheck_and_word": (delivery, "_prepared"),
    "assemble": (delivery, "_written"),
    "store": (ledger, "store"),
    "hand_over": (ledger, "hand_over"),
    "smtp_write": (SmtpLine, "begin"),
    "smtp_envelope": (SmtpLine, "invitation"),
    "smtp_verdict": (SmtpLine, "verdict"),
}


def watch(spent: Counter[str], name: str, act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def watched(*args: Any, **kwargs: Any) -> Any:
        begin = time.process_time()
        try:
            return act(*args, **kwargs)
        finally:
            spent[name] += time.process_time() - begin

    return watched


def work(campaign_id: int, database: str, port: int) -> None:
    connection.settings_dict["NAME"] = database
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    spent: Counter[str] = Counter()
    for name, (owner, attribute) in STEPS.items():
        setattr(owner, attribute, watch(spent, name, getattr(owner, attribute)))
    public_url("cells:privacy")  # a worker has its routes in memory
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")  # every commit reaches the disk, as in production
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    begin = time.process_time()
    sending.deliver_campaign(campaign_id, worker="banc", seconds=3600)
    figures = {"cpu": time.process_time() - begin, "steps": spent}
    sys.stdout.write(json.dumps({**figures, "rss_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}) + "\n")


if __name__ == "__main__":
    work(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
