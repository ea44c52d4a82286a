"""Opens a page of `kraft compare --html` in a headless browser and uses it as a reader would.

    python3 page_test.py PAGE.html [SCREENSHOT-PREFIX]
"""

import math
import pathlib
import sys

from browser import ENTER, Browser

HEADING = "section:first-of-type thead th:nth-child(2) button"
TABLE = "return document.querySelector('section:first-of-type tbody').textContent"
failures = 0


def expect(what, fine, found=""):
    global failures
    if not fine:
        failures += 1
        print(f"failed: {what} {found}")


def visit(browser, page, **look):
    """Opens the page and scrolls through it, as what is far from the screen waits."""
    browser.look(**look)
    browser.open(page.as_uri())
    browser.wait("return document.documentElement.dataset.filled !== undefined", "all of its sections")
    browser.run("""
        const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return (async () => {
          for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
            scrollTo(0, top);
            await frame();  // what is near is known when one is over
            do await frame(); while (queue.length);
          }
          scrollTo(0, 0);
        })();""")
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


def opens_with_the_frontier(browser, temperatures):
    """Of models that were drawn from at these temperatures, in whatever order."""
    first = browser.run("""
        const chart = Chart.getChart(document.querySelector('section:first-of-type canvas'));
        return chart.data.datasets.map((set, i) => ({
          label: set.label, line: Boolean(set.showLine), shape: `${set.pointStyle} ${set.pointRotation || 0} ${set.borderColor}`,
          points: set.data.map((point) => [point.temperature, point.x, point.y])}));""")
    real, models = first[0], first[1:]
    expect("real text is a point of the first plot", real["label"] == "real text" and len(real["points"]) == 1, real)
    named = browser.run("""
        return [...new Set([...document.querySelectorAll('section:first-of-type tbody tr:not(.bound) th')].map(
            (cell) => cell.childNodes[1].textContent))];""")
    expect("each model is one line", [one["label"].split(", ")[0] for one in models] == named, f"{models} {named}")
    for one in models:
        expect("with a point for each temperature, in their order",
               one["line"] and [point[0] for point in one["points"]] == sorted(temperatures), one)
        expect("which are figures", all(x > 0 and y > 0 for _, x, y in one["points"]), one)
    expect("lines are told apart by their marks", len({one["shape"] for one in first}) == len(first), first)
    legend = browser.run("""
        return [...document.querySelectorAll('section:first-of-type .opening .legend button')].map(
            (one) => [one.textContent, one.querySelector('svg').childElementCount]);""")
    expect("the legend has them", legend == [[one["label"], 1] for one in models], legend)


def singles_out(browser):
    """A line whose entry in the legend is pressed: the others become faint."""
    faint = """
        const chart = Chart.getChart(document.querySelector('section:first-of-type canvas'));
        return chart.data.datasets.slice(1).map((set) => Boolean(set.faint));"""
    entry = "section:first-of-type .opening .legend li:nth-child(2) button"
    browser.press(entry, ENTER)
    found = browser.run(faint)
    expect("all other lines are faint", len(found) > 2 and found == [i != 1 for i in range(len(found))], found)
    expect("the legends say so", count(browser, "section:first-of-type .legend [aria-pressed=true]") == 2)
    browser.press(entry, ENTER)
    expect("and are as before", not any(browser.run(faint)))


def shows_seeds(browser):
    """In brackets, when asked to."""
    cells = "return [...document.querySelectorAll('section:first-of-type td')].filter((cell) => cell.textContent.includes('(')).length"
    expect("no brackets at first", browser.run(cells) == 0)
    browser.click("#seeds-0")
    expect("errors by the seeds are there", browser.run(cells) > 3)
    browser.click("#seeds-0")


def defines(browser):
    """Every figure, where it is named, by a link to a definition that the page has."""
    browser.run("document.querySelectorAll('input[id^=all]').forEach((one) => { if (!one.checked) one.click(); })")
    found = browser.run("""
        const to = (link) => link && document.getElementById(decodeURIComponent(link.getAttribute('href').slice(1)));
        const names = (element) => to(element.querySelector('a[href^="#"]'));
        const said = (what) => what.textContent.trim();
        return {
          figures: data.inputs.flatMap((input) => input.metrics.map((metric) => anchorOf(metric))),
          defined: [...document.querySelectorAll('dt')].map((one) => one.id),
          empty: [...document.querySelectorAll('dt')].filter((one) => said(one.nextElementSibling).length < 10).map(said),
          headings: [...document.querySelectorAll('thead th')].filter((one) => {
            const target = names(one);
            return !target || said(target) !== said(one.querySelector('button'));
          }).map(said),
          plots: [...document.querySelectorAll('.plots figcaption, .opening figcaption')].filter((one) =>
            one.querySelectorAll('a').length !== 2 || [...one.querySelectorAll('a')].some((link) => !to(link) || said(to(link)) !== said(link))).map(said),
          charts: [...document.querySelectorAll('.plots figure, .opening figure')].map((one) => {
            const { x, y } = Chart.getChart(one.querySelector('canvas')).options.scales;
            return [[y.title.text, x.title.text], [...one.querySelectorAll('figcaption a')].map(said)];
          }).filter(([axes, links]) => String(axes) !== String(links)),
          lost: [...document.querySelectorAll('a[href^="#"]')].filter((link) => !to(link)).map((link) => link.href),
        };""")
    expect("a definition of each figure", set(found["figures"]) <= set(found["defined"]),
           set(found["figures"]) - set(found["defined"]))
    expect("each once", len(set(found["defined"])) == len(found["defined"]), found["defined"])
    for what, wrong in [("definitions say something", "empty"), ("headings lead to their figure's", "headings"),
                        ("plots to those of their axes", "plots"), ("which are the axes' own", "charts"),
                        ("no link leads nowhere", "lost")]:
        expect(what, not found[wrong], found[wrong])
    browser.run("""
        const select = document.querySelector('select');
        select.value = select.options[2].value;
        select.dispatchEvent(new Event('change'));""")
    chosen, linked = browser.run("""
        const select = document.querySelector('select');
        return [select.selectedOptions[0].textContent, document.querySelector('.plots figcaption a').textContent];""")
    expect("another quality has its own definition", chosen == linked, f"{chosen} {linked}")
    browser.press("section:first-of-type thead th:nth-child(2) a", ENTER)
    expect("a definition is reached by the keyboard",
           browser.run("return document.querySelector('dt:target').textContent") == "bits/byte")
    browser.run("document.querySelectorAll('input[id^=all]').forEach((one) => { one.click(); })")


def shows_differences(browser):
    """Instead of the figures, when asked to."""
    before = browser.run(TABLE)
    browser.click("#pairs-0")
    found = browser.run(TABLE)
    expect("differences are other numbers", found != before and "reference" in found, found)
    browser.click("#pairs-0")
    expect("and the figures come back",
           browser.run(TABLE) == before)


def plays_and_shows(browser):
    """Of the samples below the tables; their number must be there."""
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    browser.wait("""
        [...document.querySelectorAll('details .samples')].find((one) => !one.childElementCount)?.scrollIntoView();
        return [...document.querySelectorAll('details .samples')].every((one) => one.childElementCount);""", "all samples")
    sounds = browser.run("""
        return Promise.all([...document.querySelectorAll('audio')].map((audio) => new Promise((done) => {
          if (audio.readyState >= 1) return done(audio.duration);
          audio.onloadedmetadata = () => done(audio.duration);
          audio.onerror = () => done(-1);
          audio.load();
        })));""")
    expect("every sound loads", sounds and all(seconds > 0 for seconds in sounds), sounds)
    blank = """
        return [...document.querySelectorAll('canvas.drawn')].filter((canvas) => {
          const context = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
          context.drawImage(canvas, 0, 0);
          const values = context.getImageData(0, 0, canvas.width, canvas.height).data;
          // Of every column there is a pixel, and the picture is not of one colour.
          return canvas.width < 2 || !values.some((value, i) => i % 4 < 3 && value !== values[i % 4]) ||
              values.some((value, i) => i % 4 === 3 && value !== 255);
        }).map((canvas) => canvas.getAttribute('aria-label'));"""
    browser.wait(f"return (() => {{ {blank} }})().length === 0", "all of its pictures")
    return len(sounds), count(browser, "canvas.drawn")


def main():
    page = pathlib.Path(sys.argv[1]).resolve()
    prefix = sys.argv[2] if len(sys.argv) > 2 else None
    with Browser() as browser:
        visit(browser, page, width=1280, height=900)
        opens_with_the_frontier(browser, [0.5, 0.8, 1])
        singles_out(browser)
        defines(browser)
        shows_differences(browser)
        shows_seeds(browser)
        sorts(browser)
        shows_all_columns(browser)
        plots = count(browser, ".canvas canvas")
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
