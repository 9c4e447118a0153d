"""Where reports are read from: nothing is marked as seen before it is taken."""

import imaplib
import mailbox

import pytest
from django.core.management import CommandError, call_command

from cells import tasks
from cells.mailing.boxes import BoxError, read_box
from cells.models import MailReport

MESSAGES = [b"From: a@b.fr\nSubject: un\n\nUn\n", b"From: a@b.fr\nSubject: deux\n\nDeux\n"]


@pytest.fixture
def maildir(tmp_path):
    box = mailbox.Maildir(tmp_path / "retours", create=True)
    for message in MESSAGES:
        box.add(message)
    return tmp_path / "retours"


def test_an_mbox_is_read_whole_each_time(tmp_path):
    box = mailbox.mbox(tmp_path / "retours")
    for message in MESSAGES:
        box.add(message)
    box.close()
    taken = []
    assert read_box(f"mbox:{tmp_path / 'retours'}", taken.append) == 2
    assert [b"Subject: un" in taken[0], b"Subject: deux" in taken[1]] == [True, True]


def test_a_maildir_is_read_once(maildir):
    taken = []
    assert read_box(f"maildir:{maildir}", taken.append) == 2
    assert sorted(taken) == sorted(MESSAGES)
    assert read_box(f"maildir:{maildir}", taken.append) == 0
    assert len(list((maildir / "cur").glob("*:2,S"))) == 2


def test_a_message_that_was_not_taken_is_read_again(maildir):
    def fail(raw):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        read_box(f"maildir:{maildir}", fail)
    assert read_box(f"maildir:{maildir}", lambda raw: None) == 2


class Imap:
    """Stands for imaplib's line: two unseen messages."""

    seen: list

    def __init__(self, host, port, timeout):
        assert (host, port) == ("imap.exemple.fr", 993)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return None

    def login(self, name, secret):
        assert (name, secret) == ("retours@exemple.fr", "mot/de passe")

    def select(self, folder):
        assert folder == "Retours"

    def search(self, charset, what):
        return "OK", [b"1 2"]

    def fetch(self, number, what):
        return "OK", [(b"1 (BODY[] {30}", MESSAGES[int(number) - 1]), b")"]

    def store(self, number, command, flag):
        self.seen.append(number)


def test_an_imap_mailbox_is_read_and_marked(monkeypatch):
    monkeypatch.setattr(Imap, "seen", [], raising=False)
    monkeypatch.setattr(imaplib, "IMAP4_SSL", Imap)
    taken = []
    assert read_box("imaps://retours%40exemple.fr:mot%2Fde%20passe@imap.exemple.fr/Retours", taken.append) == 2
    assert (taken, Imap.seen) == (MESSAGES, [b"1", b"2"])


@pytest.mark.parametrize("url", ["maildir:/nulle/part", "mbox:/nulle/part", "pop3://x/y"])
def test_a_box_that_cannot_be_read_says_so(url):
    with pytest.raises(BoxError):
        read_box(url, lambda raw: None)


@pytest.mark.django_db
def test_the_command_and_the_clock_read_the_same_box(maildir, settings, capsys):
    settings.MAIL_REPORTS_URL = f"maildir:{maildir}"
    tasks.read_mail_reports()
    assert MailReport.objects.count() == 2
    call_command("read_mail_reports", settings.MAIL_REPORTS_URL)
    assert "0 messages lus" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("read_mail_reports", "mbox:/nulle/part")
