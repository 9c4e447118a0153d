import uuid
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.mailing.message import (
    assemble,
    automatic_headers,
    list_headers,
    mailbox,
    message_id_for,
    wire_address,
)
from cells.mailing.tokens import UNSUBSCRIBE, read_mail_token, sign_mail

A_UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


def make_mail(**changes):
    fields = {
        "uuid": A_UUID,
        "message_id": "<abc@jonction.example>",
        "to_address": "lea@exemple.fr",
        "subject": "Des offres",
        "text": "Bonjour\n",
        "html": "<p>Bonjour</p>",
        "headers": {"From": "cellule@jonction.example", "MIME-Version": "1.0"},
    }
    return SimpleNamespace(**fields | changes)


def parse(mail):
    return message_from_bytes(assemble(mail), policy=policy.default)


def test_accents_survive_in_the_subject_and_stay_ascii_on_the_wire():
    subject = " ".join(["Des offres d’apprentissage pour vous, Éloïse – œuvre n° 1 à l’été"] * 3)
    raw = assemble(make_mail(subject=subject))
    assert raw.isascii()
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject


def test_a_display_name_with_accents_or_commas_is_read_back_as_one_name():
    for name in ("Cellule Provence-Alpes-Côte d’Azur (Jonction)", "Cellule, test", "Normandie"):
        message = parse(make_mail(headers={"From": mailbox(name, "cellule@exemple.fr"), "MIME-Version": "1.0"}))
        (sender,) = message["From"].addresses
        assert (sender.display_name, sender.addr_spec) == (name, "cellule@exemple.fr")


def test_the_same_stored_mail_gives_the_same_bytes_whatever_the_order_of_its_headers():
    one = make_mail(headers={"From": "a@b.fr", "X-Campaign": "1", "MIME-Version": "1.0"})
    other = make_mail(headers={"MIME-Version": "1.0", "X-Campaign": "1", "From": "a@b.fr"})
    assert assemble(one) == assemble(other)


@pytest.mark.parametrize("field", ["subject", "message_id"])
@pytest.mark.parametrize("break_", ["\nBcc: tous@exemple.fr", "\r\nBcc: tous@exemple.fr", "\rX: y", "\r\n X\n"])
def test_a_line_break_never_starts_another_header(field, break_):
    with pytest.raises(ValueError, match="line break"):
        assemble(make_mail(**{field: "Offres" + break_}))


def test_no_line_is_longer_than_mail_allows():
    long = make_mail(text="x" * 5000, html="<p>" + "é" * 5000 + "</p>", subject="é" * 400)
    assert max(len(line) for line in assemble(long).split(b"\r\n")) <= 998


def test_every_line_ends_as_smtp_wants():
    raw = assemble(make_mail(text="a\nb\r\nc", html="<p>\n</p>"))
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")


TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\n")).map(
    lambda text: text + "\n"
)


@given(TEXTS, TEXTS)
def test_both_parts_come_back_as_written(text, html):
    message = parse(make_mail(text=text, html=html))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    written = [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in message.iter_parts()]
    assert written == [text, html]


def test_message_ids_are_repeatable_distinct_and_in_our_domain(settings):
    settings.MAIL_DOMAIN = "jonction.example"
    assert message_id_for(A_UUID) == message_id_for(A_UUID)
    assert message_id_for(A_UUID) != message_id_for(uuid.uuid4())
    assert message_id_for(A_UUID).endswith("@jonction.example>")
    assert A_UUID.hex not in message_id_for(A_UUID)


def test_one_click_headers_are_those_of_rfc_8058():
    headers = list_headers(unsubscribe_url="https://j.example/x/", list_name="Offres d’été", list_id="o.28.j.example")
    message = parse(make_mail(headers=headers | automatic_headers()))
    assert message["List-Unsubscribe"] == "<https://j.example/x/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"].endswith("<o.28.j.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None


def test_a_domain_with_accents_is_sent_in_punycode_and_a_local_part_with_accents_is_refused():
    assert wire_address("lea@lycée.fr") == "lea@xn--lyce-dpa.fr"
    with pytest.raises(ValueError, match="adresse"):
        wire_address("léa@exemple.fr")


def test_a_token_opens_one_mail_for_one_purpose_only():
    token = sign_mail(A_UUID, purpose=UNSUBSCRIBE)
    assert read_mail_token(token, purpose=UNSUBSCRIBE) == A_UUID
    assert read_mail_token(token, purpose="another purpose") is None
    assert read_mail_token(token[:-1], purpose=UNSUBSCRIBE) is None
    assert read_mail_token(token.replace(token[0], "f" if token[0] != "f" else "e", 1), purpose=UNSUBSCRIBE) is None
    assert read_mail_token("n’importe quoi", purpose=UNSUBSCRIBE) is None
