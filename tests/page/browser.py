"""Chromium, driven as a reader would, for the tests of what kraft shows in a browser.

    with Browser() as browser:
        browser.look(width=390, height=844, scale=2, mobile=True)
        browser.open("file:///tmp/page.html")
        browser.wait("return document.querySelector('canvas') !== null", "a plot")
        browser.click("thead button")
        print(browser.run("return document.title"))
        print(browser.complaints(), browser.requests())

Needs chromedriver, which Debian packages with Chromium (chromium-driver), and Python's standard
library. It speaks W3C WebDriver (https://www.w3.org/TR/webdriver2/) to chromedriver over HTTP, and
through it the DevTools protocol for what WebDriver has no command for. Chromium finds no name and
reaches no address but this machine's.

In the environment: KRAFT_CHROMIUM and KRAFT_CHROMEDRIVER name other programs than Debian's.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

# WebDriver's names of keys, section 17.4.2
ENTER, ESCAPE, LEFT, RIGHT, DOWN = "\ue007", "\ue00c", "\ue012", "\ue014", "\ue015"
CONTROL = "\ue009"
HANG_SECONDS = 240  # what takes longer will never end; nothing is expected to take nearly so long


class BrowserError(Exception):
    """What Chromium or chromedriver refused."""


def find_program(variable, names):
    """The path of a program: what the environment says, or the first of the names that there is."""
    named = os.environ.get(variable)
    return shutil.which(named) if named else next(filter(None, map(shutil.which, names)), None)


def chromium_path():
    return find_program("KRAFT_CHROMIUM", ["chromium", "chromium-browser", "google-chrome"])


def chromedriver_path():
    return find_program("KRAFT_CHROMEDRIVER", ["chromedriver"])


class Browser:
    """One Chromium with one page; it ends with the `with` block."""

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="kraft-browser-")
        self._driver = None
        self._session = None
        self._requests = []
        try:
            self._start_driver()
            self._start_session()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends Chromium, then chromedriver."""
        try:
            if self._session:
                self._command("DELETE", "")
        except (BrowserError, OSError):
            pass  # it has ended already
        if self._driver:
            self._driver.terminate()
            self._driver.wait()
            self._driver.stdout.close()
        self._session = self._driver = None
        shutil.rmtree(self._profile, ignore_errors=True)

    def look(self, width, height, scale=1, mobile=False, dark=False):
        """The screen that pages opened from now on are shown on."""
        self._devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                       deviceScaleFactor=scale, mobile=mobile)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._devtools("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url):
        """Loads a page, and forgets what the one before asked for and complained of."""
        self.complaints()
        self._log("performance")
        self._requests = []
        self._command("POST", "url", url=url)

    def run(self, script, *arguments):
        """What a JavaScript function's body returns; a promise is waited for."""
        return self._command("POST", "execute/sync", script=script, args=list(arguments))

    def wait(self, condition, what):
        """Until a function's body returns something true."""
        give_up = time.monotonic() + HANG_SECONDS
        while not self.run(condition):
            if time.monotonic() > give_up:
                raise BrowserError(f"the page never had {what}")
            time.sleep(0.02)

    def click(self, selector):
        self._command("POST", f"element/{self._find(selector)}/click")

    def press(self, selector, keys):
        """Focuses an element and types."""
        self._command("POST", f"element/{self._find(selector)}/value", text=keys)

    def type(self, keys):
        """Types into what has the focus."""
        (reference,) = self._command("GET", "element/active").values()
        self._command("POST", f"element/{reference}/value", text=keys)

    def tab(self):
        """The focus goes on, from whatever has it: not all elements take keys from WebDriver."""
        for kind in ("rawKeyDown", "keyUp"):
            self._devtools("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)

    def point(self, selector):
        """Moves the mouse over the middle of an element, which must be in sight."""
        x, y = self.run("""
            const box = document.querySelector(arguments[0]).getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];""", selector)
        self._devtools("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def drop(self, path, kind):
        """Drops a file of some MIME type onto the page."""
        with open(path, "rb") as file:
            content = base64.b64encode(file.read()).decode()
        self.run("""
            const bytes = Uint8Array.from(atob(arguments[0]), (character) => character.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], arguments[1], {type: arguments[2]}));
            for (const name of ['dragover', 'drop'])
              document.body.dispatchEvent(new DragEvent(name, {bubbles: true, cancelable: true, dataTransfer}));""",
                 content, os.path.basename(path), kind)

    def unnamed(self, roles):
        """What a screen reader finds of these roles and has no name for."""
        nodes = self._devtools("Accessibility.getFullAXTree")["nodes"]
        return [node["role"]["value"] for node in nodes
                if not node.get("ignored") and node.get("role", {}).get("value") in roles
                and not node.get("name", {}).get("value")]

    def cpu_seconds(self):
        """Processor time that the page's main thread has taken since it was opened; what other programs take
        of the machine is no part of it."""
        metrics = self._devtools("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    def screenshot(self, path, whole_page=True):
        image = self._devtools("Page.captureScreenshot", captureBeyondViewport=whole_page)
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def complaints(self):
        """Errors and warnings of the page in Chromium's console, uncaught exceptions among them,
        since this was asked last."""
        return [entry["message"] for entry in self._log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """The addresses that the page has asked for since it was opened, its own among them."""
        for entry in self._log("performance"):
            event = json.loads(entry["message"])["message"]
            if (event["method"] == "Network.requestWillBeSent" and
                    not event["params"]["documentURL"].startswith("chrome:")):
                self._requests.append(event["params"]["request"]["url"])
        return list(self._requests)

    def _start_driver(self):
        program = chromedriver_path()
        if not program or not chromium_path():
            raise BrowserError("no Chromium, or no chromedriver")
        self._driver = subprocess.Popen([program, "--port=0"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self._driver.stdout:  # ends when chromedriver does
            said += line
            port = re.search(r"started successfully on port (\d+)", line)
            if port:
                self._address = f"http://127.0.0.1:{port[1]}/session"
                return
        raise BrowserError(f"chromedriver does not start: {said}")

    def _start_session(self):
        # Without the flags about the background Chromium looks for updates and the like at every start.
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync",
                 "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                 f"--user-data-dir={self._profile}"]
        wanted = {"browserName": "chrome",
                  "goog:chromeOptions": {"binary": chromium_path(), "args": flags},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                  "timeouts": {"script": HANG_SECONDS * 1000, "pageLoad": HANG_SECONDS * 1000}}
        answer = self._request("POST", self._address, {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"{self._address}/{answer['sessionId']}"
        self._command("POST", "url", url="about:blank")  # for Chromium's own first page to be over
        self._devtools("Performance.enable", timeDomain="threadTicks")

    def _find(self, selector):
        # A reference is an object of one member, whose name WebDriver fixes.
        (reference,) = self._command("POST", "element", using="css selector", value=selector).values()
        return reference

    def _log(self, kind):
        return self._command("POST", "se/log", type=kind)

    def _devtools(self, command, **parameters):
        return self._command("POST", "goog/cdp/execute", cmd=command, params=parameters)

    def _command(self, method, path, **body):
        url = f"{self._session}/{path}" if path else self._session
        return self._request(method, url, body if method == "POST" else None)

    @staticmethod
    def _request(method, url, body):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine
        try:
            with opener.open(request, timeout=2 * HANG_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message']}") from None
