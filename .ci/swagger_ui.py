"""Swagger UI in Chromium, under `mock-server exec --`: it shows every operation, opens the one that a link names, and
asks nobody but the server."""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

BASE = os.environ["MOCK_SERVER_URL"]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=20000",
         # What the browser itself would like to know finds no name to ask.
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


def render(fragment, *more):
    """The page's DOM once it stands still, and which URLs it asked for."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/net.json"
        command = ["chromium", *FLAGS, f"--user-data-dir={folder}/user", f"--log-net-log={log}", *more]
        page = subprocess.run([*command, "--dump-dom", f"{BASE}/swagger/ui/index{fragment}"], check=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        with open(log, encoding="utf-8") as file:
            net = json.load(file)
    start = net["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    params = [event["params"] for event in net["events"] if event["type"] == start and "url" in event.get("params", {})]
    # The browser's own requests have no page behind them.
    return page, {one["url"] for one in params if one["initiator"] != "not an origin"}


def opened(page):
    return re.findall(r'class="opblock opblock-\w+ is-open" id="operations-\w+-(\w+)"', page)


with urllib.request.urlopen(f"{BASE}/swagger/docs/v3") as answer:
    document = json.load(answer)
expected = {f"{operation['tags'][0]}-{operation['operationId']}"
            for item in document["paths"].values() for operation in item.values()}
page, urls = render("")
shown = set(re.findall(r'id="operations-(?!tag-)(\w+-\w+)"', page))
if shown != expected:
    sys.exit(f"missing on the page: {sorted(expected - shown)}; strange: {sorted(shown - expected)}")
foreign = [url for url in urls if not url.startswith(f"{BASE}/swagger/")]
if foreign or len(urls) < 6:
    sys.exit(f"the page asked for {sorted(urls)}")
for fragment in ("#/Authorization/Authorization_RefreshToken", "#!/Authorization/Authorization_RefreshToken"):
    page, _ = render(fragment)
    if opened(page) != ["Authorization_RefreshToken"]:
        sys.exit(f"{fragment} opens {opened(page)}")
print(f"Swagger UI: {len(shown)} operations, {len(urls)} requests, all to the server")
