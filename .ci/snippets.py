#!/usr/bin/env python3
"""Runs the shell snippets of Markdown files, so that they cannot rot.

    mock-server exec -- python3 .ci/snippets.py README.md docs/*.md

Runs each fenced block whose info string is exactly `sh`. Blocks of other kinds are left alone; `console` is the one for
commands that are not to be run. `sh` with anything after it is taken for a mistake.

- All blocks of a file share one bash, with errexit, nounset and pipefail: what one block sets, the next one sees. Each
  block starts in the root of the repository. Standard input is empty.
- `http://127.0.0.1:8080` in a block stands for the server under test, $MOCK_SERVER_URL.
- A line `#=> TEXT` in a block asserts that what the commands above it printed, on either stream and since the assertion
  before it, contains TEXT. Several such lines in a row are about the same output. The commands between two assertions
  have to be complete ones: no assertion inside a loop or a here-document.
- Between two files the server is reset, and its sandboxes are deleted.

What a snippet calls, `mock-server` for one, has to be on the PATH. The exit status is 1 if a command failed, an
assertion was not met, or there was no block at all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

ROOT = Path(__file__).resolve().parent.parent

# The server's address as the documentation has it; not the beginning of some longer port.
DOCUMENTED_URL = re.compile(r"http://127\.0\.0\.1:8080(?!\d)")

# Any indentation, since blocks may be part of a list. As in CommonMark, no backticks in the info string: that would be
# code within a line.
FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")

# Generous with blanks: an assertion that is taken for a comment would never fail.
ASSERTION = re.compile(r"^\s*#\s*=>(?P<text>.*)$")


@dataclass
class Piece:
    """Commands, and what their output must contain."""

    line: int  # of the first command
    lines: list[str] = field(default_factory=list)
    expected: list[tuple[int, str]] = field(default_factory=list)

    @property
    def last_line(self) -> int:
        return self.line + len(self.lines) - 1


@dataclass
class Document:
    name: str
    blocks: list[list[Piece]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def pieces(self) -> list[Piece]:
        return [piece for block in self.blocks for piece in block]

    @property
    def assertions(self) -> int:
        return sum(len(piece.expected) for piece in self.pieces)


def parse(name: str, text: str, server_url: str) -> Document:
    """The blocks to run, and what is wrong with them as they are written."""
    document = Document(name)
    opening = None  # the match of the fence that is open, and its line
    content: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        fence = FENCE.match(line)
        if opening is None:
            if fence and not ("`" in fence["fence"] and "`" in fence["info"]):
                opening, content = (fence, number), []
            continue
        first = opening[0]
        # Closed by the same character, at least as often, and nothing after it. Anything else is content: a fence
        # within a longer one is an example of a fence.
        if fence and fence["fence"].startswith(first["fence"]) and not fence["info"].strip():
            take(document, first["info"].strip(), opening[1], content, server_url)
            opening = None
        else:
            indent = first["indent"]
            content.append((number, line[len(indent) :] if line.startswith(indent) else line.lstrip()))
    if opening is not None:
        document.problems.append(f"{name}:{opening[1]}: this block has no end")
    return document


def take(document: Document, info: str, line: int, content: list[tuple[int, str]], server_url: str) -> None:
    """Adds a block to the document, if it is one to run."""
    if info != "sh":
        if info.split()[:1] == ["sh"]:
            document.problems.append(
                f"{document.name}:{line}: `{info}` is not run: write `sh`, or `console` for what is not to be run"
            )
        return
    block = [Piece(line + 1)]
    for number, text in content:
        text = DOCUMENTED_URL.sub(lambda _: server_url, text)
        assertion = ASSERTION.match(text)
        if assertion:
            wanted = assertion["text"].strip()
            if not wanted:
                document.problems.append(f"{document.name}:{number}: an assertion without a text is always met")
            elif not any(is_command(above) for above in block[-1].lines):
                document.problems.append(f"{document.name}:{number}: an assertion with no command above it")
            else:
                block[-1].expected.append((number, wanted))
            # A comment for bash too, and so the numbers of the lines stay right.
            block[-1].lines.append(text)
            continue
        if "#=>" in text:
            document.problems.append(f"{document.name}:{number}: an assertion needs a line of its own")
        if block[-1].expected and is_command(text):
            block.append(Piece(number))
        block[-1].lines.append(text)
    document.blocks.append(block)


def is_command(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def run(document: Document, timeout: float) -> list[str]:
    """Runs the blocks in one bash and returns what went wrong."""
    pieces = document.pieces
    if not pieces:
        return []
    with tempfile.TemporaryDirectory(prefix="snippets-") as folder:
        status = bash(driver(document, Path(folder)), timeout)
        problems = []
        # The driver opens the output of a piece before it runs the piece, so the last output there is, is of the piece
        # that it came to.
        reached = [piece for number, piece in enumerate(pieces) if Path(folder, f"{number}.out").exists()]
        came_to_the_end = Path(folder, "end.out").exists()
        for number, piece in enumerate(reached):
            output = Path(folder, f"{number}.out").read_text(encoding="utf-8", errors="replace")
            # Bash calls a piece by its path; readers know it as a part of the document.
            output = output.replace(str(Path(folder, f"{number}.sh")), document.name)
            if piece is reached[-1] and not came_to_the_end:
                what = {
                    None: f"still running after {timeout:g} s",
                    0: "this ended the shell, with status 0: the rest did not run",
                }.get(status, f"failed with status {status}")
                line = failed_line(Path(folder, "failed"), piece)
                problems.append(f"{document.name}:{line}: {what}{indented(output)}")
                continue  # Its assertions would say the same again.
            for line, wanted in piece.expected:
                if wanted not in output:
                    problems.append(f"{document.name}:{line}: the output does not contain: {wanted}{indented(output)}")
        if came_to_the_end and status != 0:
            output = Path(folder, "end.out").read_text(encoding="utf-8", errors="replace")
            line = pieces[-1].last_line
            problems.append(f"{document.name}:{line}: failed at its end, status {status}{indented(output)}")
        return problems


def driver(document: Document, folder: Path) -> str:
    """The script that runs all pieces. Each is a file, so that a syntax error in one cannot swallow another."""
    failed = shlex.quote(str(folder / "failed"))
    script = [f"trap 'echo \"$LINENO\" >|{failed}' ERR"]
    number = 0
    for block in document.blocks:
        # Again for each block: what one of them set for itself is not for the next.
        script += ["set -Eeuo pipefail", f"cd {shlex.quote(str(ROOT))}"]
        for piece in block:
            path = folder / f"{number}.sh"
            # Empty lines above, so that bash counts lines as the document does.
            path.write_text("\n" * (piece.line - 1) + "\n".join(piece.lines) + "\n", encoding="utf-8")
            script += [f"exec >|{shlex.quote(str(folder / f'{number}.out'))} 2>&1", f". {shlex.quote(str(path))}"]
            number += 1
    script.append(f"exec >|{shlex.quote(str(folder / 'end.out'))} 2>&1")
    return "\n".join(script)


def bash(script: str, timeout: float) -> int | None:
    """Runs a script and returns its status, None if it took too long."""
    environment = {name: value for name, value in os.environ.items() if name != "BASH_ENV"}
    process = subprocess.Popen(
        ["bash", "-Eeuo", "pipefail", "-c", script],
        stdin=subprocess.DEVNULL,
        env=environment,
        # A group of its own, so that what it leaves in the background can be ended with it.
        start_new_session=True,
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def failed_line(path: Path, piece: Piece) -> int:
    """Where the command that failed is; not every failure (`exit`, an unset variable) is told to the trap."""
    if path.exists():
        line = path.read_text(encoding="utf-8").strip()
        # The trap also tells of failures that were no reason to stop, so this may be an older one.
        if line.isdigit() and piece.line <= int(line) <= piece.last_line:
            return int(line)
    return piece.line


def indented(output: str) -> str:
    if not output.strip():
        return "\n    (no output)"
    return "".join(f"\n    {line}" for line in output.splitlines())


def reset(admin_url: str, token: str | None) -> None:
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    # No proxy: the server is on this machine.
    opener = build_opener(ProxyHandler({}))

    def call(method: str, path: str, body: bytes | None = None) -> bytes:
        headers = authorization | ({"Content-Type": "application/json"} if body else {})
        with opener.open(Request(f"{admin_url}{path}", body, headers, method=method), timeout=10) as answer:
            return answer.read()

    for sandbox in json.loads(call("GET", "/sandboxes"))["sandboxes"]:
        if sandbox["id"] != "default":
            call("DELETE", f"/sandboxes/{sandbox['id']}")
    call("POST", "/reset", b"{}")


def count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def check(names: list[str], timeout: float) -> bool:
    """Runs the blocks of all files, prints what came of it, and tells whether all is well."""
    server_url = os.environ["MOCK_SERVER_URL"]
    well, blocks = True, 0
    for position, name in enumerate(names):
        if position > 0:
            try:
                reset(os.environ["MOCK_SERVER_ADMIN_URL"], os.environ.get("MOCK_SERVER_ADMIN_TOKEN"))
            except OSError as error:
                print(f"{name}: could not reset the server before this file: {error}", flush=True)
                well = False
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            print(f"{name}: cannot be read: {error}", flush=True)
            well = False
            continue
        document = parse(name, text, server_url)
        problems = document.problems + run(document, timeout)
        blocks += len(document.blocks)
        for problem in problems:
            print(problem)
        tally = f"{name}: {count(len(document.blocks), 'block')}, {count(document.assertions, 'assertion')}"
        print(f"{tally}, {count(len(problems), 'problem')}" if problems else f"{tally} ok", flush=True)
        well = well and not problems
    if blocks == 0:
        print("no file has a block to run")
        well = False
    return well


# Each: what is tried, the files, whether all is well, and what the output must contain.
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="Markdown files")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="for each file; 300 unless told")
    arguments = parser.parse_args()
    # Through the `finally` clauses, or what a snippet started would outlive this program.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not arguments.files:
        parser.error("no files given")
    for name in ("MOCK_SERVER_URL", "MOCK_SERVER_ADMIN_URL"):
        if name not in os.environ:
            parser.error(f"no {name}: run this as `mock-server exec -- python3 .ci/snippets.py FILE…`")
    return 0 if check(arguments.files, arguments.timeout) else 1


if __name__ == "__main__":
    sys.exit(main())
