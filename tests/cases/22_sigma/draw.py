"""Rules and events drawn at random, from so few words that they meet."""
import json, random

WORDS = ["cmd", ".exe", "a", "B", "b", "\\", "/", "-", "\u2013", " ", "x", "\u00c4", "\u00e4", "\u00df", "\u03a3", "\u03c2", "\u03c3",
         "\u0130", "\u212a", "k", "\u017f", "s", "1", "10", "0", ".", "\U0001f600", "\u00e9", "%", "\t", "\x00"]
FIELDS = ["Image", "CommandLine", "ParentImage", "User", "Details", "Service", "LogonId", "Deep.er", "Deep"]
ADDRESSES = ["10.0.0.1", "10.1.2.3", "192.168.1.9", "2001:db8::1", "2001:DB8:0::ffff", "::ffff:10.0.0.1", "10.0.0.256", "fe80::1"]
NETS = ["10.0.0.0/8", "10.1.2.3", "192.168.0.0/16", "2001:db8::/32", "0.0.0.0/0", "::/0"]
NUMBERS = ["0", "1", "5", "10", "-3", "2.5", "1e1", "9007199254740993", "9007199254740992"]
TIMES = ["2024-02-29T23:59:00Z", "2021-01-03 00:00:00", "2020-12-31", "2024-12-30T10:05:00+05:00", "yesterday", "2024-7-1", "1999-01-01t07:30"]
REGEX = ["a", "^cmd", "exe$", "a|B", "[a-c]+", "(1|0)+\\.", "x.?k", "\\\\", "b{2,3}", "^$", "s.*k", "^a$"]
WHERE = ["contains", "startswith", "endswith"]
ENCODE = ["base64", "base64offset", "wide", "utf16le", "utf16be", "utf16"]


class Draw:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def text(self, most=4, words=WORDS):
        return "".join(self.r.choice(words) for _ in range(self.r.randint(0, most)))

    def pattern(self):
        return "".join(self.r.choice(WORDS + ["*", "?", "\\*", "\\?", "\\\\", "*"]) for _ in range(self.r.randint(0, 4)))

    def several(self, one, mods, most=3):
        values = [one() for _ in range(self.r.randint(1, most))]
        if len(values) > 1 and self.r.random() < 0.3:
            mods.append("all")
        return values if len(values) > 1 or self.r.random() < 0.3 else values[0]

    def raw(self, text):
        """A JSON number of this text."""
        return {"raw": text}

    def item(self, keyword=False):
        field, mods = "" if keyword else self.r.choice(FIELDS), []
        kind = self.r.choice(["string"] * 4 + ["re", "encode", "expand"] +
                             ([] if keyword else ["number", "cidr", "exists", "null", "fieldref", "compare", "time", "bool"]))
        if kind == "string":
            mods += self.r.choice([[], ["contains"], ["startswith"], ["endswith"], ["windash", "contains"], ["contains", "windash"]])
            mods += self.r.choice([[], [], ["cased"]])
            values = self.several(self.pattern, mods)
        elif kind == "re":
            mods += ["re"] + self.r.sample(["i", "m", "s"], self.r.randint(0, 2))
            mods += self.r.choice([[], [], WHERE[:1], WHERE[1:2], WHERE[2:]])
            values = self.several(lambda: self.r.choice(REGEX), mods)
        elif kind == "encode":
            mods += self.r.choice([[], ["windash"]]) + self.r.choice([["base64"], ["base64offset"], ["wide"], ["utf16le"], ["utf16be"],
                                  ["utf16"], ["wide", "base64offset"], ["utf16", "base64"], ["utf16be", "base64offset"]])
            mods += self.r.choice([["contains"], ["contains"], [], ["startswith", "cased"]])
            ascii_only = any(m in mods for m in ("wide", "utf16le", "utf16be", "utf16"))
            words = [w for w in WORDS if w.isascii()] if ascii_only and self.r.random() < 0.5 else WORDS
            def value():
                while True:
                    v = self.text(3, words).replace("\\", "")
                    if sum(c in "-/\u2013" for c in v) <= 2 and len(v.encode()) >= 2:
                        return v
            values = self.several(value, mods)
        elif kind == "expand":
            mods += self.r.choice([["expand"], ["contains", "expand"], ["expand", "endswith"]])
            values = self.several(lambda: self.text(1) + self.r.choice(["%Two%", "%One%", "\\%a%", "%None%", "%One%%Two%"]) + self.text(1), mods)
        elif kind == "number":
            values = self.several(lambda: self.raw(self.r.choice(NUMBERS + ["0x10", "010"])), mods)
        elif kind == "cidr":
            mods.append("cidr")
            values = self.several(lambda: self.r.choice(NETS), mods)
        elif kind == "exists":
            mods.append("exists")
            values = self.r.random() < 0.5
        elif kind == "null":
            values = None
        elif kind == "bool":
            values = self.r.random() < 0.5
        elif kind == "fieldref":
            mods += ["fieldref"] + self.r.choice([[], ["contains"], ["startswith"], ["endswith"], ["cased"]])
            values = self.r.choice(FIELDS)
        elif kind == "compare":
            mods.append(self.r.choice(["gt", "gte", "lt", "lte"]))
            values = self.several(lambda: self.raw(self.r.choice(NUMBERS)), mods)
        else:
            part = self.r.choice(["minute", "hour", "day", "week", "month", "year"])
            low, high = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "week": (1, 53), "month": (1, 12), "year": (1998, 2025)}[part]
            mods += [part] + self.r.choice([[], ["gt"], ["lte"]])
            likely = {"minute": [0, 5, 59], "hour": [0, 7, 23], "day": [3, 29], "week": [1, 9, 53], "month": [1, 12], "year": [2020, 2024]}
            values = self.several(lambda: self.raw(str(self.r.choice(likely[part] + [self.r.randint(low, high)]))), mods)
        if kind != "exists" and self.r.random() < 0.15:
            mods.append("neq")
        return "|".join([field] + mods), values

    def map(self):
        out = {}
        for _ in range(self.r.randint(1, 3)):
            key, values = self.item(self.r.random() < 0.1)
            if key == "":
                key, values = "Image", "a"
            out[key] = values
        return out

    def detection(self):
        kind = self.r.random()
        if kind < 0.75:
            return self.map()
        if kind < 0.9:
            return [self.map() for _ in range(self.r.randint(1, 2))] + [self.text(2) for _ in range(self.r.randint(0, 1))]
        return [self.text(2) for _ in range(self.r.randint(1, 3))]

    def condition(self, names, depth=0):
        kind = self.r.random()
        if depth > 2 or kind < 0.35:
            return self.r.choice(names)
        if kind < 0.5:
            return "not " + self.condition(names, depth + 1)
        if kind < 0.65:
            how = self.r.choice(["1 of ", "all of "])
            return how + self.r.choice(["them", "a*", "_*", "*1"])
        word = self.r.choice([" and ", " or "])
        parts = [self.condition(names, depth + 1) for _ in range(self.r.randint(2, 3))]
        return "(" + word.join(parts) + ")" if self.r.random() < 0.5 else word.join(parts)

    def rule(self, number):
        detection = {n: self.detection() for n in ("a1", "a2", "b1", "_c")}
        names = list(detection)
        detection["condition"] = (self.condition(names) if self.r.random() < 0.9 else [self.condition(names), self.condition(names)])
        return {"title": f"rule {number}", "id": f"r{number}", "logsource": {"product": "windows"}, "detection": detection}

    def value(self):
        kind = self.r.random()
        if kind < 0.6:
            return self.text()
        if kind < 0.75:
            return self.r.choice(ADDRESSES + TIMES + NUMBERS + ["true", "False", "05", "100"])
        if kind < 0.85:
            return self.raw(self.r.choice(NUMBERS + ["5.0", "1E1"]))
        return self.r.choice([None, True, False, ""])

    def encoded(self):
        """Something that an encoded value might be found in."""
        import base64
        text = self.text(3)
        codec = self.r.choice(["utf-8", "utf-8", "utf-16-le", "utf-16-be", "utf-16"])
        data = text.encode(codec, "surrogatepass")
        if self.r.random() < 0.7:
            return base64.b64encode(b"z" * self.r.randint(0, 2) + data).decode()
        return data.decode("latin-1") if data.isascii() else text

    def event(self):
        out = {"Channel": self.r.choice(["Security", "Microsoft-Windows-Sysmon/Operational"]), "EventID": self.raw(str(self.r.randint(1, 3))),
               "@timestamp": "2024-05-01T10:00:00Z", "Hostname": "h"}
        for f in FIELDS[:7] + ["NewProcessName", "SubjectUserName"]:
            if self.r.random() < 0.7:
                out[f] = self.value() if self.r.random() < 0.85 else self.encoded()
                if self.r.random() < 0.1:
                    out[f] = [self.value() for _ in range(self.r.randint(0, 3))]
        if self.r.random() < 0.5:
            out["Deep"] = self.r.choice([{"er": self.value()}, {"x": {"y": 1}}, {}, [{"er": "a"}, {"er": self.value()}], self.value()])
        return out


def dump(value, r, ascii=None):
    """JSON, with the escapes that are free to choose chosen at random; {"raw": x} as x."""
    if isinstance(value, dict) and set(value) == {"raw"}:
        return value["raw"]
    if isinstance(value, dict):
        return "{" + ",".join(dump(k, r) + ":" + dump(v, r) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(v, r) for v in value) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    out = []
    for c in value:
        units = c.encode("utf-16-be")
        hexed = "".join("\\u%s%02x%02x" % ("", units[i], units[i + 1]) for i in range(0, len(units), 2))
        must = c in '"\\' or ord(c) < 0x20
        if r and r.random() < 0.2:
            out.append(hexed)
        elif c == "/" and r and r.random() < 0.5:
            out.append("\\/")
        else:
            out.append(json.dumps(c)[1:-1] if must else c)
    return '"' + "".join(out) + '"'
