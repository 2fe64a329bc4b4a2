"""Values that tell of a person, by their pattern and check digits. Hints for people, never a verdict."""

from __future__ import annotations

import re

EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[A-Za-z]{2,24}")
IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}")
PHONE = re.compile(
    r"(?:\+|00)[1-9][\d ()/.-]{6,20}|\(?0\d{1,5}\)?[ /-]\d[\d /-]{4,14}|\(\d{3}\) ?\d{3}[-. ]\d{4}"
)
CARD = re.compile(r"\d{13,19}|\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,7})?|\d{4}[ -]\d{6}[ -]\d{5}")
OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
ADDRESS = re.compile(
    rf"(?:{OCTET}\.){{3}}{OCTET}|(?:[0-9a-fA-F]{{1,4}}:){{7}}[0-9a-fA-F]{{1,4}}|[0-9a-fA-F:]*::[0-9a-fA-F:]*"
)
SSN = re.compile(r"(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# What cards begin with, by their length: of other digits one in ten passes the check, too
ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[068]\d{12}|6\d{15}(?:\d{3})?"
)
DIGIT = re.compile(r"\d", re.ASCII)


def pattern_of(text: str) -> str:
    """What a text looks like, in the words of `vocabulary.PERSONAL`; `uuid` for an identifier; or nothing."""
    if len(text) > 80:
        return ""
    if "@" in text:
        return "an e-mail address" if EMAIL.fullmatch(text) else ""
    if UUID.fullmatch(text):
        return "uuid"
    if IBAN.fullmatch(text) and _remainder_is_one(text.replace(" ", "")):
        return "a bank account"
    if CARD.fullmatch(text) and _is_card("".join(DIGIT.findall(text))):
        return "a payment card"
    if SSN.fullmatch(text):
        return "a number of a person at an authority"
    if PHONE.fullmatch(text):
        return "a phone number"
    if ADDRESS.fullmatch(text) and len(text) > 2:
        return "an address of a computer"
    return ""


def _remainder_is_one(iban: str) -> bool:
    """ISO 13616: the first four characters moved behind the others, letters as 10 to 35, modulo 97 is 1."""
    return 15 <= len(iban) <= 34 and int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def _is_card(digits: str) -> bool:
    """By the number of its issuer, and the check digit of ISO/IEC 7812-1, annex B."""
    if not ISSUED.fullmatch(digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0 and len(set(digits)) > 1
