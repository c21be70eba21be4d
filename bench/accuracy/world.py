"""Noisy campaigns with a known truth: what really happened, and what its sensors saw of it.

Truth is who was really hit, and when. It is not seen: sensors miss entities, feeds miss indicators and
do not always say that two belong to one campaign, clocks are off, lines come twice, only some records
name the organisation, benign values stand in feeds, and some severities are wrong.
"""
import json, random
from collections import defaultdict
from datetime import datetime, timedelta, timezone

HOUR = 3600.0
MEMBERS = ["AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
           "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"]
OUTSIDE = ["GB", "EU"]
ANNEX_I = ["energy", "transport", "banking", "health", "digital-infrastructure", "public-administration"]
SECTORS = ANNEX_I + ["manufacturing", "food", "research"]
ORGANISATIONS = 60  # a state and sector
START = datetime(2026, 3, 1, tzinfo=timezone.utc)
DAYS = 14

# kind: share, states, entities a state, sectors, spread in hours, severity
KINDS = {
    "large-scale": dict(share=24, states=(2, 9), entities=(3, 25), sectors=1, spread=(2, 20), severity="high"),
    "near the threshold": dict(share=12, states=(2, 4), entities=(1, 5), sectors=1, spread=(1, 30), severity="medium"),
    "slow": dict(share=6, states=(2, 5), entities=(4, 20), sectors=2, spread=(48, 160), severity="medium"),
    "one state": dict(share=10, states=(1, 1), entities=(4, 40), sectors=2, spread=(2, 40), severity="high", strays=(0, 6)),
    "one state and GB or EU": dict(share=6, states=(1, 1), entities=(4, 30), sectors=1, spread=(2, 20), severity="high", outside=True),
    "commodity": dict(share=14, states=(4, 20), entities=(1, 2), sectors=3, spread=(10, 200), severity="medium"),
    "low severity": dict(share=8, states=(3, 15), entities=(3, 20), sectors=3, spread=(10, 200), severity="low"),
    "one organisation": dict(share=5, states=(2, 4), entities=(1, 1), sectors=1, spread=(2, 20), severity="high", hosts=(4, 30)),
    "scanner": dict(share=7, states=(10, 27), entities=(10, 40), sectors=3, spread=(2, 40), severity="medium", attempt=True),
    "benign value in a feed": dict(share=5, states=(8, 27), entities=(10, 50), sectors=3, spread=(24, 200), severity="medium", benign=True),
    "exercise": dict(share=3, states=(2, 6), entities=(4, 20), sectors=1, spread=(2, 10), severity="high", exercise=True),
}
NOISE = dict(coverage=(0.55, 0.98), feed_knows=0.9, campaign_named=0.7, names_organisation=0.6, benign_listed=0.7,
             severity_wrong=0.05, exercise_marked=0.95, clock_off_s=300, twice=0.05, records=(1, 4), strays=0.3)


class Incident:
    """What really happened: (state, sector, organisation, time) of everyone hit, and what the world saw."""

    def __init__(self, number, kind):
        self.number, self.kind = number, kind
        self.hit, self.atoms, self.large = [], [], False


def significant_windows(hits):
    """Moments at which a state's last 24 hours are significant: 3 of an Annex I sector, or 10."""
    moments = []
    for i, (t, _, _) in enumerate(hits):
        inside = [h for h in hits[:i + 1] if h[0] >= t - 24 * HOUR]
        sectors = defaultdict(set)
        for _, sector, organisation in inside:
            sectors[sector].add(organisation)
        if any(len(o) >= 3 for s, o in sectors.items() if s in ANNEX_I) or len({o for _, _, o in inside}) >= 10:
            moments.append(t)
    return moments


def is_large_scale(incident):
    """Two Member States significant within the same 24 hours, by who was really hit: real, serious, no exercise."""
    k = KINDS[incident.kind]
    if k.get("attempt") or k.get("benign") or k.get("exercise") or k["severity"] == "low":
        return False
    by_state = defaultdict(list)
    for state, sector, organisation, t in incident.hit:
        if state in MEMBERS:
            by_state[state].append((t, sector, organisation))
    # a state is significant from such a moment on, for as long as its hits lie within a day
    moments = sorted((t, s) for s, hits in by_state.items() for t in significant_windows(sorted(hits)))
    for i, (t, s) in enumerate(moments):
        if any(o != s and t - u <= 24 * HOUR and significant_at(sorted(by_state[o]), t) for u, o in moments[:i]):
            return True
    return False


def significant_at(hits, t):
    return bool(significant_windows([h for h in hits if t - 24 * HOUR <= h[0] <= t]))


class World:
    def __init__(self, seed, incidents=80):
        self.rng = random.Random(seed)
        self.sources, self.lines, self.hits, self.incidents = [], defaultdict(list), [], []
        self.benign, self.feed = [], []
        self.make_sources()
        kinds = list(KINDS)
        for n in range(incidents):
            kind = self.rng.choices(kinds, [KINDS[k]["share"] for k in kinds])[0]
            self.incidents.append(self.make(n, kind))
        for source in self.sources:
            for _ in range(60):
                self.line(source, self.rng.uniform(0, DAYS * 24 * HOUR), self.rng.randint(0, ORGANISATIONS - 1), 1, None)
            self.rng.shuffle(self.lines[source["name"]])

    def make_sources(self):
        for state in MEMBERS + OUTSIDE:
            for sector in SECTORS:
                self.sources.append(dict(name=f"{state.lower()}-{sector}", state=state, sector=sector,
                                         coverage=self.rng.uniform(*NOISE["coverage"]), off=self.rng.gauss(0, NOISE["clock_off_s"] / 2),
                                         names=self.rng.random() < NOISE["names_organisation"]))
        self.by = {(s["state"], s["sector"]): s for s in self.sources}

    # --- what really happens ---

    def make(self, number, kind):
        rng, k, i = self.rng, KINDS[kind], Incident(number, kind)
        begin = rng.uniform(0, (DAYS - 3) * 24 * HOUR)
        spread = rng.uniform(*k["spread"]) * HOUR
        states = rng.sample(MEMBERS, min(27, rng.randint(*k["states"])))
        if k.get("outside"):
            states += [rng.choice(OUTSIDE)]
        for state in states:
            sectors = rng.sample(SECTORS if rng.random() < 0.3 else ANNEX_I, min(k["sectors"], 6))
            self.strike(i, state, sectors, rng.randint(*k["entities"]), begin, spread)
        for _ in range(rng.randint(*k.get("strays", (0, 0)))):  # elsewhere, one at a time
            self.strike(i, rng.choice(MEMBERS), [rng.choice(SECTORS)], 1, begin, spread)
        i.large = is_large_scale(i)
        self.observe(i, k)
        return i

    def strike(self, i, state, sectors, count, begin, spread):
        # the popular are hit more often
        for _ in range(count):
            organisation = min(int(self.rng.paretovariate(0.6)) - 1, 10**6) % ORGANISATIONS
            if any(h[0] == state and h[2] == organisation and h[1] in sectors for h in i.hit):
                organisation = self.rng.randint(0, ORGANISATIONS - 1)
            i.hit.append((state, self.rng.choice(sectors), organisation, begin + self.rng.random() ** 1.5 * spread))

    # --- what is seen of it ---

    def observe(self, i, k):
        rng = self.rng
        severity = k["severity"] if rng.random() > NOISE["severity_wrong"] else rng.choice(["low", "medium", "high"])
        named = rng.random() < NOISE["campaign_named"] and not k.get("attempt") and not k.get("benign")
        for n in range(1 if k.get("benign") else rng.randint(1, 5)):
            address = k.get("attempt") or rng.random() < 0.3
            value = f"198.18.{i.number}.{n + 1}" if address else f"x{n}.i{i.number}.example"
            known = n == 0 or rng.random() < NOISE["feed_knows"]
            i.atoms.append(dict(value=value, address=address, known=known, severity=severity, incident=i.number,
                                threat=f"Campaign {i.number}" if named else value))
            if known:
                self.feed.append((value, f"Campaign {i.number}" if named else "", severity))
        if k.get("benign") and rng.random() < NOISE["benign_listed"]:
            self.benign += [a["value"] for a in i.atoms]
        for state, sector, organisation, t in i.hit:
            source = self.by[state, sector]
            hosts = rng.randint(*k.get("hosts", (1, 2)))
            for host in range(1, hosts + 1):
                if rng.random() > source["coverage"]:
                    continue
                marked = k.get("exercise") and rng.random() < NOISE["exercise_marked"]
                for _ in range(rng.randint(*NOISE["records"])):
                    self.line(source, t + rng.expovariate(1 / (0.5 * HOUR)), organisation, host, rng.choice(i.atoms),
                              attempt=k.get("attempt"), exercise=marked)
        # people who look at indicators: sandboxes and analysts, one entity here and there
        for _ in range(rng.randint(0, 4) if rng.random() < NOISE["strays"] else 0):
            self.line(rng.choice(self.sources), i.hit[0][3] + rng.uniform(0, 72 * HOUR), rng.randint(0, ORGANISATIONS - 1), 1,
                      rng.choice(i.atoms))

    def line(self, source, t, organisation, host, atom, attempt=False, exercise=False):
        at = START + timedelta(seconds=t + source["off"])
        inside = f"10.{SECTORS.index(source['sector'])}.{organisation}.{host}"
        o = {"timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f+0000"), "event_type": "flow", "src_ip": inside,
             "src_port": self.rng.randint(1024, 65535), "dest_ip": "192.0.2.53", "dest_port": 443, "proto": "TCP"}
        if atom and atom["address"]:
            o["dest_ip"] = atom["value"]
            if attempt:
                o["src_ip"], o["dest_ip"] = atom["value"], inside
        else:
            o.update(event_type="dns", dest_port=53, proto="UDP",
                     dns={"type": "query", "rrname": atom["value"] if atom else f"w{self.rng.randint(0, 9999)}.good.example"})
        entity = inside
        if source["names"]:
            entity = f"{source['name']} {organisation}"
            o["organization"] = {"name": entity}
        if exercise:
            o["tags"] = ["rsit:test=\"test\""]
        self.lines[source["name"]] += [json.dumps(o)] * (2 if self.rng.random() < NOISE["twice"] else 1)
        if atom and atom["known"]:
            self.hits.append(dict(time=t + source["off"], indicator=atom["value"], threat=atom["threat"], incident=atom["incident"],
                                  member_state=source["state"], sector=source["sector"], entity=entity,
                                  attempt=bool(attempt), exercise=bool(exercise), severity=atom["severity"]))
