"""What is grave to hear from a customer, and how one asks to be contacted, in the languages that are known. Pure.

"refund" stands for its simple inflections too, "cancel*" for every word that begins so.
"""

from __future__ import annotations

from msgspec import Struct


class Language(Struct, frozen=True, kw_only=True):
    """A language's `grave` phrases, `contact` phrases, and how either is denied.

    A phrase is denied by one of `denials` before it, with nothing but `between` words between them. `after`: denials
    may also follow, within two words, as in "ich kündige nicht". `endings` make the inflections.
    """

    grave: tuple[str, ...]
    contact: tuple[str, ...]
    denials: frozenset[str]
    between: frozenset[str]
    endings: tuple[str, ...] = ("s", "es")
    after: bool = False


def _listed(told: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in told.split(","))


def _words(told: str) -> frozenset[str]:
    return frozenset(told.split())


LANGUAGES: dict[str, Language] = {
    "en": Language(
        grave=_listed(
            "cancel*, refund, money back, no refund, lawyer, attorney, solicitor, sue, suing, "
            "legal action, court, lawsuit, complaint, complain, escalat*, unsafe, dangerous, "
            "injur*, fraud*, scam*, cheat*, stolen, harass*, discriminat*, ombudsman, consumer "
            "forum, consumer protection, regulator, police, data breach, never again, switch to "
            "another, switching to another, close my account, terminate my contract, worst, "
            "pathetic, unacceptable, disgust*, threaten*"
        ),
        contact=_listed(
            "call me, calling me back, call back, callback, phone me, ring me, give me a call, "
            "contact me, get in touch with me, get back to me, reach out to me, reach me, reply "
            "to me, speak to a manager, talk to a manager, speak with a manager, talk with a "
            "manager, speak to a supervisor, talk to a supervisor, speak with a supervisor, "
            "speak to your manager, talk to your manager, speak to your supervisor, speak to "
            "the manager, talk to the manager, speak to a human, talk to a human, speak with a "
            "human, speak to a person, talk to a person, speak to a real person, talk to a real "
            "person, speak to someone, talk to someone, speak with someone, talk with someone, "
            "speak to somebody, talk to somebody, real person, human being, want a manager, "
            "need a manager, want a supervisor, your supervisor"
        ),
        denials=_words(
            "can't cannot cant couldn't couldnt didn't didnt doesn't doesnt don't dont isn't "
            "isnt never no nobody none not without won't wont wouldn't wouldnt"
        ),
        between=_words(
            "a an any ask be do even for going had have intend intention like need needed needs "
            "plan planning please really reason the to want wanted wants will wish would you"
        ),
        endings=("s", "es", "ed", "d", "ing"),
    ),
    "de": Language(
        grave=_listed(
            "kündig*, gekündigt, stornier*, storno, erstatt*, rückerstattung, geld zurück, kein "
            "geld zurück, anwalt, anwält*, rechtsanwalt, rechtliche schritte, klage, verklag*, "
            "gericht, beschwer*, eskalier*, eskalation, gefährlich, unsicher, verletz*, betrug, "
            "betrüg*, abzocke, gestohlen, polizei, verbraucherzentrale, verbraucherschutz, "
            "datenleck, nie wieder, wechsle den anbieter, anbieter wechseln, unzumutbar, "
            "inakzeptabel, unverschämt*, frechheit, katastroph*"
        ),
        contact=_listed(
            "ruft mich an, rufen sie mich an, ruf mich an, rufen sie mich bitte an, ruft mich "
            "bitte an, rufen sie mich zurück, ruft mich zurück, bitte um rückruf, um einen "
            "rückruf, rückruf, mich anrufen, mich zurückrufen, meldet euch, melden sie sich bei "
            "mir, melden sie sich bitte, kontaktieren sie mich, kontaktiert mich, mich "
            "kontaktieren, vorgesetzt*, teamleit*, mit einem menschen, echten menschen, mit "
            "jemandem sprechen, persönlich sprechen"
        ),
        denials=_words("kein keine keinem keinen keiner nicht nie niemals ohne weder"),
        between=_words(
            "bitte brauche den die ein eine einen ich mehr mich möchte müssen noch nötig sie "
            "unbedingt will wir wollen zu"
        ),
        endings=("e", "en", "er", "es", "em", "n", "s", "t"),
        after=True,
    ),
    "fr": Language(
        grave=_listed(
            "résili*, annul*, rembours*, pas de remboursement, avocat, avocate, tribunal, "
            "porter plainte, plainte, action en justice, réclamation, escalad*, dangereu*, "
            "blessé, fraude, arnaqu*, escroqu*, volé, police, médiateur, répression des "
            "fraudes, plus jamais, changer d'opérateur, inacceptable, inadmissible, scandaleu*, "
            "honteu*, catastroph*"
        ),
        contact=_listed(
            "appelez moi, appelez - moi, rappelez moi, rappelez - moi, me rappeler, m'appeler, "
            "contactez moi, contactez - moi, me contacter, me recontacter, recontactez - moi, "
            "joindre un responsable, parler à un responsable, parler à un humain, parler à une "
            "personne, parler à quelqu'un, parler à un conseiller, un vrai conseiller, votre "
            "responsable, votre supérieur"
        ),
        denials=_words("aucun aucune jamais ne pas sans"),
        between=_words(
            "besoin d' de envie faut la le les m' me pas plus souhaite un une veux voulu à"
        ),
        endings=("s", "e", "es", "x"),
    ),
    "es": Language(
        grave=_listed(
            "cancel*, dar de baja, darme de baja, reembols*, devolución del dinero, devuelvan "
            "el dinero, mi dinero de vuelta, abogad*, demanda, demandar, denuncia*, tribunal, "
            "acciones legales, queja, quejar*, reclamación, reclamar, escalar, peligros*, "
            "insegur*, herid*, fraude, estafa*, robad*, policía, consumidor, nunca más, "
            "inaceptable, vergonzos*, pésim*"
        ),
        contact=_listed(
            "llámame, llámenme, llámeme, llamadme, que me llamen, me llamen, me llame, "
            "contáctenme, contácteme, contactadme, que me contacten, póngase en contacto, "
            "pónganse en contacto, hablar con un responsable, hablar con un supervisor, hablar "
            "con el encargado, hablar con un gerente, hablar con una persona, hablar con "
            "alguien, hablar con un humano, un supervisor"
        ),
        denials=_words("jamás ninguna ningún no nunca sin tampoco"),
        between=_words(
            "a deseo el es falta hace la me necesario necesito que quería quiero tengo un una voy"
        ),
    ),
    "nl": Language(
        grave=_listed(
            "opzeg*, opgezegd, annuleer*, annuler*, terugbetal*, geld terug, advocaat, "
            "advocat*, rechter, rechtszaak, juridische stappen, klacht, klachten, escaleer*, "
            "escalatie, gevaarlijk*, onveilig*, gewond, fraude, oplicht*, gestolen, politie, "
            "consumentenbond, nooit meer, overstappen, onacceptabel, schandalig*, schandalige, "
            "belachelijk"
        ),
        contact=_listed(
            "bel me, bel mij, bel me terug, belt u mij, mij bellen, me bellen, terugbellen, "
            "teruggebeld worden, neem contact op, contact met mij opnemen, contact opnemen met "
            "mij, leidinggevende, een manager spreken, iemand spreken, een mens spreken, echt "
            "persoon"
        ),
        denials=_words("geen niet nooit zonder"),
        between=_words("de een het hoef hoeft ik me meer mij nodig om te u wil"),
        endings=("s", "en", "e", "t"),
        after=True,
    ),
    "it": Language(
        grave=_listed(
            "disdett*, disdire, annull*, cancell*, recess*, rimbors*, soldi indietro, avvocat*, "
            "tribunale, vie legali, azioni legali, querela*, reclam*, denunci*, pericolos*, "
            "ferit*, frode, truff*, rubat*, polizia, mai più, cambiare operatore, "
            "inaccettabil*, vergogn*, pessim*"
        ),
        contact=_listed(
            "chiamatemi, chiamami, richiamatemi, mi chiami, mi richiami, essere richiamato, "
            "essere richiamata, essere contattato, essere contattata, contattatemi, mi "
            "contatti, parlare con un responsabile, parlare con un operatore, parlare con una "
            "persona, parlare con qualcuno, un responsabile, un supervisore"
        ),
        denials=_words("mai nessun nessuna nessuno non senza"),
        between=_words(
            "bisogno c'è che desidero di ho il intenzione la occorre serve un una voglio volevo"
        ),
        endings=(),
    ),
    "pt": Language(
        grave=_listed(
            "cancel*, reembols*, estorn*, dinheiro de volta, advogad*, processar, processo "
            "judicial, tribunal, justiça, reclama*, queixa, denunci*, escalar, perigos*, "
            "insegur*, ferid*, fraude, golpe, roubad*, polícia, procon, reclame aqui, nunca "
            "mais, inaceit*, vergonh*, péssim*"
        ),
        contact=_listed(
            "me ligue, me liguem, ligue - me, liguem - me, liga - me, me telefone, entre em "
            "contato comigo, entrem em contato, contacte - me, contactem - me, me contate, "
            "falar com um gerente, falar com o gerente, falar com um supervisor, falar com um "
            "responsável, falar com uma pessoa, falar com alguém, falar com um humano, um "
            "supervisor"
        ),
        denials=_words("jamais nenhum nenhuma nunca não sem"),
        between=_words("a de desejo necessário o precisa preciso que queria quero um uma vou é"),
    ),
}
