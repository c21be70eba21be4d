"""A slow evaluator of Sigma rules, straight from the text of specification 2.1.0, and of this
project's field maps, straight from the text in sigma_map.h. It shares nothing with the engine."""
import base64, datetime, fnmatch, functools, ipaddress, itertools, json, re
from decimal import Decimal, InvalidOperation

import yaml

DASHES = "-/\u2013\u2014\u2015"


class Core(yaml.SafeLoader):
    """YAML 1.2.2, core schema, instead of PyYAML's 1.1."""


class Number(str):
    """A number, as it was written."""

    def value(self):
        if self.startswith("0o"):
            return Decimal(int(self[2:], 8))
        return Decimal(int(self, 16)) if self.startswith("0x") else Decimal(str(self))


Core.yaml_implicit_resolvers = {}
for tag, regex, first in (
        ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
        ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+0123456789.")):
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(regex), list(first) + ([""] if "\0" in first else []))
for tag in ("int", "float"):
    Core.add_constructor("tag:yaml.org,2002:" + tag, lambda loader, node: Number(node.value))
Core.add_constructor("tag:yaml.org,2002:bool", lambda loader, node: node.value.lower() == "true")


def load_all(text):
    return [d for d in yaml.load_all(text, Loader=Core) if d is not None]


# --- text


def fold_char(c):
    upper = c.upper() if len(c.upper()) == 1 else c
    lower = upper.lower() if len(upper.lower()) == 1 else upper
    return c if ord(c) >= 0x80 and ord(lower) < 0x80 else lower


FOLDED = {}


@functools.lru_cache(65536)
def fold(text):
    if text.isascii():
        return text.lower()
    return "".join(FOLDED.setdefault(c, fold_char(c)) for c in text)


# A pattern is a list of texts and of the marks ANY, ONE, DASH.
class Mark:
    def __init__(self, regex):
        self.regex = regex


ANY, ONE, DASH = Mark(".*"), Mark("."), Mark("[" + DASHES.replace("-", r"\-") + "]")


def parse(text):
    out, i = [], 0
    while i < len(text):
        c = text[i]
        if c == "\\" and i + 1 < len(text) and text[i + 1] in "\\*?":
            out.append(text[i + 1])
            i += 1
        else:
            out.append(ANY if c == "*" else ONE if c == "?" else c)
        i += 1
    return out


def plain(pattern):
    if any(isinstance(x, Mark) for x in pattern):
        raise ValueError("a wildcard under an encoding")
    return "".join(pattern)


def spellings(pattern):
    """DASH by each of its characters."""
    return [list(p) for p in itertools.product(*([x] if x is not DASH else list(DASHES) for x in pattern))]


def inside_base64(data):
    """What stays the same in base64 wherever data begins in a group and whatever stands around it."""
    out = []
    for shift in range(3):
        forms = []
        for before, behind in itertools.product((b"\0", b"\xff", b"\x55"), repeat=2):
            whole = before * shift + data + behind * 3
            forms.append(base64.b64encode(whole[:len(whole) // 3 * 3]).decode())
        same = [forms[0][i] if len({f[i] for f in forms}) == 1 else None for i in range(len(forms[0]))]
        first, end = -(-8 * shift // 6), 8 * (shift + len(data)) // 6
        assert None not in same[first:end] and (end == len(same) or same[end] is None)
        if first >= end:
            raise ValueError("too short to leave a trace")
        out.append("".join(same[first:end]))
    return out


def utf16(pattern, codec, mark=b""):
    """Bytes as text: those beyond ASCII are no character of any record's text."""
    text = [x if isinstance(x, Mark) else x.encode(codec).decode("ascii", "surrogateescape") for x in pattern]
    return ([mark.decode("ascii", "surrogateescape")] if mark else []) + text


# --- values


def number(text):
    if not re.fullmatch(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", text or ""):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def time_part(text, part):
    m = re.match(r"^(\d{4})-(\d\d)-(\d\d)(?:$|[ Tt](\d\d):(\d\d))", text)
    if not m:
        return None
    year, month, day = map(int, m.group(1, 2, 3))
    if part in ("hour", "minute"):
        return None if m.group(4) is None else int(m.group(4 if part == "hour" else 5))
    if part == "week":
        return datetime.date(year, month, day).isocalendar()[1]
    return {"day": day, "month": month, "year": year}[part]


PARTS = ("minute", "hour", "day", "week", "month", "year")
COMPARE = {"lt": lambda a, b: a < b, "lte": lambda a, b: a <= b, "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b}


def matcher(pattern, cased):
    text = [x if isinstance(x, Mark) or cased else fold(x) for x in pattern]
    if len(text) > 1 and text[0] is ANY and text[-1] is ANY and not any(isinstance(x, Mark) for x in text[1:-1]):
        inside = "".join(text[1:-1])  # the same as below, sooner
        return lambda v: v is not None and inside in (str(v) if cased else fold(str(v)))
    regex = re.compile("".join(x.regex if isinstance(x, Mark) else re.escape(x) for x in text), re.S)
    return lambda v: v is not None and regex.fullmatch(str(v) if cased else fold(str(v))) is not None


def expand(text, placeholders):
    out = [""]
    i = 0
    while i < len(text):
        m = re.match(r"%([\w.-]+)%", text[i:], re.A)
        if text[i] == "\\" and text[i + 1:i + 2] == "%":
            step, new = 2, ["%"]
        elif text[i] == "\\" and text[i + 1:i + 2] == "\\":
            step, new = 2, ["\\\\"]
        elif m:
            step, new = m.end(), placeholders[m.group(1)]
        else:
            step, new = 1, [text[i]]
        out = [a + b for a in out for b in new]
        i += step
    return out


def choice(value, mods, keywords, placeholders):
    """A test of one field value for each thing that a value as written may mean."""
    cased = "cased" in mods
    if "re" in mods:
        flags = sum({"i": re.I, "m": re.M, "s": re.S}[f] for f in "ims" if f in mods)
        texts = expand(value, placeholders) if "expand" in mods else [str(value)]
        out = []
        for text in texts:
            if "startswith" in mods:
                text = r"\A(?:%s)" % text
            if "endswith" in mods:
                text = r"(?:%s)\Z" % text
            regex = re.compile(text, flags)
            out.append(lambda v, regex=regex: v is not None and regex.search(str(v)) is not None)
        return out
    if "cidr" in mods:
        net = ipaddress.ip_network(value, strict=False)

        def inside(v):
            try:
                a = ipaddress.ip_address(str(v))
            except ValueError:
                return False
            a = getattr(a, "ipv4_mapped", None) or a
            return a.version == net.version and a in net
        return [inside]
    part = next((p for p in PARTS if p in mods), None)
    op = next((COMPARE[m] for m in mods if m in COMPARE), None)
    if part or op:
        want = value.value()

        def compares(v):
            got = None if v is None else time_part(str(v), part) if part else number(str(v))
            return got is not None and (op or (lambda a, b: a == b))(got, want)
        return [compares]
    texts = [value]
    if "expand" in mods:
        texts = expand(str(value), placeholders)
    patterns = []
    for t in texts:
        if isinstance(t, bool):
            t = "true" if t else "false"
        if isinstance(t, Number) and re.fullmatch(r"[-+]?[0-9]+|0x\w+|0o\w+", t):
            patterns.append(parse(str(int(t.value()))))
        else:
            patterns.append(parse(str(t)))
    for m in mods:
        if m in ("contains", "startswith", "endswith"):
            patterns = [([ANY] if m != "startswith" else []) + p + ([ANY] if m != "endswith" else []) for p in patterns]
        elif m == "windash":
            patterns = [[DASH if not isinstance(x, Mark) and x in DASHES else x for x in p] for p in patterns]
        elif m in ("wide", "utf16le", "utf16be", "utf16", "base64", "base64offset"):
            patterns = [s for p in patterns for s in spellings(p)]
            if m in ("wide", "utf16le"):
                patterns = [utf16(p, "utf-16-le") for p in patterns]
            elif m == "utf16be":
                patterns = [utf16(p, "utf-16-be") for p in patterns]
            elif m == "utf16":
                patterns = [utf16(p, "utf-16-le", b"\xff\xfe") for p in patterns]
            else:
                wide = any(w in mods for w in ("wide", "utf16le", "utf16be", "utf16"))
                data = [plain(p).encode("ascii" if wide else "utf-8", "surrogateescape") for p in patterns]
                patterns = [[c for c in s] for d in data
                            for s in ([base64.b64encode(d).decode()] if m == "base64" else inside_base64(d))]
    placed = any(m in mods for m in ("contains", "startswith", "endswith"))
    if keywords and not placed:
        patterns = [[ANY] + p + [ANY] for p in patterns]
    tests = [matcher(p, cased) for p in patterns]
    if isinstance(value, Number) and not keywords and not set(mods) - {"all", "neq"}:
        want = value.value()
        tests = [lambda v, text=tests[0]: number(v) == want if isinstance(v, Number) else text(v)]
    return tests


class Item:
    def __init__(self, key, values, placeholders):
        self.field, *self.mods = (key or "").split("|")
        self.values = values if isinstance(values, list) else [values]
        self.choices = []
        for v in self.values:
            special = v is None or "exists" in self.mods or "fieldref" in self.mods
            self.choices.append(v if special else choice(v, self.mods, not self.field, placeholders))

    def fits(self, event):
        linked = all if "all" in self.mods else any
        return linked(self.one(event, c) for c in self.choices) != ("neq" in self.mods)

    def one(self, event, c):
        if "exists" in self.mods:
            return event.there(self.field) == c
        if c is None:
            return not event.there(self.field) or (bool(event.values(self.field))
                                                   and all(v is None for v in event.values(self.field)))
        if "fieldref" in self.mods:
            text = str if "cased" in self.mods else lambda s: fold(str(s))
            pairs = [(text(a), text(b)) for a in event.values(self.field) if a is not None
                     for b in event.values(c) if b is not None]
            if "contains" in self.mods:
                return any(b in a for a, b in pairs)
            ends = [f for m, f in (("startswith", str.startswith), ("endswith", str.endswith)) if m in self.mods]
            return any(any(f(a, b) for f in ends) if ends else a == b for a, b in pairs)
        values = event.values(self.field) if self.field else event.everything()
        return any(test(v) for test in c for v in values)


class Detection:
    def __init__(self, definition, placeholders):
        self.any = isinstance(definition, list)
        if isinstance(definition, dict):
            self.parts = [Item(k, v, placeholders) for k, v in definition.items()]
        elif self.any:
            self.parts = [Detection(d, placeholders) if isinstance(d, dict) else Item(None, d, placeholders) for d in definition]
        else:
            self.parts = [Item(None, definition, placeholders)]

    def fits(self, event):
        return (any if self.any else all)(p.fits(event) for p in self.parts)


class Condition:
    """or < and < not < x of < parentheses"""

    def __init__(self, text, names):
        self.words = re.findall(r"[()]|[^\s()]+", text)
        self.names = names
        self.tree = self.either()
        assert not self.words, text

    def peek(self):
        return self.words[0].lower() if self.words else None

    def either(self):
        parts = [self.both()]
        while self.peek() == "or":
            self.words.pop(0)
            parts.append(self.both())
        return lambda e: any(p(e) for p in parts)

    def both(self):
        parts = [self.negated()]
        while self.peek() == "and":
            self.words.pop(0)
            parts.append(self.negated())
        return lambda e: all(p(e) for p in parts)

    def negated(self):
        if self.peek() == "not":
            self.words.pop(0)
            inner = self.negated()
            return lambda e: not inner(e)
        if self.peek() == "(":
            self.words.pop(0)
            inner = self.either()
            assert self.words.pop(0) == ")"
            return inner
        if len(self.words) > 1 and self.words[1].lower() == "of":
            how = all if self.words.pop(0).lower() == "all" else any
            self.words.pop(0)
            pattern = self.words.pop(0)
            chosen = [n for n in self.names
                      if (not n.startswith("_") if pattern == "them" else
                          fnmatch.fnmatchcase(n, pattern) and (pattern.startswith("_") or not n.startswith("_")))]
            assert chosen
            return lambda e: how(e.detection(n) for n in chosen)
        name = self.words.pop(0)
        assert name in self.names, name
        return lambda e: e.detection(name)


class Rule:
    def __init__(self, doc, placeholders=None):
        self.id = doc.get("id") or doc.get("name") or doc["title"]
        self.logsource = {k: str(v).lower() for k, v in doc["logsource"].items() if k in ("product", "category", "service") and v}
        self.detections = {n: Detection(d, placeholders or {}) for n, d in doc["detection"].items() if n != "condition"}
        conditions = doc["detection"]["condition"]
        conditions = conditions if isinstance(conditions, list) else [conditions]
        self.conditions = [Condition(c, list(self.detections)) for c in conditions]

    def fits(self, event):
        event.detection = lambda name: self.detections[name].fits(event)
        return any(c.tree(event) for c in self.conditions)


# --- records and field maps


def flatten(value, path, out):
    if isinstance(value, dict):
        for k, v in value.items():
            flatten(v, f"{path}.{k}" if path and k else path or k, out)
    elif isinstance(value, list):
        for v in value:
            flatten(v, path, out)
    else:
        out.setdefault(path.replace(" ", ""), []).append(value)


def read_json(line):
    return json.loads(line, parse_int=Number, parse_float=Number)


def as_list(x):
    return x if isinstance(x, list) else [x]


class Event:
    def __init__(self, record, maps):
        self.paths = {}
        flatten(record, "", self.paths)
        for values in self.paths.values():
            values[:] = [("true" if v else "false") if isinstance(v, bool) else v for v in values]
        self.shape, self.map = None, None
        most = 0
        for m in maps:
            for shape in m["shapes"]:
                tells = shape["tells"]
                tells = {p: None for p in tells} if isinstance(tells, list) else tells
                if len(tells) > most and all(p in self.paths and (w is None or self.has(self.paths[p], w)) for p, w in tells.items()):
                    most, self.shape, self.map = len(tells), shape, m
        self.known = {}

    @staticmethod
    def has(values, wanted):
        return any(v is not None and fold(str(v)) in [fold(str(w)) for w in as_list(wanted)] for v in values)

    def places(self, field):
        if not self.shape:
            return [field]
        def of(name):
            own = as_list(self.shape.get("fields", {}).get(name, []))
            return own + [u + name for u in as_list(self.shape.get("under", []))]
        out = of(field)
        for other in as_list((self.map.get("fields") or {}).get(field, [])):
            out += of(other)
        return out

    def look(self, field):
        """(values, there) of the first place that has values; a container is there, too."""
        if field not in self.known:
            self.known[field] = ([], any(p.startswith(place.replace(" ", "") + ".") for p in self.paths
                                         for place in self.places(field) if "*" not in place))
            for place in self.places(field):
                place = place.replace(" ", "")
                if "*" in place:
                    before, behind = place.split("*")
                    regex = re.compile(re.escape(before) + r"[^.]*" + re.escape(behind))
                    values = [v for p, vs in self.paths.items() if regex.fullmatch(p) for v in vs]
                else:
                    values = self.paths.get(place, [])
                if values:
                    self.known[field] = (values, True)
                    break
        return self.known[field]

    def values(self, field):
        return self.look(field)[0]

    def there(self, field):
        return self.look(field)[1]

    def everything(self):
        return [v for vs in self.paths.values() for v in vs]

    def logsources(self):
        def holds(tests):
            tests = {t: None for t in tests} if isinstance(tests, list) else tests
            return [bool(self.values(f)) if w is None else self.has(self.values(f), w) for f, w in tests.items()]
        return [{k: str(v).lower() for k, v in r.items() if k not in ("when", "unless")}
                for r in (self.map or {}).get("logsources", [])
                if all(holds(r.get("when", {}))) and not any(holds(r.get("unless", {})))]


class Engine:
    def __init__(self, rules, maps):
        self.rules, self.maps, self.about = rules, maps, {}

    def hits(self, line):
        event = Event(read_json(line), self.maps)
        sources = event.logsources()
        key = json.dumps(sources)
        if key not in self.about:
            self.about[key] = [r for r in self.rules
                               if any(all(s.get(k) == v for k, v in r.logsource.items()) for s in sources)]
        return sorted({r.id for r in self.about[key] if r.fits(event)})
