#!/usr/bin/env python3
"""Changes every name and path of the `wire` crate, one at a time, and wants its golden test red.

Works on a copy. A change that does not compile is no proof, so it counts as an error.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTANT = re.compile(r'^pub const \w+: (?:&str|\[&str; \d+\]) = .*;$')
TEXT = re.compile(r'"([^"]*)"')
FIELD = re.compile(r"^    pub (\w+): ")
VARIANT = re.compile(r"^    ([A-Z]\w+),$")
RENAMED = re.compile(r'(rename = ")([^"]*)(")')


def mutants(lines):
    """Pairs of what is changed, and the changed lines."""
    for number, line in enumerate(lines):
        if CONSTANT.match(line):
            for text in TEXT.finditer(line):
                changed = line[: text.end() - 1] + "x" + line[text.end() - 1 :]
                yield f"{text.group()}", [*lines[:number], changed, *lines[number + 1 :]]
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


def main():
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
        survivors, count = [], 0
        for path in sorted((wire / "src").glob("*.rs")):
            original = path.read_text()
            body, tests, rest = original.partition("#[cfg(test)]")
            for what, lines in mutants(body.split("\n")):
                count += 1
                path.write_text("\n".join(lines) + tests + rest)
                outcome = golden(wire)
                if outcome is not False:
                    why = "does not compile" if outcome is None else "survived"
                    survivors.append(f"{path.name}: {what}: {why}")
            path.write_text(original)
        for survivor in survivors:
            print(survivor)
        print(f"{count - len(survivors)} of {count} changed words turn the golden test red")
        return 1 if survivors or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
