"""English."""

from __future__ import annotations

from bridge.domain.updates.languages.shape import Asked, Language

_DOING = (
    "sending|asking|arranging|replacing|preparing|passing|escalating|checking with|waiting for|shipping|transferring"
    "|booking|refunding|testing|rolling"
)
_DONE = (
    "sent|fixed|resolved|refunded|shipped|replaced|credited|corrected|cancell?ed|activated|reset|updated|changed|removed"
    "|restored|delivered|processed|issued|transferred|booked|unlocked|approved|waived|added|deleted|completed|enabled"
    "|disabled|merged|extended|repaired|attached|reversed|renewed|closed|confirmed|done|reissued"
)
_REGRET = "frustrat|concern|inconvenien|annoy"
_THEM = "relevant|concerned|respective|appropriate|responsible|right|technical|internal|other"
_TEAM = "teams?|departments?|colleagues?|units?|specialists?"

LANGUAGE = Language(
    commits=(
        "(?:i|we)(?:['’]ll| will| shall|['’](?:m|re) going to| (?:am|are) going to)",
        "(?:i|we) (?:plan|expect|aim|intend) to",
        f"(?:i['’]m|i am|we['’]re|we are) (?:now )?(?:{_DOING})",
        "you(?:['’]ll| will| should) (?:hear|receive|get|have|see|find)",
        "let me (?:check|find|ask|see|confirm|call)",
        "next (?:update|step)s?",
        "will (?:be|call|send|arrive|reach|ship|come|contact|visit|go)",
    ),
    asks=(
        "please(?! (?:be patient|bear|accept|note that))",
        "(?:could|can|would|may) (?:you|i|we)",
        "you (?:can|could|may|need to|have to)",
        "(?:try|click|open|go to|press|choose|select|restart|enter|sign)",
    ),
    done=(
        (
            "(?:has|have|had|was|were|is|are|been|ve|i|we|just|now)"
            f"(?: (?!(?:not|be|will|to) )[\\w’']+){{0,5}}? (?:{_DONE})"
        ),
        f"(?:^|^it['’]s |^all )(?:{_DONE})",
        "(?:works|working|is back|are back) (?:again|now|as expected|online)",
    ),
    not_yet="not|never|\\w+n['’]t|yet to|will be|to be|being|once|as soon as"
    f"|(?:to|with) (?:the |our |a )?(?:\\w+ )?(?:{_TEAM}|back office)",
    conditional="if|unless|in case|closed?",
    hollow=(
        (
            "(?:am |are |is |be |['’]?(?:m|re) )?(?:still |currently |now |actively )*"
            "(?:look(?:ing|ed)? into|working on|investigating|check(?:ing)? (?:on|into))"
        ),
        "as soon as (?:possible|we (?:can|have|know|hear|get)\\b[^,.]*)|asap",
        "shortly|in due course|at the earliest",
        (
            "thank(?:s| you)(?: (?:so|very) much)?(?: again)? for"
            " (?:your|contacting|reaching|bearing|writing|waiting|getting|being|the|letting)\\b[^,.]*"
        ),
        "(?:we |i )?(?:sincerely |deeply |really |do )*apologi[sz]e[^,.]*",
        "(?:our |my )?(?:sincere )?apologies[^,.]*",
        "sorry (?:for|about|to hear)\\b[^,.:;]*",
        "(?:be patient|bear with us|your patience|appreciate your)\\b[^,.]*",
        "value (?:you|your)\\b[^,.]*|(?:very )?important to us|(?:top|high(?:est)?) priority",
        "take (?:this|your)\\b[^,.]*seriously",
        "(?:do not|don['’]t) hesitate[^.]*|feel free[^.]*|let us know if[^.]*",
        "(?:any )?(?:further|other|more|additional) (?:questions|queries|concerns)[^.]*",
        f"understand (?:your|how|that|the)\\b[^,.]*(?:{_REGRET})\\w*[^,.]*",
        "(?:have |has been )?(?:received|logged|registered|raised) (?:your|the|a|this|and)",
        "(?:is|are) (?:being|under|in) (?:review|investigat|process|handl|progress|look)\\w*[^,.]*",
        "in progress|under (?:review|investigation)|pending",
        "keep you (?:posted|updated|informed)|(?:get|come) back to you|be in touch",
        "(?:update|contact) you|reach out",
        (
            "(?:has been |have |is )?(?:forwarded|escalated|assigned|passed on|raised|transferred)"
            "(?: (?:it|this|your \\w+))?"
            f"(?: (?:to|with) (?:the |our )?(?:(?:{_THEM}) )?(?:{_TEAM}))?"
        ),
        f"(?:{_THEM}) (?:{_TEAM})",
        (
            "(?:a)?wait(?:ing|s)? (?:for|on)? ?(?:a |an |the |their |further )?"
            "(?:reply|response|feedback|update|answer|word|news)(?: (?:from|of) (?:the |our )?\\w+)?"
        ),
        "awaiting (?:a |an |the |their )?(?:reply|response|feedback|update|answer|word|news)",
        "(?:revert|circle) back|follow up with you|touch base|(?:sit|hang) tight|hear(?:d)? you",
        "(?:kindly )?wait (?:for )?(?:some|a little|a bit)\\b[^,.]*|(?:give|allow) us (?:some|more|a little)\\b[^,.]*",
        "(?:high|large) (?:volume|number)\\b[^,.]*",
        "(?:do(?:ing)?|try(?:ing)?) (?:our best|(?:every|all)\\w* we can)\\b[^,.]*",
        f"(?:{_TEAM}) (?:is|are|has been|have been) (?:on it|aware|notified|informed)",
        "(?:sorry|regret) that you\\b[^,.]*|(?:hope for |thank you for )?your (?:kind )?understanding|as mentioned",
        "let you know (?:once|when|as soon as)\\b[^,.]*|(?:once|when) we have (?:more|any|further|an?)\\b[^,.]*",
        "noted|happy to help|here to help|anything else|rest assured",
        "have a (?:nice|great|good|lovely)\\b[^.]*",
        "no (?:news|updates?)\\b[^,.]*|will (?:try|do) our best",
    ),
    receipt=(
        "(?:received|got|logged|registered) (?:your|the)",
        "thank(?:s| you) for (?:contacting|reaching|writing|your (?:message|e-?mail|request|[ei]nquiry|ticket))",
        "(?:automatic|automated|auto-?) ?(?:reply|response|message)",
        "(?:ticket|case|reference) (?:number|no|id)",
    ),
    content="thanks?|thank you|thx|cheers|perfect|works (?:now|again|fine)|solved|great|ok(?:ay)?",
    but="not|\\w+n['’]t|still|but|no|however",
    asked=Asked(
        begins="(?:and |but |so |also )*(?:when|where|why|how|what|which|who|(?:can|could|will|would) (?:you|i|we)"
        "|is (?:it|there|this|my)|are (?:you|there)|do (?:you|i))",
        when="when|how (?:long|soon)|by what",
        why="why",
        because="because|due to|reason|caused?|since",
        how_much="how much|how many|cost|price",
        free="free|nothing",
        how="how (?:do|can|to|should)",
        steps="click|open|go to|choose|select|press|enter|under|settings|try|you can",
        where="where",
        places="(?:in|at|under|near) \\w+|https?",
        whether="is|are|can|could|do|does|did|has|have|will|would",
        yes_or_no="yes|no|sure|certainly|of course|unfortunately",
    ),
    common="""
    the and for you your are was were has have had been but not this that with from our will would can could should
    any all its his her him she they them their there here what when where which who whom whose why how just now still
    out about into over than then also only very too did does doing don get got more some such please hello thanks
    thank dear yes one may might let via per yet because
    """,
)
