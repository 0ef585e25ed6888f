#!/usr/bin/env python3
"""Checks what operators are told: the alert rules by promtool and their unit tests, each rule's
labels and runbook entry, that each rule is tested both ways, and every query of the dashboards.
Prints what is wrong and exits 1 if anything is.

usage: check.py [ROOT]        checks the checkout (default: the one this file lies in)
       check.py --self-test   proves that every check can fail
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

RULES = "ops/prometheus/vsim.rules.yml"
RULE_TESTS = "ops/prometheus/vsim.rules.test.yml"
CONFIG = "ops/prometheus/prometheus.yml"
RUNBOOK = "ops/runbook.md"
DASHBOARDS = "ops/grafana"
OWN_ROOT = Path(__file__).resolve().parents[2]


def find_promtool():
    own = OWN_ROOT / ".run/tools/bin/promtool"
    found = shutil.which("promtool") or (str(own) if os.access(own, os.X_OK) else None)
    if found is None:
        sys.exit("no promtool on the PATH nor in .run/tools/bin; ops/test brings it")
    return found


def promtool(*arguments):
    """What it complains of; nothing when it does not."""
    result = subprocess.run([find_promtool(), *map(str, arguments)], capture_output=True, text=True,
                            check=False)
    if result.returncode != 0:
        yield f"promtool {' '.join(arguments[:2])}: {(result.stdout + result.stderr).strip()}"


def rules_of(text):
    """Alert name -> the lines of its rule."""
    parts = re.split(r"^ *- alert: (\w+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def check_rules(root):
    yield from promtool("check", "config", root / CONFIG)
    yield from promtool("test", "rules", root / RULE_TESTS)
    runbook = (root / RUNBOOK).read_text(encoding="utf-8")
    headings = set(re.findall(r"^## (.+?) *$", runbook, flags=re.M))
    for alert, rule in rules_of((root / RULES).read_text(encoding="utf-8")).items():
        if not re.search(r"^ +for: \d+[smh]$", rule, flags=re.M):
            yield f"{alert}: no `for`; say how long it must be so"
        if not re.search(r"severity: (warning|critical)\b", rule):
            yield f"{alert}: no severity; warning or critical"
        if not re.search(r"^ +summary: \S", rule, flags=re.M):
            yield f"{alert}: no summary; say in a sentence what is wrong"
        entry = re.search(r"^ +runbook: (.+?) *$", rule, flags=re.M)
        if entry is None or entry.group(1) not in headings:
            yield f"{alert}: {RUNBOOK} has no entry '{entry.group(1) if entry else ''}'"


def check_rule_tests(root):
    """Each alert is seen to fire and to be silent."""
    seen = {}
    for alert, expected in re.findall(r"^ +alertname: (\w+)\n +exp_alerts:(.*)$",
                                      (root / RULE_TESTS).read_text(encoding="utf-8"), flags=re.M):
        seen.setdefault(alert, set()).add("silent" if "[]" in expected else "firing")
    for alert in rules_of((root / RULES).read_text(encoding="utf-8")):
        for state in sorted({"firing", "silent"} - seen.get(alert, set())):
            yield f"{alert}: {RULE_TESTS} never expects it to be {state}"


def queries_of(dashboard):
    """(panel's title, query) of all targets."""
    for panel in dashboard.get("panels", []):
        yield from queries_of(panel)
        for target in panel.get("targets", []):
            yield panel.get("title", ""), target["expr"]


def check_dashboards(root):
    dashboards = sorted((root / DASHBOARDS).glob("*.json"))
    if not dashboards:
        yield f"{DASHBOARDS}: no dashboard"
    for path in dashboards:
        queries = list(queries_of(json.loads(path.read_text(encoding="utf-8"))))
        if not queries:
            yield f"{path.name}: no queries"
        rules = [{"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "1m")}
                 for number, (_, query) in enumerate(queries)]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)  # JSON is YAML
            file.flush()
            yield from promtool("check", "rules", file.name)


CHECKS = [check_rules, check_rule_tests, check_dashboards]


def problems_of(root):
    return [problem for check in CHECKS for problem in check(root)]


# What is changed in a copy of the real files, and the words that the report must hold.
BAD = [
    (RULES, "max(vsim_queue_commands) > 50", "max(vsim_queue_commands) >= 50", "VsimQueueDepth"),
    (RULES, "max(vsim_queue_commands) > 50", "max(vsim_queue_commands > 50", "promtool"),
    (RULES, "        for: 5m\n", "", "no `for`"),
    (RULES, "severity: warning", "severity: odd", "no severity"),
    (RULES, "          runbook: Queue depth growing\n", "", "has no entry ''"),
    (RUNBOOK, "## Queue depth growing", "## Queue", "has no entry 'Queue depth growing'"),
    (RULE_TESTS, "alertname: VsimDeadLetters", "alertname: Other", "VsimDeadLetters: ops"),
    (f"{DASHBOARDS}/vsim.json", '"max(vsim_queue_commands)"', '"max(vsim_queue_commands"',
     "promtool check rules"),
]


def self_test():
    wrong = 0
    for changed, what, by, expected in [(None, "", "", "")] + BAD:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "ops").mkdir()
            for part in ("ops/prometheus", DASHBOARDS):
                shutil.copytree(OWN_ROOT / part, root / part)
            shutil.copy(OWN_ROOT / RUNBOOK, root / RUNBOOK)
            if changed:
                text = (root / changed).read_text(encoding="utf-8")
                assert what in text, f"{changed} does not hold {what}"
                (root / changed).write_text(text.replace(what, by), encoding="utf-8")
            problems = problems_of(root)
        if changed is None and problems:
            wrong += 1
            print("the real files are reported:", *problems, sep="\n  ")
        if changed and not any(expected in problem for problem in problems):
            wrong += 1
            print(f"{changed} with '{by}' should be reported with '{expected}', found:", *problems,
                  sep="\n  ")
    print(f"{len(BAD) + 1} sets of files checked, {wrong} wrongly")
    return wrong == 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 0 if self_test() else 1
    problems = problems_of(Path(sys.argv[1]) if len(sys.argv) > 1 else OWN_ROOT)
    print(*problems, f"{len(problems)} problems" if problems else "rules and dashboards are well",
          sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
