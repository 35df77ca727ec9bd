"""Tells English words in what people read, so that a test can say: none.

The words are those that Django and its packages can show (the English source of their messages) and the usual
words of programs. A word shaped like a Vietnamese syllable does not count (to, in, can, them); names of
products, medicines and organisms are not among the words at all.
"""

import html
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("django", "rest_framework", "import_export", "axes", "django_filters")

USUAL = re.findall(
    r"[a-z]+",
    """
    about above action actions active add added after again all amount any apply are as ascending at
    attach before below birth browse but button by cancel cannot change changed check choose city
    clear click close closed code column columns comment complete confirm contact continue copy
    count create created current data date day days default delete deleted descending description
    detail details disabled done draft drag drop each edit empty enabled end error errors every exit
    expired export failed false fax field fields file files filter find first for form format found
    from full gender get go group groups has have help here hidden hide hint history home hour hours
    how id if import invalid is it item items key label last later less list load loading login
    logout maximum message messages minimum missing month months more must name never new next none
    not note nothing number numbers of off okay old one only open optional or order other out output
    page pages password patient patients people permission person phone please preview previous
    print progress read ready record records refresh remove report required reset result results
    retry return row rows save saved search section see select send sent set settings show sign size
    sort start state status step stop string submit success table test text the then there this time
    title today total true type unknown update updated upload use used user username value values
    view visit visits wait warning week weeks welcome what when where which who with wrong year
    years yes you your
    """,
)

# Words that Vietnamese pages use as they are.
BORROWED = frozenset(
    re.findall(
        r"[a-z]+",
        """
    email excel pdf csv xlsx json xml qr icd loinc fhir demo bmi who covid sms zalo wifi internet
    web url id https http html app server api audio video virus vitamin test stress enter ctrl esc vba
    macro utf ascii iso type mm mb uuid
    """,
    )
)
# Proper names whose parts are words: taken out before words are looked for.
PHRASES = re.compile(r"New Zealand|New Caledonia|Papua New Guinea|VN Core|Core FHIR|Caps Lock", re.IGNORECASE)

_SYLLABLE = re.compile(
    r"(b|c|ch|d|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|qu|r|s|t|th|tr|v|x)?"
    r"(a|ai|ao|au|ay|e|eo|eu|i|ia|ie|ieu|iu|o|oa|oai|oay|oe|oeo|oi|u|ua|uay|ue|ui|uo|uoi|uou|uu|uy|uya|uye|uyu|y|ye|yeu)"
    r"(m|n|ng|nh)?"
)
_MESSAGE = re.compile(r'^msgid(?:_plural)? ((?:".*"\n)+)', re.MULTILINE)
_HOLDERS = re.compile(r"%\([^)]*\)[a-z]|%[a-z]|\{[^}]*\}|<[^>]*>|&\w+;|\\.")
# Not within an identifier, an address or a file name.
_WORD = re.compile(r"(?<![\w'’.@/-])[A-Za-z]{2,}(?![\w@/-]|\.\w)")
# Django draws yes and no with these words behind its icons, and its search box; nobody can translate them.
_DRAWN = re.compile(r'<img[^>]*alt="(?:True|False|None|Search)"[^>]*>')
# What belongs to the person at the server and never onto a page. The name of a receiver's key is a value that
# the province enters.
SERVERS = re.compile(r"TRAMYTE_(?!RECEIVER_)[A-Z_]+|manage\.py|docs/[\w/.-]+")
_SILENT = re.compile(
    r"<(script|style|code|kbd|svg|template|textarea)\b.*?</\1>|<!--.*?-->", re.DOTALL | re.IGNORECASE
)
_SPOKEN = re.compile(r'\b(?:title|alt|placeholder|aria-label|aria-description|data-confirm|label)="([^"]*)"')
_VALUE = re.compile(r'<input[^>]*type="(?:submit|button|reset)"[^>]*value="([^"]*)"')


@cache
def words() -> frozenset[str]:
    """The English words that count, lower case."""
    found = set(USUAL)
    for package in PACKAGES:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in Path(spec.origin).parent.rglob("locale/*/LC_MESSAGES/*.po"):
            if path.parts[-3] not in ("en", "vi", "fr"):
                continue
            for message in _MESSAGE.findall(path.read_text(encoding="utf-8")):
                plain = _HOLDERS.sub(" ", "".join(re.findall(r'"(.*)"\n', message)))
                found.update(word.lower() for word in re.findall(r"[A-Za-z]{2,}", plain))
    return frozenset(word for word in found if not _SYLLABLE.fullmatch(word) and word not in BORROWED)


def visible(page: str) -> str:
    """What a person reads or hears of a page: text, and the attributes that are spoken or shown."""
    page = _DRAWN.sub(" ", _SILENT.sub(" ", page))
    spoken = " . ".join([*_SPOKEN.findall(page), *_VALUE.findall(page)])
    return html.unescape(re.sub(r"<[^>]*>", " ", page) + " . " + spoken)


def english(text: str) -> list[str]:
    """The English words in a text, with their surroundings, for the failing test to show."""
    text = PHRASES.sub(" ", text)
    found = [*SERVERS.finditer(text)]
    found += [match for match in _WORD.finditer(text) if match[0].lower() in words()]
    return [
        f"{match[0]}: …{' '.join(text[max(0, match.start() - 40) : match.end() + 40].split())}…"
        for match in found
    ]


def template_text(source: str) -> str:
    """What a Django template says itself, without tags, values and notes."""
    silent = r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}|\{% block body_attrs %\}.*?\{% endblock %\}"
    source = re.sub(silent, " ", source, flags=re.DOTALL)
    said = re.findall(
        r"""(?:title|label|text|help|placeholder|yes|caption|unit)=(?:"([^"]*)"|'([^']*)')""", source
    )
    filled = re.findall(r"""\|default:(?:"([^"]*)"|'([^']*)')""", source)
    spoken = [part for pair in said for part in pair]
    # A default of one plain word is a state or an icon's name, never shown.
    spoken += [part for pair in filled for part in pair if not re.fullmatch("[a-z_-]*", part)]
    plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.DOTALL)
    return visible(plain) + " . " + re.sub(r"\{\{.*?\}\}", " ", " . ".join(spoken))
