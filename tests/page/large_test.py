"""Opens a large page of `kraft compare --html` in a headless browser: what it weighs, what it does at once and what it
leaves for later, how long it takes for what is asked of it, and whether the keyboard reaches all of it.

    python3 large_test.py PAGE.html [SCREENSHOT-PREFIX]

The page has a text, a picture and a recording, as tests/page/large_page writes it.
"""

import pathlib
import sys

import page_test
from browser import Browser
from page_test import count, expect, silent_and_offline

MOST_BYTES = 4 << 20
# Of processor time, not of the clock, so that a loaded machine counts no more; several times what it takes.
MOST_SECONDS_TO_OPEN, MOST_SECONDS_TO_ANSWER = 4, 1


def is_light(browser, page):
    """Opens at once: what is far from the screen is not there yet."""
    weight = page.stat().st_size
    expect("the page is small", weight <= MOST_BYTES, f"{weight} bytes")
    browser.open(page.as_uri())
    before = browser.cpu_seconds()
    browser.wait("return document.documentElement.dataset.filled !== undefined && !queue.length", "all of its sections")
    took = browser.cpu_seconds()
    expect("opens in little time", took <= MOST_SECONDS_TO_OPEN, f"{took} s, {before} s of it before it was asked")
    expect("every table is there", count(browser, "table") == 3 and count(browser, "tbody tr") > 60)
    charts = browser.run("return Object.keys(Chart.instances).length")
    expect("plots that are in sight are drawn", charts >= 1)
    expect("and others are not", charts < count(browser, ".canvas canvas"), charts)
    expect("nor are there sounds", count(browser, "audio") == 0)
    return took


def settle(browser):
    """Until what is near is drawn, and shown."""
    browser.run("""
        const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return (async () => { await frame(); do await frame(); while (queue.length); })();""")


def bring_near(browser, selector):
    """Into the middle of the screen: twice, as what is filled above it moves it away."""
    for _ in range(2):
        browser.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
        settle(browser)


def answers(browser):
    """In little time, whatever is asked of the largest table and of the samples."""
    longest = 0
    window = "section:nth-of-type(3) details:nth-of-type(2)"
    for what, ask, there in [
            ("sorting", "section:first-of-type thead th:nth-child(3) button", "th[aria-sort]"),
            ("all columns", "#all-0", "section:first-of-type th:nth-child(20)"),
            ("sorting all columns", "section:first-of-type thead th:nth-child(5) button", "th[aria-sort]"),
            ("differences", "#pairs-0", "section:first-of-type tbody .error"),
            ("no differences", "#pairs-0", "section:first-of-type tbody .error"),
            ("errors by the seeds", "#seeds-0", "section:first-of-type tbody .error + .error"),
            ("singling out", ".opening .legend button", ".opening [aria-pressed=true]"),
            ("samples with sound", f"{window} summary", f"{window} audio")]:
        bring_near(browser, ask)
        begin = browser.cpu_seconds()
        browser.run("document.querySelector(arguments[0]).click()", ask)
        settle(browser)
        took = browser.cpu_seconds() - begin
        expect(f"{what}: it is there", count(browser, there) > 0)
        longest = max(longest, took)
        expect(f"{what}: in little time", took <= MOST_SECONDS_TO_ANSWER, f"{took} s")
    return longest


def is_reached_by_keyboard(browser):
    """Tab comes to every control, and it shows where it is."""
    controls = browser.run("""
        const all = [...document.querySelectorAll('a[href], button, input, select, summary, audio, [tabindex="0"]')];
        const controls = all.filter((one) => one.checkVisibility());
        window.visited = {reached: new Set(), missed: controls, hidden: [], rounds: 0};
        document.addEventListener('focusin', ({target}) => setTimeout(() => {
          if (target === controls[0]) visited.rounds += 1;
          visited.reached.add(target);
          visited.missed = controls.filter((one) => !visited.reached.has(one));
          if (target !== document.activeElement) return;
          const look = getComputedStyle(target), box = target.getBoundingClientRect();
          const inSight = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
          if (!inSight || look.outlineStyle === 'none' || parseFloat(look.outlineWidth) < 1) {
            visited.hidden.push(`${inSight ? 'without a line' : 'out of sight'}: ${target.outerHTML.slice(0, 60)}`);
          }
        }));
        scrollTo(0, 0);
        document.activeElement.blur();
        return controls.length;""")
    for _ in range(controls):  # a player of sounds has several parts, each with the focus in turn
        for _ in range(20):
            browser.tab()
        if browser.run("return visited.missed.length === 0 || visited.rounds > 1"):
            break
    missed, hidden = browser.run("return [visited.missed.map((one) => one.outerHTML.slice(0, 80)), visited.hidden]")
    expect("the keyboard reaches all controls", controls > 100 and not missed, f"{len(missed)} of {controls}: {missed[:5]}")
    expect("and shows which one has the focus", not hidden, f"{len(hidden)}: {hidden[:5]}")
    return controls


def main():
    page = pathlib.Path(sys.argv[1]).resolve()
    prefix = sys.argv[2] if len(sys.argv) > 2 else None
    with Browser() as browser:
        for name, look in [("desktop", dict(width=1280, height=900)), ("dark", dict(width=1280, height=900, dark=True)),
                           ("phone", dict(width=390, height=844, scale=2, mobile=True))]:
            browser.look(**look)
            opened = is_light(browser, page)
            if prefix:
                browser.screenshot(f"{prefix}-{name}.png", whole_page=name == "desktop")
            if name == "desktop":
                print(f"{is_reached_by_keyboard(browser)} controls")
            longest = answers(browser)
            width, inner = browser.run("return [document.documentElement.scrollWidth, window.innerWidth]")
            expect(f"{name}: nothing beyond the edge", width <= inner, f"{width} > {inner}")
            silent_and_offline(browser)
            print(f"{name}: opened in {opened:.2f} s of the processor, answers in {longest:.2f} s at most")
    return 1 if page_test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
