"""Words that many sources share: spellings of no value, yes and no, operations of change data, and what
headers are called in several languages. Only these words of a file's cells ever reach a draft.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise

from shared.records.delimited import TOTALS


def words(text: str) -> frozenset[str]:
    """The words of a list that is easier to read as a text."""
    return frozenset(text.split())


NULLS = words(
    "null none nil nan na n/a #n/a #na #null! - -- --- ? \\n <null> (null) (none) (blank) (empty)"
    " missing unknown undefined not_available k.a. k.a keine n.a. n.a nd n.d. s/d s.d. nc n.c. brak"
    " 0000-00-00"
) | {"keine angabe", "not available", "non disponible", "no disponible", "0000-00-00 00:00:00"}
# Pairs of words for true and false
BOOLEANS: tuple[tuple[str, str], ...] = (
    ("true", "false"),
    ("t", "f"),
    ("yes", "no"),
    ("y", "n"),
    ("ja", "nein"),
    ("j", "n"),
    ("ja", "nej"),
    ("ja", "nee"),
    ("wahr", "falsch"),
    ("oui", "non"),
    ("o", "n"),
    ("vrai", "faux"),
    ("si", "no"),
    ("sí", "no"),
    ("s", "n"),
    ("sì", "no"),
    ("sim", "não"),
    ("tak", "nie"),
    ("ano", "ne"),
    ("evet", "hayır"),
    ("on", "off"),
)
BOOLEAN_WORDS = frozenset(w for pair in BOOLEANS for w in pair)
OPERATIONS = frozenset("IUDcrudiu")  # of DMS and Debezium, in their own case
OPERATION_NAMES = {"op", "operation", "cdcoperation", "dmsop", "changetype", "cdcop"}
# A cell of its own: a customer may be called Totalenergies, and what a footer takes is in no table
FOOTER = rf"^[\"']?(?i:{'|'.join(sorted(TOTALS))}) ?:?[\"']? *(?:[;,|\t~]|$)"

TIME_WORDS = words(
    "time timestamp ts date datetime at created updated modified changed occurred happened logged reported"
    " expires expiry since zeit zeitpunkt zeitstempel datum uhrzeit erstellt geaendert gebucht heure"
    " horodatage cree modifie fecha creado actualizado creato aggiornato czas utworzono dato skapad tarih"
)
BIRTH_WORDS = words(
    "birth birthday birthdate born dob geburt geburtsdatum geburtstag naissance nacimiento nascita"
)
DAY_WORDS = words("day tag jour dia giorno dzien dag den paiva gun")
EVENT_WORDS = words(
    "event occurred happened time timestamp ts created ordered placed sold booked logged datetime"
    " zeit zeitpunkt zeitstempel datum buchung gebucht erstellt horodatage date fecha data dato tarih"
)
CHANGE_WORDS = words(
    "last updated modified changed version lastmodified revision geaendert aktualisiert modifie"
    " actualizado aggiornato changedat updatedat modifiedat lsn commit seq sequence"
)
ID_WORDS = words(
    "id ids key code uuid guid nr no num number numero nummer nbr sku ean gtin isbn asin plz zip"
    " postal postcode postalcode cap cp iban bic swift vat ustid tax steuer ssn phone tel telefon"
    " mobile handy fax konto account kundennr bonnr artikelnr rechnungsnr auftragsnr ref reference"
    " referenz clave cle kod ident identifier"
)
TEXT_WORDS = words(  # of columns of texts, which no number or time tells from a record
    "name names title description comment notes note text status state type kind category categorie kategorie"
    " city town country region language currency gender department brand label unit stadt ort land waehrung"
    " beschreibung bezeichnung bemerkung ville pays statut ciudad pais estado citta paese product produkt"
    " customer kunde client user email op"
)
KEY_WORDS = words("id key uuid guid nr no number nummer numero ident identifier sku code ref reference")

PERSONAL: Mapping[str, frozenset[str]] = {
    "an e-mail address": words("email mail emailaddress mailadresse correo courriel epost eposta mailto"),
    "a phone number": words(
        "phone tel telephone telefon mobile handy fax telefono mobil cell cellphone telefoon"
        " telefonnummer handynummer"
    ),
    "a name of a person": words(
        "firstname lastname surname fullname vorname nachname familienname prenom nombre apellido"
        " apellidos cognome nome imie nazwisko fornavn etternavn efternamn voornaam achternaam"
        " customername kundenname username displayname patronymic soyad"
    ),
    "an address": words(
        "street strasse str address adresse anschrift hausnummer rue calle direccion indirizzo"
        " via ulica gata streetaddress addressline hausnr"
    ),
    "a date of birth": words(
        "birthday birthdate dob dateofbirth geburtsdatum geburtstag naissance nacimiento nascita"
        " geboortedatum born"
    ),
    "a bank account": words("iban bic kontonummer accountnumber bankaccount konto"),
    "a payment card": words("card cardnumber creditcard kreditkarte kartennummer pan tarjeta cartebancaire"),
    "a number of a person at an authority": words(
        "ssn socialsecurity steuerid taxid passport reisepass nino dni nif pesel codicefiscale"
        " bsn personnummer sozialversicherungsnummer"
    ),
    "an address of a computer": words("ip ipaddress clientip remoteaddr remotehost ipadresse"),
    "a secret": words("password passwort passwd secret token apikey motdepasse contrasena"),
}
AMOUNT_WORDS = words(
    "amount price total sum cost revenue net gross tax fee betrag preis summe kosten umsatz netto"
    " brutto mwst gebuehr montant prix importe precio importo prezzo kwota cena belopp pris bedrag"
    " prijs tutar fiyat value wert quantity qty menge quantite cantidad"
)
RESPELLED = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "ø": "o",
    "æ": "ae",
    "å": "a",
    "ł": "l",
    "đ": "d",
    "ı": "i",
}
WORD = re.compile(r"[a-z0-9]+")
HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def ascii_text(text: str) -> str:
    """Lower case without accents, as column names have it."""
    humps = HUMPS.sub(" ", unicodedata.normalize("NFC", text))
    respelled = "".join(RESPELLED.get(c, c) for c in humps.lower())
    return unicodedata.normalize("NFKD", respelled).encode("ascii", "ignore").decode()


def words_of(name: str) -> tuple[str, ...]:
    """The words of a header: `OrderID`, `order-id` and `order_id` have the same."""
    return tuple(WORD.findall(ascii_text(name)))


def has_word(name: str, chosen: frozenset[str]) -> bool:
    """Whether a header has one of some words, or is one when its words are joined."""
    found = words_of(name)
    joined = {"".join(found), *map("".join, pairwise(found))}
    return not {*found, *joined}.isdisjoint(chosen)


def personal(name: str) -> str | None:
    """What kind of personal value a header promises."""
    return next((kind for kind, said in PERSONAL.items() if has_word(name, said)), None)
