#!/usr/bin/env python3
"""Runs clang-tidy with the rules of .clang-tidy over the product's C++ files. A file that was
clean is not looked at again until it, a header of this tree that it includes, or the rules change.

A run looks at FILES_MAX files at most that are not known to be clean: first those that the last
commits changed, then others in turn, so that a clean checkout's run is short and a few runs see
all. --all looks at all of them.

usage: clang_tidy.py --program CLANG_TIDY --build FOLDER [--all]   (FOLDER: compile_commands.json)
       clang_tidy.py --program CLANG_TIDY --self-test
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FILES_MAX = 40    # some 3 seconds of a processor each: a minute on two (D59)
COMMITS = 5       # what these changed comes first
PRODUCT = ("domain/", "schema/", "eventstore/", "api/", "workers/", "ops/")
SECONDS_MAX = 300  # of one file


class Linter:
    def __init__(self, program, root, build):
        self.program = os.path.abspath(program)
        self.root = Path(root).resolve()
        self.build = Path(build).resolve()
        self.clean = self.build / "clang-tidy-clean"  # an empty file for each state that was clean
        self.texts = {}
        self.rules = self.run([self.program, "--version"]) + self.text(".clang-tidy")

    def run(self, command):
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        return done.stdout

    def text(self, path):
        if path not in self.texts:
            file = self.root / path
            self.texts[path] = file.read_text(encoding="utf-8") if file.is_file() else ""
        return self.texts[path]

    def commands(self):
        """File -> its compile command, for the product's files."""
        found = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            path = os.path.relpath(entry["file"], self.root)
            if path.startswith(PRODUCT):
                found[path] = entry["command"].replace(str(self.root), "")
        return found

    def state_of(self, path, command):
        """A name for all that a run on this file depends on, but for the libraries' headers."""
        state = hashlib.sha256((self.rules + command).encode())
        seen, waiting = set(), [path]
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                state.update(f"{at}\n{self.text(at)}".encode())
                waiting += sorted(re.findall(r'^#include "(.*)"', self.text(at), re.MULTILINE))
        return state.hexdigest()[:40]

    def chosen(self, paths):
        """At most FILES_MAX of them: what changed last, then the others in turn."""
        changed = set(self.run(["git", "log", f"-{COMMITS}", "--name-only", "--format="]).split())
        changed |= set(self.run(["git", "diff", "--name-only", "HEAD"]).split())
        first = [path for path in paths if path in changed]
        others = [path for path in paths if path not in changed]
        commits = int(self.run(["git", "rev-list", "--count", "HEAD"]) or 0)
        turn = commits * (FILES_MAX // 2) % max(len(others), 1)
        # Half the places are for the turn, however much has changed.
        first = first[:max(FILES_MAX // 2, FILES_MAX - len(others))]
        return first + (others[turn:] + others[:turn])[:FILES_MAX - len(first)]

    def check(self, path):
        """What clang-tidy complains of, or nothing."""
        try:
            done = subprocess.run(
                [self.program, "-p", str(self.build), "--quiet", path], cwd=self.root,
                capture_output=True, text=True, check=False, timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired:
            return f"{path}:1: clang-tidy took more than {SECONDS_MAX} s"
        if done.returncode == 0:
            return ""
        return (done.stdout or done.stderr).replace(str(self.root) + "/", "").strip()

    def lint(self, every):
        """The number of files looked at, of those left, and the complaints."""
        self.clean.mkdir(exist_ok=True)
        states = {path: self.state_of(path, command) for path, command in self.commands().items()}
        unknown = sorted(p for p, state in states.items() if not (self.clean / state).exists())
        chosen = unknown if every else self.chosen(unknown)
        complaints = []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for path, complaint in zip(chosen, pool.map(self.check, chosen)):
                if complaint:
                    complaints.append(complaint)
                else:
                    (self.clean / states[path]).touch()
        return len(chosen), len(unknown) - len(chosen), complaints


def self_test(program):
    """A fault is found, mended it is not, and what is clean is not looked at twice."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rules = Path(__file__).resolve().parents[2] / ".clang-tidy"
        (root / ".clang-tidy").write_text(rules.read_text())
        (root / "domain").mkdir()
        source = root / "domain/a.cpp"
        command = {"directory": folder, "file": str(source), "command": f"c++ -I. -c {source}"}
        (root / "compile_commands.json").write_text(json.dumps([command]))
        source.write_text('#include "domain/a.h"\n')
        header = root / "domain/a.h"
        header.write_text("#pragma once\ninline int* none() { return 0; }\n")
        found = Linter(program, root, root).lint(False)
        header.write_text("#pragma once\ninline int* none() { return nullptr; }\n")
        mended = Linter(program, root, root).lint(False)
        again = Linter(program, root, root).lint(False)
    well = (found[:2] == (1, 0) and "modernize-use-nullptr" in "".join(found[2]) and
            mended == (1, 0, []) and again == (0, 0, []))
    if not well:
        print("found:", found, "mended:", mended, "again:", again, sep="\n")
    return well


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--build")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if not os.access(options.program, os.X_OK):
        print(f"there is no {options.program}; ops/test tidy installs it")
        return 1
    if options.self_test:
        return 0 if self_test(options.program) else 1
    root = Path(__file__).resolve().parents[2]
    looked_at, left, complaints = Linter(options.program, root, options.build).lint(options.all)
    # A header's complaint comes with each file that includes it.
    print(*dict.fromkeys(complaints), sep="\n")
    print(f"{looked_at} files looked at, {len(complaints)} with complaints; "
          f"{left} not looked at, left to later runs")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
