#!/usr/bin/env python3
"""Checks snippets.py itself, without a server: `python3 .ci/snippets_selftest.py`."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import os
import sys
import tempfile
import threading
from pathlib import Path

from snippets import check, indented

SELF_TESTS = [
    (
        "one environment, one root, the server's address",
        [
            "# Good\n\n```sh\nname=world; cd /tmp; set +eu\n```\n\n```console\n$ false\n```\n\n"
            "1. In a list:\n\n   ```sh\n   echo \"hello $name\"\n   echo oops >&2\n   #=> hello world\n   #=> oops\n"
            "   [ -e .ci/snippets.py ]\n   echo http://127.0.0.1:8080/v3 http://127.0.0.1:80801/\n"
            "   #=> SERVER/v3 http://127.0.0.1:80801/\n   cat\n   ```\n"
        ],
        True,
        ["0.md: 2 blocks, 3 assertions ok"],
    ),
    (
        "a reset between files, and an environment for each",
        ["```sh\nname=world\n```\n", "no block\n", "~~~sh\necho \"${name-none}\"\n#=> none\n~~~\n"],
        True,
        ["0.md: 1 block, 0 assertions ok", "1.md: 0 blocks, 0 assertions ok", "2.md: 1 block, 1 assertion ok"],
    ),
    (
        "an example of a block is not a block",
        ["````markdown\n```sh\nfalse\n```\n````\n\n```sh\ntrue\n```\n"],
        True,
        ["0.md: 1 block, 0 assertions ok"],
    ),
    ("something left in the background", ["```sh\nsleep 1000 &\n```\n"], True, ["0.md: 1 block, 0 assertions ok"]),
    (
        "a failing command, and a good file after it",
        ["```sh\ntrue\n\necho before\nfalse\necho after\n#=> after\n```\n", "```sh\ntrue\n```\n"],
        False,
        [
            "0.md:5: failed with status 1\n    before\n0.md: 1 block, 1 assertion, 1 problem",
            "1.md: 1 block, 0 assertions ok",
        ],
    ),
    ("a failing pipe", ["```sh\nfalse |\n  cat\n```\n"], False, ["failed with status 1"]),
    ("a failing function", ["```sh\nf() {\n  false\n  true\n}\nf\n```\n"], False, ["0.md:3: failed with status 1"]),
    ("an unset variable", ["```sh\ntrue\necho $no_such\n```\n"], False, ["0.md: line 3: no_such: unbound variable"]),
    (
        "an unknown command",
        ["\n```sh\nno-such-command\n```\n"],
        False,
        ["0.md:3: failed with status 127", "0.md: line 3:"],
    ),
    ("a syntax error", ["```sh\necho 'open\n```\n\n```sh\ntrue\n```\n"], False, ["0.md:2: failed with status"]),
    (
        "an assertion that is not met",
        ["```sh\necho yes\n#=> no\necho no\n```\n"],
        False,
        ["0.md:3: the output does not contain: no\n    yes\n0.md: 1 block, 1 assertion, 1 problem"],
    ),
    (
        "an assertion that only earlier output meets",
        ["```sh\necho first\n#=> first\necho second\n#=> first\n```\n"],
        False,
        ["0.md:5: the output does not contain: first\n    second"],
    ),
    (
        "an assertion with a blank too many",
        ["```sh\ntrue\n# => no\n```\n"],
        False,
        ["0.md:3: the output does not contain: no"],
    ),
    (
        "an assertion behind a command",
        ["```sh\ntrue #=> no\n```\n"],
        False,
        ["0.md:2: an assertion needs a line of its own"],
    ),
    (
        "an assertion with no command",
        ["```sh\n#=> no\n```\n"],
        False,
        ["0.md:2: an assertion with no command above it"],
    ),
    ("an assertion with no text", ["```sh\ntrue\n#=>\n```\n"], False, ["0.md:3: an assertion without a text"]),
    ("the end of the shell", ["```sh\nexit 0\n```\n\n```sh\ntrue\n```\n"], False, ["0.md:2: this ended the shell"]),
    (
        "a failing end",
        ["```sh\ntrap 'echo bye; exit 3' EXIT\n```\n"],
        False,
        ["0.md:2: failed at its end, status 3\n    bye"],
    ),
    (
        "a block that takes too long",
        ["```sh\necho on\nsleep 1000\n```\n"],
        False,
        ["0.md:2: still running after 2 s\n    on"],
    ),
    ("a block without an end", ["```sh\ntrue\n"], False, ["0.md:1: this block has no end"]),
    ("a misspelt block", ["```sh skip\nfalse\n```\n\n```sh\ntrue\n```\n"], False, ["0.md:1: `sh skip` is not run"]),
    ("no block at all", ["```console\n$ false\n```\n", "nothing\n"], False, ["no file has a block to run"]),
]


def self_test() -> bool:
    resets = []

    class Stub(http.server.BaseHTTPRequestHandler):
        """Stands for the mock server, of which only the reset and the list of sandboxes are needed."""

        def do_GET(self) -> None:
            answer = json.dumps({"sandboxes": [{"id": "default"}, {"id": "t1"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_DELETE(self) -> None:
            resets.append((self.path, None, None, self.headers["Authorization"]))
            self.send_response(204)
            self.end_headers()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            resets.append((self.path, body, self.headers["Content-Type"], self.headers["Authorization"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    stub = http.server.HTTPServer(("127.0.0.1", 0), Stub)
    threading.Thread(target=stub.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{stub.server_port}"
    os.environ["MOCK_SERVER_URL"] = url
    os.environ["MOCK_SERVER_ADMIN_URL"] = f"{url}/__admin"
    os.environ["MOCK_SERVER_ADMIN_TOKEN"] = "made-up-token"
    well = True
    here = os.getcwd()
    for what, texts, expected, wanted in SELF_TESTS:
        resets.clear()
        printed = io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            names = [f"{number}.md" for number in range(len(texts))]
            for name, text in zip(names, texts):
                Path(folder, name).write_text(text.replace("SERVER", url), encoding="utf-8")
            os.chdir(folder)
            try:
                with contextlib.redirect_stdout(printed):
                    outcome = check(names, timeout=2)
            finally:
                os.chdir(here)
        calls = [
            ("/__admin/sandboxes/t1", None, None, "Bearer made-up-token"),
            ("/__admin/reset", {}, "application/json", "Bearer made-up-token"),
        ]
        faults = [f"does not print: {text}" for text in wanted if text not in printed.getvalue()]
        if outcome is not expected:
            faults.append(f"is {'well' if outcome else 'not well'}")
        if resets != calls * (len(texts) - 1):
            faults.append(f"resets: {resets}")
        for fault in faults:
            print(f"self-test, {what}: {fault}{indented(printed.getvalue())}")
        well = well and not faults
    # A server that cannot be reset is a failure too, whatever the snippets say.
    stub.shutdown()
    stub.server_close()
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(printed):
        Path(folder, "0.md").write_text("```sh\ntrue\n```\n", encoding="utf-8")
        outcome = check([f"{folder}/0.md"] * 2, timeout=2)
    if outcome or "could not reset the server" not in printed.getvalue():
        print(f"self-test, a server that is gone: passes{indented(printed.getvalue())}")
        well = False
    if well:
        print(f"self-test: {len(SELF_TESTS) + 1} cases ok")
    return well


if __name__ == "__main__":
    sys.exit(0 if self_test() else 1)
