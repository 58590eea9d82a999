"""Spanish."""

from __future__ import annotations

from bridge.domain.updates.languages.shape import Asked, Language

LANGUAGE = Language(
    commits=(
        "voy a|vamos a|próximo paso",
        "\\w{2,}(?:aremos|eremos|iremos|aré|eré|iré)|recibirá\\w*|serán?",
    ),
    asks=("por favor|podría|puede|puedes|podrías|le (?:ruego|rogamos)",),
    done=(
        (
            "(?:he|hemos|ha|han|sido|fue|está|queda|ya) (?:enviad|reembolsad|resuelt|corregid|reemplazad|cancelad"
            "|solucionad|activad|modificad|actualizad|reparad|desbloquead|envió|arreglad)\\w*"
        ),
    ),
    not_yet="no|serán?|cuando|en cuanto|al (?:departamento|equipo)",
    conditional="cerrar\\w*",
    hollow=(
        "gracias por\\b[^,.]*|lo (?:sentimos|siento)\\b[^,.]*|(?:lamentamos|disculp)\\w*[^,.]*",
        "lo antes posible|a la (?:mayor )?brevedad|en proceso",
        "estamos (?:trabajando|revisando|investigando)(?: (?:en )?(?:ello|esto|su caso))?",
        "(?:sin|no hay) (?:noticias|novedades)",
        "(?:su )?(?:paciencia|comprensión)|pronto|en breve|en espera de\\b[^,.]*|agradecemos\\b[^,.]*|todo lo posible",
        "en cuanto (?:tengamos|sepamos|sea)\\b[^,.]*|(?:le |les )?informaremos",
        "será (?:atendid|revisad)\\w*|(?:mantendremos|mantener) informad\\w*|seguimos (?:trabajando|revisando)\\w*",
        "(?:al )?(?:departamento|equipo) (?:correspondiente|responsable|encargado)",
        "hemos recibido\\b[^,.]*|(?:departamento|equipo) correspondiente|no dude\\b[^.]*",
    ),
    receipt=("hemos recibido|respuesta automática|gracias por contactar",),
    content="gracias|perfecto",
    but="pero|todavía|sigue",
    asked=Asked(
        begins="(?:y |¿)*(?:cuándo|dónde|por qué|cómo|qué|cuánto|pueden?)",
        when="cuándo|cuánto tiempo",
        why="por qué",
        because="porque|debido|motivo",
        how_much="cuánt[oa]s?|precio",
        free="gratis",
        how="cómo",
        steps="haga|abra|puede",
        where="dónde",
        places="en \\w+",
        whether="puede|pueden|hay|es|está",
        yes_or_no="sí|no|claro|por supuesto|lamentablemente",
    ),
    common="""
    los las una uno del que con por para sus este esta esto son fue han hay muy más pero como cuando cuándo dónde
    cómo qué quién cuál gracias mis nuestro nuestra usted
    """,
)
