#!/usr/bin/env python3
"""Checks the rules of the tree that a compiler does not: sizes, include arrows, names, READMEs,
dead files, shell syntax, locales, citations of decisions. Prints "file:line: what is wrong; what
to do" and exits 1 if anything is.

usage: check.py [ROOT]        checks the checkout (default: the one this file lies in)
       check.py --self-test   proves that every rule can fail
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LINE_CHARACTERS_MAX = 100
TABLE_CHARACTERS_MAX = 200  # rows of a table between `clang-format off` and `on`
FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70

SKIPPED_FOLDERS = {".git", "build", ".run", "__pycache__"}
CODE_FOLDERS = ["domain", "schema", "eventstore", "api", "workers", "ops", "tests"]
FORBIDDEN_WORDS = {"utils", "util", "common", "helpers", "helper", "misc", "small", "other",
                   "others", "various", "stuff"}

# Who may include whom: folder -> folders (or single files) of this repository. The longest folder
# that a file lies in decides.
ARROWS = {
    "domain": ["domain"],
    # schema speaks of stored messages, so it knows their shape; it never touches a store.
    "schema": ["schema", "domain", "eventstore/message.h", "eventstore/lost_headers.h",
               "eventstore/lost_message.h"],
    # How numbers, times and characters are read from text is one rule for the whole tree.
    "eventstore": ["eventstore", "domain/decimal.h", "domain/rfc3339.h"],
    # The rooms of the API do not look back at its routes, nor connections at admission.
    "api/connections": ["api/connections", "schema/http", "schema/messages", "ops/process",
                        "ops/telemetry", "domain"],
    "api/admission": ["api/admission", "api/connections", "schema/http", "ops/process",
                      "ops/telemetry", "domain"],
    "api/ec2": ["api/ec2", "schema", "domain"],
    "api": ["api", "schema", "eventstore", "ops/process", "ops/telemetry", "domain"],
    # The log's room does not look back at the roles that use it.
    "workers/log": ["workers/log", "schema", "eventstore", "ops/process", "ops/telemetry",
                    "domain"],
    "workers": ["workers", "schema", "eventstore", "ops/process", "ops/telemetry", "domain"],
    "ops/process": ["ops/process", "ops/telemetry", "eventstore", "schema", "domain"],
    "ops/telemetry": ["ops/telemetry", "domain/decimal.h", "domain/utf8.h"],
    "ops/vsimctl": ["ops/vsimctl", "ops/process", "ops/telemetry", "schema", "eventstore",
                    "domain"],
    "ops/vsimctl/terminal": ["ops/vsimctl/terminal", "ops/vsimctl/subcommands.h", "ops/process",
                             "schema", "domain"],
    # Measures from outside, and shares no rule with what it measures but how numbers are read.
    "tests/benchmark": ["tests/benchmark", "tests/harness/lines.h", "tests/harness/shell_quoted.h",
                        "domain/decimal.h"],
    "tests/harness": ["tests/harness"],
    "tests/harness/doctest_main.cpp": ["tests/harness", "eventstore"],
    "tests/e2e": ["tests/harness", "tests/e2e"],
    "tests/browser": ["tests/harness", "tests/browser"],
    "tests/contract": ["tests/harness", "tests/contract"],
    "tests/runbook": ["tests/harness", "tests/runbook"],
    "tests/scripts": ["tests/harness", "tests/scripts", "tests/runbook/shipped_system.h",
                      "tests/runbook/fillable_disk.h"],
    "tests/chaos": ["tests/harness", "tests/e2e", "tests/runbook", "tests/chaos"],
    "tests": CODE_FOLDERS,
}

# Libraries and the only folders that may include them; anyone else goes through those folders.
LIBRARY_HOMES = {
    r"nats/nats\.h": ["eventstore", "tests"],
    r"pqxx/.*": ["schema/read_model", "tests"],
    r"httplib\.h": ["ops/process", "ops/telemetry"],
    r"CLI/.*": ["ops", "tests/benchmark", "tests/simulation"],
    r"spdlog/.*": ["ops/telemetry"],
    r"prometheus/.*": ["ops/telemetry"],
}
HEAVY_HEADERS = r"(fmt/.*|CLI/.*|spdlog/.*|httplib\.h)"  # never in a header

# Nothing goes by the clock of its own machine (D38), but in these files, where it does no harm.
LOCAL_CLOCK = r"\b(system_clock|gettimeofday|CLOCK_REALTIME|utc_clock)\b|\btime\((nullptr|NULL|0)\)"
LOCAL_CLOCK_FILES = {
    "eventstore/broker_clock.cpp",           # shows how far it is off
    "eventstore/memory_store.cpp",           # the broker of unit tests
    "ops/telemetry/log.cpp",                 # lines of the log
    "ops/telemetry/metrics.cpp",             # a process's start: only a new one must differ
    "ops/vsimctl/keys/key_making.cpp",       # when a key was made, for people
    "ops/vsimctl/dlq/replays.cpp",           # message ids: only new ones must differ
    "schema/messages/uuid.cpp",              # UUIDs: likewise
}

# Decisions that no code cites yet. This set only shrinks.
UNCITED_DECISIONS = set()

# Where tl::expected has another name: one each for the errors of the log, of Postgres, of HTTP and
# of EC2.
EXPECTED_ALIASES = {"eventstore/result.h", "schema/read_model/database.h", "api/call.h",
                    "api/ec2/errors.h"}

BLOCK_WORDS = ("namespace", "class", "struct", "enum", "union", "extern", "if", "for", "while",
               "switch", "else", "do", "try", "catch", "return", "case", "default", "using")


class Tree:
    """The files of a checkout, read once."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
            for name in sorted(names):
                self.files.append((Path(folder) / name).relative_to(self.root).as_posix())
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self.texts[path]

    def lines(self, path):
        return self.text(path).splitlines()

    def is_cpp(self, path):
        return path.endswith((".h", ".cpp"))

    def is_bash(self, path):
        if path.endswith((".sh", ".bash")):
            return True
        return "." not in Path(path).name and self.text(path).startswith("#!/usr/bin/env bash")

    def is_code(self, path):
        return (self.is_cpp(path) or self.is_bash(path) or
                path.endswith((".py", ".sql", ".cmake", "CMakeLists.txt")))

    def in_code_folder(self, path):
        return path.split("/")[0] in CODE_FOLDERS and "/" in path


def check_sizes(tree):
    for path in filter(tree.is_code, tree.files):
        lines = tree.lines(path)
        most = TEST_FILE_LINES_MAX if path.startswith("tests/") else FILE_LINES_MAX
        if len(lines) > most:
            yield path, most + 1, f"{len(lines)} lines, {most} at most; split the file by theme"
        allowed = LINE_CHARACTERS_MAX
        for number, line in enumerate(lines, 1):
            if "// clang-format o" in line:
                allowed = TABLE_CHARACTERS_MAX if "off" in line else LINE_CHARACTERS_MAX
            if len(line) > allowed:
                yield (path, number, f"{len(line)} characters, {allowed} at most; "
                       "break the line" + (" (ops/format does)" if tree.is_cpp(path) else ""))


def functions_of(lines):
    """(first line, last line) of what looks like a function's definition, from 0."""
    start = 0  # of the statement that the current line belongs to
    for number, line in enumerate(lines):
        stripped = line.strip()
        if (number == 0 or not lines[number - 1].strip() or
                lines[number - 1].rstrip().endswith((";", "{", "}", ":")) or
                lines[number - 1].strip().startswith(("//", "#"))):
            start = number
        if not stripped.endswith("{"):
            continue
        head = " ".join(part.strip() for part in lines[start:number + 1])
        first_word = re.match(r"\w*", head).group(0)
        if "(" not in head or first_word in BLOCK_WORDS:
            continue
        indent = re.match(r" *", lines[start]).group(0)
        for end in range(number + 1, len(lines)):
            if lines[end].startswith(indent + "}"):
                yield start, end
                break


def check_functions(tree):
    for path in filter(tree.is_cpp, tree.files):
        for start, end in functions_of(tree.lines(path)):
            length = end - start + 1
            if length > FUNCTION_LINES_MAX:
                yield (path, start + 1, f"a function of {length} lines, {FUNCTION_LINES_MAX} at "
                       "most; give its steps names")


def lies_in(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


def allowed_for(path):
    homes = [folder for folder in ARROWS if lies_in(path, [folder])]
    return ARROWS[max(homes, key=len)] if homes else None


def check_arrows(tree):
    for path in filter(tree.is_cpp, tree.files):
        allowed = allowed_for(path)
        for number, line in enumerate(tree.lines(path), 1):
            own = re.match(r'\s*#include "(.*)"', line)
            library = re.match(r"\s*#include <(.*)>", line)
            if own and not (tree.root / own.group(1)).exists():
                yield path, number, f'"{own.group(1)}" is no path from the root; write it whole'
            elif own and allowed is not None and not lies_in(own.group(1), allowed):
                yield (path, number, f'may not include "{own.group(1)}"; only '
                       f'{", ".join(allowed)} (the arrows of ARCHITECTURE.md)')
            elif library:
                yield from check_library(path, number, library.group(1))


def check_library(path, number, header):
    if path.startswith("domain/") and not re.fullmatch(r"[a-z_0-9]+", header):
        yield path, number, f"the domain is pure: <{header}> is not of the standard library"
    for pattern, homes in LIBRARY_HOMES.items():
        if re.fullmatch(pattern, header) and not lies_in(path, homes):
            yield path, number, f"<{header}> belongs to {', '.join(homes)}; use what they offer"
    if path.endswith(".h") and re.fullmatch(HEAVY_HEADERS, header):
        yield path, number, f"<{header}> is heavy; include it in the .cpp and hide it behind it"


def check_clocks(tree):
    for path in filter(tree.is_cpp, tree.files):
        if path in LOCAL_CLOCK_FILES or lies_in(path, ["tests"]):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(LOCAL_CLOCK, line.split("//")[0]):
                yield (path, number, "goes by this machine's clock; take the broker's time "
                       "(eventstore/broker_clock.h), or a steady clock for lengths of time")


def check_names(tree):
    for path in tree.files:
        for part in path.split("/"):
            words = set(re.split(r"[_.\-]", part.lower()))
            for word in sorted(words & FORBIDDEN_WORDS):
                yield path, 1, f"'{word}' says nothing; name it after what it does"


def check_aliases(tree):
    for path in filter(tree.is_cpp, tree.files):
        if path in EXPECTED_ALIASES or path.startswith("tests/"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(r"using \w+ = tl::(un)?expected<[^;]*>;", line):
                yield (path, number, "one more name for tl::expected; write it out, or use that of "
                       f"{', '.join(sorted(EXPECTED_ALIASES))}")


def named_in_table(text):
    """File names in the first cells of a README's tables, with their line; `.cpp` behind
    `name.h` stands for `name.cpp`."""
    for number, line in enumerate(text.splitlines(), 1):
        cell = re.match(r"\|([^|]*)\|", line)
        last = ""
        for name in re.findall(r"`([^`]+)`", cell.group(1)) if cell else []:
            if re.fullmatch(r"\.[a-z]+", name) and last:
                name = last.rsplit(".", 1)[0] + name
            last = name
            yield name.rstrip("/"), number


def check_readmes(tree):
    folders = {}
    for path in filter(tree.in_code_folder, tree.files):
        folder, name = path.rsplit("/", 1)
        folders.setdefault(folder, set()).add(name)
    for folder, names in sorted(folders.items()):
        readme = f"{folder}/README.md"
        if "README.md" not in names:
            yield readme, 1, "missing; write a paragraph and a table `| file | holds |`"
            continue
        named = dict(named_in_table(tree.text(readme)))
        for name in sorted(names - {"README.md", "CMakeLists.txt"} - named.keys()):
            yield readme, 1, f"its table does not name {name}; add a row"
        for name, number in named.items():
            if not (tree.root / folder / name).exists():
                yield readme, number, f"names {name}, which does not exist; mend the row"


def paths_in_prose(tree, path):
    """What a document names as a path of the tree, with its line: `api/main.cpp`, `ops/up --help`,
    `schema/profiles/*.json`, `api/main` for both of its files, and links. Blocks of code are no
    prose."""
    in_block = False
    for number, line in enumerate(tree.lines(path), 1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        if in_block:
            continue
        for word in re.findall(r"`([^`\s]+)[^`]*`", line):
            if word.split("/")[0] in CODE_FOLDERS and "/" in word:
                yield word, number
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
            yield os.path.normpath(os.path.join(os.path.dirname(path), link)), number


def check_documents(tree):
    for path in tree.files:
        if not path.endswith(".md"):
            continue
        for named, number in paths_in_prose(tree, path):
            named = named.rstrip("/.,")
            if not any(tree.root.glob(named)) and not any(tree.root.glob(named + ".*")):
                yield path, number, f"names {named}, which does not exist; mend the sentence"


def in_a_target(tree, path):
    """Does the CMakeLists.txt of its folder, or of one above, name it?"""
    for folder in map(Path.as_posix, Path(path).parents):
        lists = f"{folder}/CMakeLists.txt"
        name = re.escape(os.path.relpath(path, folder))
        if lists in tree.files and re.search(rf"(?<![\w/]){name}\b", tree.text(lists)):
            return True
    return False


def check_dead_files(tree):
    cmake = "\n".join(tree.text(path) for path in tree.files
                      if path.endswith(("CMakeLists.txt", ".cmake")))
    globbed = re.findall(r"(\w+)/\*\.cpp", cmake)
    code = "\n".join(tree.text(path) for path in filter(tree.is_cpp, tree.files))
    included = set(re.findall(r'#include "(.*)"', code))
    scripts = "\n".join(tree.text(path) for path in tree.files if tree.is_bash(path))
    for path in filter(tree.in_code_folder, tree.files):
        name = path.rsplit("/", 1)[1]
        if (path.endswith(".cpp") and not in_a_target(tree, path) and
                not lies_in(path, [f"tests/{part}" for part in globbed])):
            yield path, 1, "in no CMake target; name it in CMakeLists.txt or delete it"
        if path.endswith(".h") and path not in included:
            yield path, 1, "nobody includes it; delete it"
        if path.endswith(".sh") and f"/{name}" not in scripts:
            yield path, 1, "no script sources or runs it; delete it"


def check_shell(tree):
    for path in filter(tree.is_bash, tree.files):
        result = subprocess.run(["bash", "-n", str(tree.root / path)], capture_output=True,
                                text=True, check=False)
        if result.returncode != 0:
            number = re.search(r"line (\d+)", result.stderr)
            yield path, int(number.group(1)) if number else 1, result.stderr.strip()


def check_locale(tree):
    for path in filter(tree.is_bash, tree.files):
        if (tree.text(path).startswith("#!") and
                not re.search(r"lib/strict\.sh|LC_ALL=C\.UTF-8", tree.text(path))):
            yield path, 1, "runs in the caller's locale; source ops/lib/strict.sh first"
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(r"\$\{\w+(\[[^]]*\])?(\^|,)", line):
                yield path, number, "upper or lower case by the locale; use tr"
    for path in filter(tree.is_cpp, tree.files):
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(r"\b(setlocale|newlocale|uselocale)\(|std::locale(::global)?[({]", line):
                yield path, number, "numbers and letters go by the C locale here; set no other"


def cited_in(line):
    """The decisions that a line of code cites: `// D7`, or D7 anywhere in a comment."""
    comment = re.search(r"(//|#|--)(.*)", line)
    return re.findall(r"\bD([1-9]\d*)\b", comment.group(2)) if comment else []


def check_decisions(tree):
    """Each decision that code cites stands in ARCHITECTURE.md, and each there is cited."""
    if "ARCHITECTURE.md" not in tree.files:
        return
    allowed = UNCITED_DECISIONS if "tests/tidy/check.py" in tree.files else set()
    decided = {}
    for number, line in enumerate(tree.lines("ARCHITECTURE.md"), 1):
        head = re.match(r"\*\*D(\d+) ", line)
        if head:
            decided[int(head.group(1))] = number
    cited = set()
    for path in filter(tree.is_code, tree.files):
        if path == "tests/tidy/check.py":  # holds wrong ones on purpose
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(r"// // ?D\d", line):
                yield path, number, "a comment in a comment; write `// D7` once"
            for decision in map(int, cited_in(line)):
                cited.add(decision)
                if decision not in decided:
                    yield path, number, f"ARCHITECTURE.md has no D{decision}; cite one that it has"
    for decision in sorted(decided.keys() - cited - allowed):
        yield ("ARCHITECTURE.md", decided[decision], f"no code cites D{decision}; write "
               f"`// D{decision}` where it is carried out")
    for decision in sorted(allowed & cited | allowed - decided.keys()):
        yield ("tests/tidy/check.py", 1, f"D{decision} is cited, or is no decision; take it out of "
               "UNCITED_DECISIONS")


CHECKS = [check_sizes, check_functions, check_arrows, check_clocks, check_names, check_aliases,
          check_readmes, check_documents, check_dead_files, check_shell, check_locale,
          check_decisions]


def problems_of(root):
    tree = Tree(root)
    return [f"{path}:{number}: {text}" for check in CHECKS for path, number, text in check(tree)]


# What is wrong in each of these trees, besides a good one: file, content, and the words that the
# report must hold.
GOOD = {
    "ARCHITECTURE.md": "**D1 One.** Text.\n\n**D2 Two.** Text.\n",
    "domain/CMakeLists.txt": "add_library(vsim_domain STATIC a.cpp)\n",
    "domain/README.md": "Rules.\n\n| file | holds |\n|---|---|\n| `a.h` `.cpp` | all |\n",
    "domain/a.h": "#pragma once\n#include <string>  // D1, D2\n",
    "domain/a.cpp": '#include "domain/a.h"\nint f(int x) {\n  return x;\n}\n',
    "ops/README.md": "Ops.\n\n| file | holds |\n|---|---|\n| `up` | starts |\n",
    "ops/up": "#!/usr/bin/env bash\nexport LC_ALL=C.UTF-8\n",
}
BAD = [
    ("domain/a.cpp", '#include "domain/a.h"\n' + "// " + "x" * 98 + "\n", "101 characters"),
    ("domain/a.cpp", '#include "domain/a.h"\n' + "\n" * 400, "401 lines"),
    ("domain/a.cpp", '#include "domain/a.h"\nint f(int x) {\n' + "  x++;\n" * 69 + "}\n",
     "a function of 71 lines"),
    ("domain/a.cpp", '#include "domain/a.h"\n#include "ops/up"\n', 'may not include "ops/up"'),
    ("api/connections/c.h", '#pragma once\n#include "ops/up"\n', "only api/connections, schema"),
    ("domain/a.cpp", '#include "domain/a.h"\n#include "a.h"\n', "no path from the root"),
    ("domain/a.cpp", '#include "domain/a.h"\n#include <fmt/format.h>\n', "the domain is pure"),
    ("ops/b.h", "#pragma once\n#include <pqxx/pqxx>\n", "belongs to schema/read_model"),
    ("ops/b.h", "#pragma once\n#include <fmt/format.h>\n", "is heavy"),
    ("domain/a.cpp", '#include "domain/a.h"\nauto t = std::chrono::system_clock::now();\n',
     "goes by this machine's clock"),
    ("ops/string_utils.sh", "", "'utils' says nothing"),
    ("domain/a.h", "#pragma once\nusing Found = tl::expected<int, int>;\n", "one more name for"),
    ("domain/b.cpp", "", "does not name b.cpp"),
    ("domain/README.md", "| `a.h` `.cpp` | all |\n| `b.h` | gone |\n", "names b.h"),
    ("README.md", "Begin with `domain/gone.h`.\n", "README.md:1: names domain/gone.h"),
    ("README.md", "See [the rules](domain/gone.md#rules).\n", "names domain/gone.md"),
    ("api/main.cpp", "", "api/README.md:1: missing"),
    ("domain/b.cpp", "", "in no CMake target"),
    ("domain/b.h", "#pragma once\n", "nobody includes it"),
    ("ops/lib.sh", "", "no script sources"),
    ("ops/up", "#!/usr/bin/env bash\nif true; then\n", "unexpected end of file"),
    ("ops/up", "#!/usr/bin/env bash\necho up\n", "runs in the caller's locale"),
    ("ops/up", "#!/usr/bin/env bash\nexport LC_ALL=C.UTF-8\necho ${x^^}\n", "by the locale"),
    ("domain/a.cpp", '#include "domain/a.h"\nauto l = std::locale("");\n', "set no other"),
    ("domain/a.cpp", '#include "domain/a.h"\n// As D3 says.\n', "ARCHITECTURE.md has no D3"),
    ("domain/a.cpp", '#include "domain/a.h"\n// // D1\n', "a comment in a comment"),
    ("domain/a.h", "#pragma once\n// D1\n", "no code cites D2"),
]


def self_test():
    failures = 0
    for changed, content, expected in [(None, None, None)] + BAD:
        with tempfile.TemporaryDirectory() as root:
            files = dict(GOOD)
            if changed:
                files[changed] = content
            for path, text in files.items():
                (Path(root) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(root) / path).write_text(text, encoding="utf-8")
            problems = problems_of(root)
        if changed is None and problems:
            failures += 1
            print("a good tree is reported:", *problems, sep="\n  ")
        if changed and not any(expected in problem for problem in problems):
            failures += 1
            print(f"{changed} should be reported with '{expected}', found:", *problems, sep="\n  ")
    print(f"{len(BAD) + 1} trees checked, {failures} wrongly")
    return failures == 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 0 if self_test() else 1
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    problems = problems_of(root)
    print(*problems, f"{len(problems)} problems" if problems else "the tree is tidy", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
