#!/usr/bin/env python3
"""Changes every name, path and protobuf number of the `wire` crate, one at a time, and wants its golden test red.

Works on a copy. A change that does not compile is no proof, so it counts as an error. Each takes some seconds, so
`--sample 30` takes some, and every commit others; without it all are taken.
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTANT = re.compile(r'^pub const \w+: (?:&str|\[&str; \d+\]) = .*;$')
TEXT = re.compile(r'"([^"]*)"')
# What declares words, and has none.
MACHINERY = {"choice.rs", "contract.rs", "declare.rs", "float.rs", "lib.rs", "member.rs", "payload.rs"}
FIELD = re.compile(r"^    pub (\w+): ")
VARIANT = re.compile(r"^    ([A-Z]\w+),$")
DECLARED = re.compile(r'^(?P<head> +\w+(?:: .+)? = ")(?P<name>[^"]*)"(?: @ (?P<number>\d+))?,$')
TITLED = re.compile(r'^    pub struct \w+ = "([^"]*)" \{$')
HALF = re.compile(r'^    #\[prost\(fixed64, tag = "(\d)"\)\]$')
RENAMED = re.compile(r'(rename = ")([^"]*)(")')


def mutants(lines):
    """Pairs of what is changed, and the changed lines."""
    for number, line in enumerate(lines):
        if CONSTANT.match(line):
            for text in TEXT.finditer(line):
                changed = line[: text.end() - 1] + "x" + line[text.end() - 1 :]
                yield f"{text.group()}", [*lines[:number], changed, *lines[number + 1 :]]
        elif declared := DECLARED.match(line):
            end = declared.end("name")
            yield f'"{declared["name"]}"', [*lines[:number], f"{line[:end]}x{line[end:]}", *lines[number + 1 :]]
            if declared["number"]:
                other = int(declared["number"]) + 200
                changed = f'{line[: declared.start("number")]}{other},'
                yield f'{declared["name"]} @ {declared["number"]}', [*lines[:number], changed, *lines[number + 1 :]]
        elif titled := TITLED.match(line):
            changed = line.replace(f'"{titled[1]}"', f'"{titled[1]}x"')
            yield f'"{titled[1]}"', [*lines[:number], changed, *lines[number + 1 :]]
        elif half := HALF.match(line):
            yield f"half {half[1]}", [*lines[:number], line.replace(half[1], f"{half[1]}1"), *lines[number + 1 :]]
        elif name := FIELD.match(line) or VARIANT.match(line):
            place = renamed_above(lines, number)
            if place is None:
                attribute = f'    #[serde(rename = "{name.group(1)}x")]'
                yield name.group(1), [*lines[:number], attribute, *lines[number:]]
            else:
                changed = RENAMED.sub(r"\1\2x\3", lines[place])
                yield name.group(1), [*lines[:place], changed, *lines[place + 1 :]]


def renamed_above(lines, number):
    """Where the item's own attribute gives it another name."""
    for place in range(number - 1, -1, -1):
        line = lines[place].strip()
        if not line.startswith(("#[", "///")):
            return None
        if RENAMED.search(line):
            return place
    return None


def golden(folder):
    """Whether the golden test is green; None if it does not compile."""
    build = ["cargo", "test", "--quiet", "--offline", "--test", "golden"]
    if subprocess.run([*build, "--no-run"], cwd=folder, capture_output=True).returncode != 0:
        return None
    return subprocess.run(build, cwd=folder, capture_output=True).returncode == 0


def words(source):
    """Every change there is: its file, what is changed, the text before and after."""
    for path in sorted(source.rglob("*.rs")):
        if path.name in MACHINERY:
            continue
        original = path.read_text()
        body, tests, rest = original.partition("#[cfg(test)]")
        for what, lines in mutants(body.split("\n")):
            yield path, what, original, "\n".join(lines) + tests + rest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, help="how many words to change; all if absent")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "mock-server/wire", folder / "wire")
        manifest = (ROOT / "Cargo.toml").read_text()
        manifest = re.sub(r"^(default-)?members = .*$", "", manifest, flags=re.M)
        manifest = manifest.replace("[workspace]", '[workspace]\nmembers = ["wire"]', 1)
        # Only what the crate needs: the others are not in the copy.
        manifest = re.sub(r"^[\w-]+ = \{ path = .*$", "", manifest, flags=re.M)
        (folder / "Cargo.toml").write_text(manifest)
        shutil.copy(ROOT / "Cargo.lock", folder)
        wire = folder / "wire"
        if golden(wire) is not True:
            sys.exit("the golden test is red before anything is changed")
        all_words = list(words(wire / "src"))
        chosen = all_words
        if arguments.sample:
            chance = random.Random(subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=ROOT))
            chosen = chance.sample(all_words, min(arguments.sample, len(all_words)))
        survivors = []
        for path, what, original, changed in chosen:
            path.write_text(changed)
            outcome = golden(wire)
            path.write_text(original)
            if outcome is not False:
                why = "does not compile" if outcome is None else "survived"
                survivors.append(f"{path.relative_to(wire)}: {what}: {why}")
        for survivor in survivors:
            print(survivor)
        count = len(chosen)
        print(f"{count - len(survivors)} of {count} changed words turn the golden test red; there are {len(all_words)}")
        return 1 if survivors or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
