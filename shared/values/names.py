"""Names of months and days, and the markers of half days, by language.

Source: Unicode CLDR 48 (names are facts), abbreviations without their full stop; a text may have one. Both
readers translate names by this one table, so that no engine's own language counts. Lower case; `/` stands
between two spellings of one name.
"""

from __future__ import annotations

from collections.abc import Mapping

SHORT_MONTHS: Mapping[str, str] = {
    "cs": "led úno bře dub kvě čvn čvc srp zář říj lis pro",
    "da": "jan feb mar apr maj jun jul aug sep okt nov dec",
    "de": "jan feb märz/mär apr mai juni/jun juli/jul aug sept/sep okt nov dez",
    "en": "jan feb mar apr may jun jul aug sep/sept oct nov dec",
    "es": "ene feb mar abr may jun jul ago sept/sep oct nov dic",
    "fi": "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
    "fr": "janv févr mars avr mai juin juil août sept oct nov déc",
    "hu": "jan febr márc ápr máj jún júl aug szept okt nov dec",
    "id": "jan feb mar apr mei jun jul agu sep okt nov des",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "nb": "jan feb mars/mar apr mai juni/jun juli/jul aug sep okt nov des",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "pl": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
    "ro": "ian feb mar apr mai iun iul aug sept oct nov dec",
    "sv": "jan feb mars apr maj juni juli aug sep okt nov dec",
    "tr": "oca şub mar nis may haz tem ağu eyl eki kas ara",
}
MONTHS: Mapping[str, str] = {
    "cs": "ledna/leden února/únor března/březen dubna/duben května/květen června/červen července/červenec"
    " srpna/srpen září října/říjen listopadu/listopad prosince/prosinec",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "en": "january february march april may june july august september october november december",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fi": "tammikuuta/tammikuu helmikuuta/helmikuu maaliskuuta/maaliskuu huhtikuuta/huhtikuu"
    " toukokuuta/toukokuu kesäkuuta/kesäkuu heinäkuuta/heinäkuu elokuuta/elokuu syyskuuta/syyskuu"
    " lokakuuta/lokakuu marraskuuta/marraskuu joulukuuta/joulukuu",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "hu": "január február március április május június július augusztus szeptember október november december",
    "id": "januari februari maret april mei juni juli agustus september oktober november desember",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia/styczeń lutego/luty marca/marzec kwietnia/kwiecień maja/maj czerwca/czerwiec lipca/lipiec"
    " sierpnia/sierpień września/wrzesień października/październik listopada/listopad grudnia/grudzień",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "tr": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
}
SHORT_DAYS: Mapping[str, str] = {  # Monday first
    "cs": "po út st čt pá so ne",
    "da": "man tirs ons tors fre lør søn",
    "de": "mo di mi do fr sa so",
    "en": "mon tue wed thu fri sat sun",
    "es": "lun mar mié jue vie sáb dom",
    "fi": "ma ti ke to pe la su",
    "fr": "lun mar mer jeu ven sam dim",
    "hu": "h k sze cs p szo v",
    "id": "sen sel rab kam jum sab min",
    "it": "lun mar mer gio ven sab dom",
    "nb": "man tir ons tor fre lør søn",
    "nl": "ma di wo do vr za zo",
    "pl": "pon wt śr czw pt sob niedz",
    "pt": "seg ter qua qui sex sáb dom",
    "ro": "lun mar mie joi vin sâm dum",
    "sv": "mån tis ons tors fre lör sön",
    "tr": "pzt sal çar per cum cmt paz",
}
DAYS: Mapping[str, str] = {
    "cs": "pondělí úterý středa čtvrtek pátek sobota neděle",
    "da": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "en": "monday tuesday wednesday thursday friday saturday sunday",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "fi": "maanantaina/maanantai tiistaina/tiistai keskiviikkona/keskiviikko torstaina/torstai"
    " perjantaina/perjantai lauantaina/lauantai sunnuntaina/sunnuntai",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "hu": "hétfő kedd szerda csütörtök péntek szombat vasárnap",
    "id": "senin selasa rabu kamis jumat sabtu minggu",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "nb": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "pl": "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "ro": "luni marți miercuri joi vineri sâmbătă duminică",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
    "tr": "pazartesi salı çarşamba perşembe cuma cumartesi pazar",
}
HALVES: Mapping[str, str] = {"cs": "dop odp", "fi": "ap ip", "hu": "de du", "sv": "fm em", "tr": "öö ös"}
LANGUAGES = tuple(MONTHS)


def language(locale: str) -> str | None:
    """The language of `de`, `de_AT` or `de-AT`; None for one that is not in the table."""
    found = locale.replace("-", "_").partition("_")[0].lower()
    return found if found in MONTHS else None


def numbered(table: Mapping[str, str], locale: str, first: int = 1) -> dict[str, int]:
    """Every spelling of a table's names → its number; the first name has the number `first`."""
    names = table[language(locale) or "en"].split(" ")
    return {spelling: n for n, name in enumerate(names, first) for spelling in name.split("/")}


def halves(locale: str) -> dict[str, int]:
    """Markers of the half days → the hours that they add: AM and PM everywhere, and the language's own."""
    own = HALVES.get(language(locale) or "en", "am pm").split(" ")
    return {"am": 0, "pm": 12, "a.m": 0, "p.m": 12, own[0]: 0, own[1]: 12}
