"""Pure readers of one value. Each gives "" (or None) for "", or raises ValueError with a French reason."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siret as siret_number

PARIS = ZoneInfo("Europe/Paris")
EARLIEST, LATEST = date(1900, 1, 1), date(2099, 12, 31)

_FRENCH_PHONE = re.compile(r"(?:\+33|0033)?0?([1-9]\d{8})", re.ASCII)
_OVERSEAS_PHONE = re.compile(r"(?:\+|00)(?:262|590|594|596)(\d{9})", re.ASCII)
_PHONE_NOISE = re.compile(r"[\s.\-/()\u00a0\u202f]+")
_SIMPLE_EMAIL = re.compile(r"[a-z0-9_+\-]+(?:\.[a-z0-9_+\-]+)*@(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
# INE of the national register, of a school, of an apprentice training centre, of a university.
_INE = re.compile(r"\d{9}[A-Z]{2}|\d{10}[A-Z]|\d{4}A\d{5}[A-Z]|[0-9A-Z]{10}\d", re.ASCII)
_UAI = re.compile(r"[0-9]{7}[A-Z]")
_SLASHED_DATE = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", re.ASCII)
# C0 and C1 controls, line and paragraph separators, and what turns the writing direction around.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean_text(value: str, max_length: int) -> str:
    """One line, blanks made single. Text is text: « <b> » and « =1+1 » stay as typed, pages and exports escape."""
    if value.isascii() and value.isprintable() and "  " not in value:
        text = value.strip()
    else:
        if _CONTROLS.search(value):
            raise ValueError("caractère de commande interdit")
        text = " ".join(value.split())
    if len(text) > max_length:
        raise ValueError(f"{len(text)} caractères, {max_length} au plus")
    return text


def parse_ine(value: str) -> str:
    ine = value.replace(" ", "").upper()
    if ine and not _INE.fullmatch(ine):
        raise ValueError("INE mal formé : 11 caractères attendus (ex. 123456789AB)")
    return ine


def parse_uai(value: str) -> str:
    uai = value.replace(" ", "").upper()
    if uai and not _UAI.fullmatch(uai):
        raise ValueError("UAI mal formé : 7 chiffres et une lettre attendus")
    return uai


def parse_siret(value: str) -> str:
    if not value.strip():
        return ""
    try:
        return str(siret_number.validate(value))
    except NumberError as error:
        digits = siret_number.compact(value)
        if len(digits) != 14 or not digits.isdigit():
            raise ValueError("14 chiffres attendus") from error
        raise ValueError("la clé de contrôle est fausse, vérifiez les chiffres") from error


def parse_email(value: str) -> str:
    """In lower case: no mail system of today tells two addresses apart by case."""
    email = value.strip().lower()
    if not email or (len(email) <= 254 and _SIMPLE_EMAIL.fullmatch(email)):
        return email
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValueError("adresse électronique mal formée") from error
    return email


def parse_phone(value: str) -> str:
    """A French number as 0611223344, another one as +32…; spreadsheets that ate the first zero are forgiven."""
    compact = _PHONE_NOISE.sub("", value)
    if not compact:
        return ""
    if french := _FRENCH_PHONE.fullmatch(compact) or _OVERSEAS_PHONE.fullmatch(compact):
        return f"0{french[1]}"
    try:
        number = phonenumbers.parse(compact, "FR")
    except phonenumbers.NumberParseException as error:
        raise ValueError("numéro de téléphone mal formé") from error
    if not phonenumbers.is_possible_number(number) or number.country_code == 33:
        raise ValueError("numéro de téléphone impossible (10 chiffres attendus)")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def parse_date(value: str, *, earliest: date = EARLIEST, latest: date = LATEST) -> date | None:
    """2009-05-17, 17/05/2009, or the Paris day of an ISO moment."""
    text = value.strip()
    if not text:
        return None
    day = _day_of(text)
    if not earliest <= day <= latest:
        raise ValueError(f"date hors des limites ({earliest:%d/%m/%Y} – {latest:%d/%m/%Y})")
    return day


def _day_of(text: str) -> date:
    try:
        if slashed := _SLASHED_DATE.fullmatch(text):
            return date(int(slashed[3]), int(slashed[2]), int(slashed[1]))
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("date attendue sous la forme JJ/MM/AAAA ou AAAA-MM-JJ") from error
    return moment.astimezone(PARIS).date() if moment.tzinfo else moment.date()


def parse_coordinates(latitude: str, longitude: str) -> tuple[float, float] | None:
    """WGS 84 degrees, decimal point or comma. 0, 0 is how files write "unknown": None."""
    if not latitude.strip() and not longitude.strip():
        return None
    try:
        lat, lon = (float(text.strip().replace(",", ".")) for text in (latitude, longitude))
    except ValueError as error:
        raise ValueError("latitude et longitude attendues en degrés décimaux") from error
    if not -90 <= lat <= 90:
        raise ValueError("latitude hors de −90…90")
    if not -180 <= lon <= 180:
        raise ValueError("longitude hors de −180…180")
    return (lat, lon) if lat or lon else None


def parse_rank(value: str) -> int:
    """A whole number from 1; raises on "" too."""
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:6]) <= 999 or len(value) > 6:
        raise ValueError("un rang de 1 à 999 est attendu")
    return int(value)
