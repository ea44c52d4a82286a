"""Opens a page of `kraft compare --html` in a headless browser and uses it as a reader would.

    python3 page_test.py PAGE.html [SCREENSHOT-PREFIX]
"""

import math
import pathlib
import sys

from browser import ENTER, Browser

HEADING = "section:first-of-type thead th:nth-child(2) button"
failures = 0


def expect(what, fine, found=""):
    global failures
    if not fine:
        failures += 1
        print(f"failed: {what} {found}")


def visit(browser, page, **look):
    browser.look(**look)
    browser.open(page.as_uri())
    browser.wait("""
        // Of a copy: Chromium warns when a canvas that is for drawing is read again and again.
        const drawn = (canvas) => {
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const context = copy.getContext('2d', {willReadFrequently: true});
          context.drawImage(canvas, 0, 0);
          return context.getImageData(0, 0, copy.width, copy.height).data.some((value) => value !== 0);
        };
        const plots = [...document.querySelectorAll('canvas')];
        return document.readyState === 'complete' && plots.length >= 3 && plots.every(drawn);""",
                 "three plots or more, all of them drawn")


def silent_and_offline(browser):
    complaints = browser.complaints()
    expect("no console errors", not complaints, "; ".join(complaints))
    requests = browser.requests()
    expect("the page itself is among the requests", any(r.startswith("file:") for r in requests))
    outside = [r for r in requests if not r.startswith(("data:", "file:", "blob:"))]
    expect("nothing from the network", not outside, " ".join(outside))


def column(browser, index):
    """The numbers of a column of the first table, without the cells that have none."""
    cells = browser.run("""
        return [...document.querySelectorAll('section:first-of-type tbody tr')].map((row) =>
            parseFloat(row.children[arguments[0]].firstChild.textContent.replace(/,/g, '')));""", index)
    return [value for value in cells if value is not None and not math.isnan(value)]


def count(browser, selector):
    return browser.run("return document.querySelectorAll(arguments[0]).length", selector)


def sorts(browser):
    browser.press(HEADING, ENTER)
    up = column(browser, 1)
    expect("sorted upwards by the keyboard", len(up) > 2 and up == sorted(up), up)
    browser.click(HEADING)
    down = column(browser, 1)
    expect("sorted downwards", len(down) > 2 and down == sorted(down, reverse=True), down)
    expect("the heading says so", count(browser, "th[aria-sort=descending]") == 1)


def shows_all_columns(browser):
    headings = "section:first-of-type thead th"
    narrow = count(browser, headings)
    browser.click("#all-0")
    expect("all columns are more", count(browser, headings) > narrow)
    browser.click("#all-0")
    expect("and can be hidden again", count(browser, headings) == narrow)


def opens_with_the_frontier(browser):
    first = browser.run("""
        const chart = Chart.getChart(document.querySelector('section:first-of-type canvas'));
        return chart.data.datasets.map((set) => [set.label, set.data.length, set.data[0] && set.data[0].y]);""")
    labels = [label for label, _, _ in first]
    expect("real text is a point of the first plot", labels[0] == "real text" and first[0][1] == 1, first)
    expect("and so is each model", all(count == 1 and bits > 0 for _, count, bits in first), first)
    models = browser.run("""
        return [...document.querySelectorAll('section:first-of-type tbody tr:not(.bound) th')].map(
            (cell) => cell.firstChild.textContent);""")
    expect("that the table has", labels[1:] == models, f"{labels} {models}")


def shows_differences(browser):
    """Instead of the figures, when asked to."""
    before = browser.run("return document.querySelector('section:first-of-type tbody').textContent")
    browser.click("#pairs-0")
    found = browser.run("return document.querySelector('section:first-of-type tbody').textContent")
    expect("differences are other numbers", found != before and "reference" in found, found)
    browser.click("#pairs-0")
    expect("and the figures come back",
           browser.run("return document.querySelector('section:first-of-type tbody').textContent") == before)


def plays_and_shows(browser):
    """Of the samples below the tables; their number must be there."""
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    sounds = browser.run("""
        return Promise.all([...document.querySelectorAll('audio')].map((audio) => new Promise((done) => {
          if (audio.readyState >= 1) return done(audio.duration);
          audio.onloadedmetadata = () => done(audio.duration);
          audio.onerror = () => done(-1);
          audio.load();
        })));""")
    expect("every sound loads", sounds and all(seconds > 0 for seconds in sounds), sounds)
    broken = browser.run("""
        return Promise.all([...document.querySelectorAll('img')].map((image) =>
            image.decode().then(() => '', () => image.alt || 'a picture without a name')));""")
    expect("every picture loads", broken and not any(broken), broken)
    return len(sounds), len(broken)


def main():
    page = pathlib.Path(sys.argv[1]).resolve()
    prefix = sys.argv[2] if len(sys.argv) > 2 else None
    with Browser() as browser:
        visit(browser, page, width=1280, height=900)
        opens_with_the_frontier(browser)
        shows_differences(browser)
        sorts(browser)
        shows_all_columns(browser)
        plots = count(browser, "canvas")
        sounds, pictures = plays_and_shows(browser)
        silent_and_offline(browser)
        if prefix:
            browser.screenshot(f"{prefix}-light.png")
        for name, look in [("dark", dict(width=1280, height=900, dark=True)),
                           ("phone", dict(width=390, height=844, scale=2, mobile=True))]:
            visit(browser, page, **look)
            width, inner = browser.run(
                "return [document.documentElement.scrollWidth, window.innerWidth]")
            expect(f"{name}: nothing beyond the edge", width <= inner, f"{width} > {inner}")
            silent_and_offline(browser)
            if prefix:
                browser.screenshot(f"{prefix}-{name}.png", whole_page=name != "phone")
    print(f"{plots} plots, {sounds} sounds, {pictures} pictures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
