"""The slow, obvious correlator: plain sets, one thread, every window tried.

It is written from the words of the profile `observed` and of the candidate
contract, and shares nothing with the engine but those words.
"""
from collections import defaultdict

DAY_US = 24 * 3600 * 1_000_000
ANNEX_I = {"energy", "transport", "banking", "financial", "health", "drinking-water", "waste-water",
           "digital-infrastructure", "ict-services", "public-administration", "space"}
NOT_MEMBERS = {"EU", "GB"}
SEVERITIES = {"low": 1, "medium": 2, "high": 3}


def criteria_that_hold(hits):
    """Criteria of `observed` over the hits of one state inside one window."""
    counted = [h for h in hits if h["class"] == "effect" and SEVERITIES[h["severity"]] >= 2]
    by_sector = defaultdict(set)
    for h in counted:
        by_sector[h["sector"]].add(h["entity"])
    held = set()
    if any(len(e) >= 3 for s, e in by_sector.items() if s in ANNEX_I):
        held.add(0)
    if len({h["entity"] for h in counted}) >= 10:
        held.add(1)
    return held


def episodes(hits):
    """Maximal runs in which neighbours lie no further apart than the window."""
    run = []
    for h in sorted(hits, key=lambda h: h["time"]):
        if run and h["time"] - run[-1]["time"] > DAY_US:
            yield run
            run = []
        run.append(h)
    if run:
        yield run


def judge(run):
    """(status, criteria by state) of one episode."""
    status, held = "none", defaultdict(set)
    for start in sorted({h["time"] for h in run}):
        inside = [h for h in run if start <= h["time"] <= start + DAY_US]
        significant = set()
        for state in {h["state"] for h in inside} - NOT_MEMBERS:
            c = criteria_that_hold([h for h in inside if h["state"] == state])
            held[state] |= c
            if c:
                significant.add(state)
        seen = {h["state"] for h in inside} - NOT_MEMBERS
        if len(significant) >= 2:
            status = "raised"
        elif significant and len(seen) >= 2 and status == "none":
            status = "watch"
    return status, held


def candidates(hits):
    """Threat id -> list of candidates, as much of them as the contract fixes."""
    by_threat = defaultdict(list)
    for h in hits:
        by_threat[h["threat"]].append(h)
    found = []
    for threat, of_threat in by_threat.items():
        for run in episodes(of_threat):
            status, held = judge(run)
            if status == "none":
                continue
            states = {}
            for state in {h["state"] for h in run}:
                mine = [h for h in run if h["state"] == state]
                effect = [h for h in mine if h["class"] == "effect"]
                states[state] = {
                    "significant": bool(held[state]),
                    "criteria": sorted(held[state]),
                    "entities": len({h["entity"] for h in effect}),
                    "records": len({(h["source"], h["position"]) for h in mine}),
                    "origins": len({h["source"] for h in mine}),
                    "sectors": sorted({h["sector"] for h in effect}),
                    "first_seen": min(h["time"] for h in mine),
                    "last_seen": max(h["time"] for h in mine),
                }
            found.append({"threat": threat, "status": status,
                          "start": min(h["time"] for h in run), "states": states})
    return sorted(found, key=lambda c: (c["start"], c["threat"]))
