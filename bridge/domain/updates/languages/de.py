"""German."""

from __future__ import annotations

from bridge.domain.updates.languages.shape import Asked, Language

_DO = (
    "(?:melde|schicke|sende|rufe|leite|kläre|frage|tausche|erstatte|buche|informiere|gebe|prüfe|bespreche|hake|bitte"
    "|warte|bestelle|versende|überweise|richte|setze|korrigiere)n?"
)

LANGUAGE = Language(
    commits=(
        f"(?:ich|wir) (?:werden?|{_DO})",
        f"(?:werden?|{_DO}) (?:ich|wir)",
        "sie (?:erhalten|bekommen|hören)|(?:erhalten|bekommen|hören) sie",
        "wird|nächste[rs]? (?:update|schritt)",
    ),
    asks=(
        "bitte",
        "(?:könnt(?:en|est)|können|kannst|würden) (?:sie|du)",
        "(?:sie können|du kannst)",
    ),
    done=(
        (
            "erledigt|behoben|erstattet|verschickt|versendet|versandt|ausgetauscht|storniert|freigeschaltet|korrigiert"
            "|zurückgesetzt|geändert|gutgeschrieben|gelöst|gesendet|gebucht|gelöscht|aktiviert|überwiesen|repariert"
            "|verlängert|entsperrt|angepasst|geliefert"
        ),
    ),
    not_yet="nicht|wird|werden|sobald|keine?|an (?:die|das|unsere?n?) (?:\\w+ )?(?:\\w*abteilung|team|kolleg\\w+)",
    conditional="wenn|falls|geschlossen|schließen",
    hollow=(
        "(?:vielen |herzlichen )?dank für\\b[^,.]*",
        (
            "(?:ich |wir )?bitten? (?:sie )?(?:\\w+ )?um (?:ihr |ihre |etwas |noch )*"
            "(?:geduld|verständnis|entschuldigung)[^,.]*"
        ),
        "entschuldig\\w+[^,.]*|tut (?:uns|mir) (?:sehr )?leid[^,.]*",
        "(?:haben ihre|ihre) (?:anfrage|nachricht|mail|e-mail)\\b[^,.]*(?:erhalten|eingegangen)",
        "so schnell wie möglich|schnellstmöglich|baldmöglichst|in kürze|sobald (?:wie möglich|wir)\\b[^.]*",
        "in (?:bearbeitung|prüfung|arbeit|klärung)",
        (
            "(?:arbeiten|prüfen|kümmern|sind) (?:wir )?(?:\\w+ )?"
            "(?:daran|dran|uns darum|das|dies|den fall|ihr anliegen)"
        ),
        "(?:melden|melde) (?:wir |ich )?(?:uns|mich)(?: (?:bei ihnen|wieder|dann))*",
        "(?:zuständige|entsprechende|verantwortliche)n? (?:abteilung|team|kolleg\\w+|stelle)|weitergeleitet",
        "(?:noch )?(?:nichts|keine) (?:neues|neuigkeiten|rückmeldung|antwort)",
        "wird (?:noch |derzeit |aktuell )?(?:geprüft|bearbeitet|untersucht|geklärt)|intern (?:weitergegeben|geklärt)",
        "(?:hoffen auf |um )?(?:ihr |etwas )?(?:verständnis|geduld)|bedauern\\b[^,.]*|zeitnah|unser bestes",
        "(?:warten|wartet) (?:noch )?auf (?:eine |die )?(?:antwort|rückmeldung)|hohe[nsr]? (?:aufkommen|auslastung)",
        "fachabteilung|(?:noch )?nicht gemeldet",
        "weitere fragen[^.]*|gerne? zur verfügung|wichtig|halten (?:wir )?sie auf dem laufenden",
    ),
    receipt=(
        "(?:anfrage|nachricht|e-?mail)\\b.*\\b(?:erhalten|eingegangen)",
        "automatische|dank für ihre (?:anfrage|nachricht|e-?mail)",
    ),
    content="danke?|super|prima|passt|funktioniert",
    but="nicht|keine?|aber|immer noch",
    asked=Asked(
        begins="(?:und |also |aber )*(?:wann|wo|warum|wieso|wie|was|welche[rs]?|wer|(?:können|könnten) sie)",
        when="wann|wie lange",
        why="warum|wieso|weshalb",
        because="weil|wegen|grund|ursache|da|lag|liegt",
        how_much="wie ?viel|kostet|preis",
        free="kostenlos|kostenfrei",
        how="wie (?:kann|geht|mache|komme)",
        steps="klicken|öffnen|wählen|unter|sie können|du kannst",
        where="wo|wohin",
        places="(?:im?|unter|bei) \\w+",
        whether="ist|sind|kann|können|könnten|haben|hat|gibt",
        yes_or_no="ja|nein|leider|natürlich|gerne",
    ),
    common="""
    und der die das den dem des ein eine einen einem einer ist sind war wird werden hat haben habe ich wir sie ihr
    ihre ihren ihrem mir mich uns ihnen nicht kein keine mit von vom zum zur auf für aus bei nach vor über auch noch
    nur schon aber oder wenn dass was wann wer wie warum wieso welche welcher bitte danke ja mein meine meinen dann
    als sich kann können könnte
    """,
)
