"""The proof itself: workers, sink, PostgreSQL and Redis are killed in mid campaign, and the mailbox is counted."""

import json
import subprocess
import sys

import pytest

from config.env import BASE_DIR

pytestmark = [pytest.mark.embedded, pytest.mark.enable_socket]


def prove(*options):
    command = [sys.executable, "scripts/prove_campaign.py", *options]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=600, check=False)


def test_a_campaign_under_fire_loses_nothing_and_doubles_nothing():
    done = prove("--seed", "7", "--recipients", "200", "--kills", "5")
    figures = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert (figures["kills"], figures["doubled"], figures["lost"]) == (5, 0, 0)
    assert figures["delivered"] + figures["uncertain"] >= 200
    assert figures["uncertain"] <= figures["uncertain_allowed"]
