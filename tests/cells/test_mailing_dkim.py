"""A signature that a receiver verifies, and that covers what RFC 8058 asks for."""

import dkim
import pytest

from cells.mailing.dkim_signature import KeyRefusedError, signed

# A pair made for this test, good for nothing else.
KEY = """-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAzlukDfspBewhUGqCrswJQStdDbIpS+/mVpGJrl9leIvHaWJz
Ii5LQaZ1NgHwWUcsfuHLuPmWaOU5jTXIBwXmo4pG8zvdlfU+AaboU6JfnE4EyCuz
2Fc021s9KtEcyutNZYfCmsp6BL/gVAc0MDyBBzLPuuksabZnhNyq5yutGjqQn3wu
D31teV0ZUDAc0TJ3vBtMIf1XIXFdfxSfokeavsU6v+dk46/vMqJCb8VkW7ukxjJq
g74BBnKxJkKKUN6L2a+ABP682i/7U/rUL3h+tZ+kx1/yGYQYilLshIP/Srb0OD5B
x7SuQ3FKgzhC64YW6dMqV27k+V4xgW9lglzb9wIDAQABAoIBADwlNqhCi57nx3/2
Q1eqLYpalrkes+2nowWZTr1NnbgoWXtMUA1m29VrLF+M6h5DYeMrcaLc0CuLoB4Z
zk7JuALzkyFi0f9apvN5T97MhTx7+uXS4wzLwiKrMaVQpKk6MulETAKswCqxODOV
k+75O4w7EZPDUYgQO5Tcck2Fi+MIJ02LPRcCfKXyk8X+4+159fTrU0CKnn0kWd5f
bcCXsmPUDvpHB2qUFz08PoThea6jSbU17zxAZBjhJS/ddq6qmvhiHCnIAaHsscZy
UVMIDH+BG0VmXPZSz8av9OqL+dnmphcquG/eRBkuVOToNv16pGqKd7l3KZ2c1FJI
aPqdVXUCgYEA+vt1ySlqkT+I+SbaNmtmrzTYIx6JyEhjDsWB9eHNEjseOMRmu+F0
99Lt4cvKurkX76uFuBLueZ1B3SQohntRVNM33GJ6qvIlKEe5d/28y+hhsXUViKQK
dFjq+AzzVYUYNVsBnVr5mgBenTxQtwW80dKjvL0zGc6Z5AIiG9VbEOMCgYEA0nvK
leS4EogzdVuJnqNQKBmrcIdgZ/AoEqkSKYU41GqqNO0MX9asZ25Yuwk0iDIRrHQC
0c/9mA1700qC1rpLbBkCD+KMfotvqLcqCXA6lRM/FEpeRNyq5kB8rFZDKQbEhPup
g0RLQKg55aZP/z11/Z8Y75ViLs0bZ15WHAxOGN0CgYB92mBa6gC9Ku3lef0MMtj/
3HDRU3vlyZ6ahqG/iWXK0Yg7EQkvB0QfDU8p3YYgEbaWAR2Bi0S4CQpA+OO1Y9sJ
vQyS33MBi4DkbOrs53inizSJxttwdEmlw/y3O889QAs+ng72N+tXtP28vMUAscjY
MlbWysz4EOiMNCGkcV1D3wKBgBWfzC9cISEeRxMehWP76UdFY9yau+fRv3wzTH9h
hXYlQzlOxT+vYWT67DjC+FeptTEfdg6yLJ6LfBY4CHshBpCjfRe+sapqjt0pfDMe
CZa5NHjULx0qApDHPUfDUQENBfGXnVG0GXsaDWCvlnZljRKyXrB2i3C9d7xF79jP
1tItAoGBAJPQqDlGqfymOEi0RtwhvUMqDiPuldU8kBduLHDBuwjOAseaxDng/f/Q
hnawHe7q3WO7NamV3kE4Y5ZxpR+9Fph95yWNeY3t2tkww1Gule5ihMRs7CC5v9rT
HgVNrD4t6n3iJ3eLsn7nyUq4uGMVoO9Pu6gdvc6FTJAqtN0JiBzN
-----END RSA PRIVATE KEY-----
"""
PUBLISHED = (
    b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzlukDfspBewhUGqCrswJQStdDbIpS+/mVpGJrl9leIvHaWJzIi5L"
    b"QaZ1NgHwWUcsfuHLuPmWaOU5jTXIBwXmo4pG8zvdlfU+AaboU6JfnE4EyCuz2Fc021s9KtEcyutNZYfCmsp6BL/gVAc0MDyB"
    b"BzLPuuksabZnhNyq5yutGjqQn3wuD31teV0ZUDAc0TJ3vBtMIf1XIXFdfxSfokeavsU6v+dk46/vMqJCb8VkW7ukxjJqg74B"
    b"BnKxJkKKUN6L2a+ABP682i/7U/rUL3h+tZ+kx1/yGYQYilLshIP/Srb0OD5Bx7SuQ3FKgzhC64YW6dMqV27k+V4xgW9lglzb"
    b"9wIDAQAB"
)
MESSAGE = (
    b"From: Cellule <cellule@jonction.example>\r\nTo: lea@exemple.fr\r\nSubject: Des offres\r\n"
    b"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@jonction.example>\r\n"
    b"List-Unsubscribe: <https://jonction.example/desinscription/x/>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nBonjour\r\n"
)
SENDER = "ne-pas-repondre@jonction.example"


@pytest.fixture
def key(settings):
    settings.MAIL_DKIM_KEY, settings.MAIL_DKIM_SELECTOR = KEY, "essai"


def is_valid(message):
    def dns(name, timeout=5):
        assert name == b"essai._domainkey.jonction.example."
        return b"v=DKIM1; k=rsa; p=" + PUBLISHED

    return dkim.verify(message, dnsfunc=dns)


def test_a_signed_message_is_verified(key):
    assert is_valid(signed(MESSAGE, SENDER))


@pytest.mark.parametrize("part", [b"desinscription/x", b"One-Click", b"Des offres", b"Bonjour"])
def test_a_change_of_what_is_covered_is_seen(key, part):
    assert not is_valid(signed(MESSAGE, SENDER).replace(part, b"autre"))


def test_a_header_added_in_transit_is_no_harm(key):
    assert is_valid(b"Received: from a by b\r\n" + signed(MESSAGE, SENDER))


def test_without_a_key_the_message_leaves_as_it_is():
    assert signed(MESSAGE, SENDER) == MESSAGE


def test_a_key_that_is_none_lets_nothing_leave(settings):
    settings.MAIL_DKIM_KEY = "clé perdue"
    with pytest.raises(KeyRefusedError):
        signed(MESSAGE, SENDER)
