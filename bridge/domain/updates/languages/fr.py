"""French."""

from __future__ import annotations

from bridge.domain.updates.languages.shape import Asked, Language

LANGUAGE = Language(
    commits=(
        "je vais|nous allons|prochaine étape",
        "(?:je|nous) vous (?:envo|rappel|recontact|tien|rembours|confirm)\\w+",
        "vous (?:recevrez|aurez|serez)|\\w{3,}(?:erai|erons|irai|irons)|sera|seront",
    ),
    asks=("veuillez|(?:pourriez|pouvez)-vous|s['’]il vous pla[iî]t|vous pouvez|merci de",),
    done=(
        (
            "(?:ai|a|avons|ont|est|sont|été|bien) (?:envoyé|remboursé|résolu|corrigé|expédié|remplacé|annulé|réglé"
            "|modifié|activé|réparé|débloqué|mis à jour)e?s?"
        ),
    ),
    not_yet="pas|sera|seront|dès que|au (?:service|département)|à l[’']équipe",
    conditional="si|fermer\\w*",
    hollow=(
        "merci (?:de|pour) [^,.]*(?:patience|message|compréhension|contact\\w*|demande)[^,.]*",
        "merci d['’][^,.]*(?:patience|contact\\w*|patienter)[^,.]*",
        "(?:nous nous |veuillez nous )?excus\\w+[^,.]*|désolée?s?\\b[^,.]*",
        "dès que possible|dans les (?:plus brefs|meilleurs) délais",
        "en cours(?: (?:de traitement|d['’]\\w+))?|bien reçu\\b[^,.]*|reviendrons vers vous",
        "(?:pas|rien) de (?:nouvelles?|nouveau)",
        "(?:sera|est) (?:traitée?|examinée?|étudiée?)|nous traitons",
        "en attente d[e'’][^,.]*|patienter|regrett\\w+\\b[^,.]*",
        "dès que nous\\b[^,.]*|pris(?:e)? en compte|tiendrons informée?s?",
        "notre possible|de notre mieux|(?:votre )?(?:patience|compréhension)",
        "service (?:concerné|compétent)|transmis\\w*|n['’]hésitez pas\\b[^.]*",
    ),
    receipt=("bien reçu|réponse automatique",),
    content="merci|parfait",
    but="pas|mais|encore|toujours",
    asked=Asked(
        begins="(?:et |mais )*(?:quand|où|pourquoi|comment|combien|est-ce que|pouvez-vous)",
        when="quand",
        why="pourquoi",
        because="car|parce|raison|cause",
        how_much="combien|prix",
        free="gratuite?s?",
        how="comment",
        steps="cliquez|ouvrez|vous pouvez",
        where="où",
        places="(?:dans|sous|à|chez) \\w+",
        whether="est-ce|pouvez|puis-je|avez-vous",
        yes_or_no="oui|non|bien sûr|malheureusement",
    ),
    common="""
    les des une est sont pas que qui vous votre vos nous notre nos mon mes ses pour avec dans sur par plus mais ont
    avez avons quand comment pourquoi combien bien merci
    """,
)
