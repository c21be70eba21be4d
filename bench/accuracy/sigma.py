"""A small evaluator of Sigma correlation rules of type value_count, as version 2 of the
specification words them: values of `field` are counted for each group of `group-by` within
`timespan`, which slides; a chain's second rule takes the matches of the first as its events."""
from collections import defaultdict

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def rule(path):
    """The mapping of `correlation:`: nothing of YAML but indented keys, lists and remarks."""
    found, section, key = {}, None, None
    for line in open(path):
        text = line.split("#")[0].rstrip()
        depth = len(text) - len(text.lstrip())
        if not text.strip():
            continue
        if depth == 0:
            section = text.rstrip(":")
        elif section == "correlation" and text.strip().startswith("- "):
            found.setdefault(key, []).append(text.strip()[2:])
        elif section == "correlation":
            k, _, v = text.strip().partition(":")
            if depth == 2:
                key = k
            found[(k if depth == 2 else f"{key}.{k}")] = v.strip() if v.strip() else []
    return found


def matches(r, events):
    """Events at which the condition is reached: the group's fields, and the time."""
    assert r["type"] == "value_count", r
    span = int(r["timespan"][:-1]) * SECONDS[r["timespan"][-1]]
    groups, found = defaultdict(list), []
    for e in sorted(events, key=lambda e: e["time"]):
        group = groups[tuple(e[f] for f in r["group-by"])]
        group.append(e)
        while group[0]["time"] < e["time"] - span:
            group.pop(0)
        if len({g[r["condition.field"]] for g in group}) >= int(r["condition.gte"]):
            found.append({**{f: e[f] for f in r["group-by"]}, "time": e["time"], "incident": e["incident"]})
    return found
