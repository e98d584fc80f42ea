#!/usr/bin/env python3
"""Opens web pages in a headless Chromium, each as for the first time, and says when they paint and what they weigh.

    paint.py [--runs N] [--results FILE] [--screenshots FOLDER] BASE PATH [PATH ...]

For each page: first contentful paint after the address was entered (the median of N), and the bytes of the page and
all its files, as sent and decoded. With --results the largest of each is kept for measure.py. With --screenshots each
page is drawn 1440 and 390 px wide, light and dark. Standard library only; the protocol is spoken over a pipe.
"""
import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--remote-debugging-pipe"]
PAINT = """new Promise((resolve) => new PerformanceObserver((list) => {
    const paint = list.getEntriesByName('first-contentful-paint')[0];
    if (!paint) return;
    const files = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const sum = (field) => files.reduce((bytes, file) => bytes + file[field], 0);
    resolve([paint.startTime, sum('encodedBodySize'), sum('decodedBodySize')]);
}).observe({ type: 'paint', buffered: true }))"""


class Browser:
    def __init__(self, program, folder):
        commands, self.to_browser = os.pipe()
        self.from_browser, answers = os.pipe()
        # The browser reads descriptor 3 and writes descriptor 4.
        start = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        self.process = subprocess.Popen(
            ["bash", "-c", start, program, *SWITCHES, f"--user-data-dir={folder}/profile"],
            pass_fds=(commands, answers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.buffer, self.events, self.last_id, self.session = b"", [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")
        self.call("Network.setCacheDisabled", cacheDisabled=True)

    def message(self):
        while b"\0" not in self.buffer:
            read = os.read(self.from_browser, 1 << 20)
            if not read:
                sys.exit("the browser ended")
            self.buffer += read
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.last_id += 1
        command = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(command).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.last_id:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message.get("method"))

    def screen(self, width, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)

    def open(self, address):
        self.events.clear()
        self.call("Page.navigate", url=address)
        while "Page.loadEventFired" not in self.events:
            self.events.append(self.message().get("method"))

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return result["result"]["value"]

    def screenshot(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 8000), "scale": 1}
        image = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(image))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--results")
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("base")
    parser.add_argument("paths", nargs="+")
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("Chromium is missing: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        try:
            figures = [measured(browser, arguments, path) for path in arguments.paths]
        finally:
            browser.process.kill()
            browser.process.wait()
    if arguments.results:
        worst = {name: max(one[name] for one in figures) for name in figures[0]}
        with open(arguments.results, "a", encoding="utf-8") as file:
            file.write(json.dumps({"name": "pages", **worst}) + "\n")


def measured(browser, arguments, path):
    browser.screen(1440, "light")
    paints = []
    for _ in range(arguments.runs):
        browser.open(arguments.base + path)
        paint, sent, decoded = browser.evaluate(PAINT)
        paints.append(paint)
    print(f"  {path:58.58} first paint {statistics.median(paints):.0f} ms ({min(paints):.0f} to {max(paints):.0f})  "
          f"{sent / 1000:.0f} kB sent, {decoded / 1000:.0f} kB", flush=True)
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "start"
        for width in (1440, 390):
            for scheme in ("light", "dark"):
                browser.screen(width, scheme)
                browser.open(arguments.base + path)
                browser.screenshot(arguments.screenshots / f"{name}-{width}-{scheme}.png")
    return {"paint_ms": statistics.median(paints), "sent_kb": sent / 1000, "weight_kb": decoded / 1000}


if __name__ == "__main__":
    main()
