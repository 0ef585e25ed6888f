#!/usr/bin/env python3
"""Puts each mutation of mutations.json into the product, one at a time, and tells how many seeds
vsim-simulate needed to find it. A row of a table each.

usage: mutate.py [--check] [--seeds N] [--first N] [PART OF A NAME...]

--check only sees that each mutation still fits: its text stands in its file exactly once.
The tree itself is not touched: the product is built once in build/mutants, each file by itself, and
of a mutation only its file is compiled again, from a copy, and linked before the rest: the first
definition counts (D80).
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "mutants"
MUTANT = BUILD / "mutant"


def load():
    listed = json.loads((ROOT / "tests/simulation/mutations.json").read_text("utf-8"))
    return listed["mutations"]


def misfits(mutations):
    for one in mutations:
        count = (ROOT / one["file"]).read_text("utf-8").count(one["before"])
        if count != 1:
            yield f"{one['name']}: its text stands {count} times in {one['file']}"


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def must(command):
    result = run(command)
    if result.returncode != 0:
        sys.exit(result.stdout[-3000:] + result.stderr[-3000:])
    return result.stdout


def build_product():
    if not (BUILD / "build.ninja").exists():
        must(["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"])
    must(["cmake", "--build", BUILD, "--target", "vsim-simulate", "--parallel",
          str(os.cpu_count())])


def compile_command(file):
    """That of the file itself, for the copy."""
    for one in json.loads((BUILD / "compile_commands.json").read_text("utf-8")):
        if Path(one["file"]) == ROOT / file:
            command = shlex.split(one["command"])
            command[command.index("-o") + 1] = str(MUTANT / "mutant.o")
            command[command.index("-c") + 1] = str(MUTANT / "mutant.cpp")
            return command + ["-Wno-unused"]
    sys.exit(f"{file} is not compiled")


def link_command():
    """vsim-simulate's, with the mutant in front."""
    last = must(["ninja", "-C", str(BUILD), "-t", "commands", "vsim-simulate"]).splitlines()[-1]
    words = shlex.split(last.split("&&")[1])
    place = words.index("-o")
    words[place + 1] = str(MUTANT / "vsim-simulate")
    return words[:1] + [str(MUTANT / "mutant.o")] + words[1:]


def build(mutation):
    MUTANT.mkdir(exist_ok=True)
    text = (ROOT / mutation["file"]).read_text("utf-8")
    (MUTANT / "mutant.cpp").write_text(text.replace(mutation["before"], mutation["after"]),
                                       "utf-8")
    compiled = run(compile_command(mutation["file"]), cwd=BUILD)
    if compiled.returncode != 0:
        return compiled.stderr
    linked = run(link_command(), cwd=BUILD)
    return linked.stderr if linked.returncode != 0 else ""


def seeds_needed(mutation, first, seeds_max):
    """How many, and what was said; none: it was not found."""
    workload = ROOT / "tests/simulation" / mutation.get("workload", "standard.json")
    simulate = run([MUTANT / "vsim-simulate", "--first", str(first), "--seeds", str(seeds_max),
                    "--workload", workload, "--no-shrink"])
    if simulate.returncode == 0:
        return None, ""
    text = simulate.stdout + simulate.stderr
    told = re.search(r"seed (\d+) of \S+ fails: (.*)", text)
    died = re.search(r"seed (\d+) (dies of .*|has two histories)", text)
    assertion = re.search(r"(all tasks wait for ever|Assertion.*failed)", text)
    found = told or died
    if not found:
        sys.exit(text[-3000:])
    why = assertion.group(1) if assertion and not told else found.group(2)
    return int(found.group(1)) - first + 1, why


def main():
    parser = argparse.ArgumentParser(description="how many seeds find each mutation")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    mutations = [one for one in load()
                 if not options.names or any(name in one["name"] for name in options.names)]
    if not mutations:
        print("no mutation has such a name")
        return 1
    wrong = list(misfits(mutations))
    if options.check or wrong:
        print("\n".join(wrong) or f"{len(mutations)} mutations fit")
        return 1 if wrong else 0
    build_product()
    print("| mutation | file | seeds needed | what was said |\n|---|---|---|---|")
    missed = 0
    for one in mutations:
        needed, why = None, build(one)
        if why:
            print(why, file=sys.stderr)
            why = "it does not compile"
        else:
            needed, why = seeds_needed(one, options.first, options.seeds)
        missed += needed is None
        print(f"| {one['name']} | `{one['file']}` | {needed or 'not found'} | {why} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
