"""Opens the playground of `kraft serve` in a headless browser and uses it as a reader would.

    KRAFT_BIN=build/kraft KRAFT_DATA=... python3 playground_test.py [STEP...]     all, or those of these names
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import urllib.parse

from browser import CONTROL, DOWN, ENTER, ESCAPE, LEFT, RIGHT, Browser

PRIME = "the whale swam to the ship, and the ship sailed to the shore. " * 40 + "\n"
TEXT = "banana banana banan"
CM = "cm:normal"
MODELS = ["gzip:9", "zstd:3", CM]
failures = 0


def expect(what, fine, found=""):
    global failures
    if not fine:
        failures += 1
        print(f"failed: {what} {found}")


@contextlib.contextmanager
def server(*options):
    """A running `kraft serve`: its address, and the process."""
    command = [os.environ["KRAFT_BIN"], "serve", "--port", "0", "--quiet", *options]
    for model in MODELS:
        command += ["--model", model]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip() + "/", process
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def fragment(**fields):
    return "#" + urllib.parse.urlencode(fields)


def visit(browser, address, state="", **look):
    browser.look(**(look or dict(width=1280, height=900)))
    browser.open("about:blank")
    browser.open(address + state)
    browser.wait("return document.body.classList.contains('open')", "its models")
    settled(browser)


def settled(browser):
    """Until every model has said what it expects, and the text has its colours."""
    browser.wait("""
        const done = [...document.querySelectorAll('#cards .card')].every((card) => !card.classList.contains('waiting'));
        const spans = [...document.querySelectorAll('#tail > span > span')];
        return done && (document.getElementById('colour-by').value !== 'surprisal' ||
            spans.every((span) => /level|hole/.test(span.className)));""", "bars and colours")


def text(browser):
    return browser.run("return document.getElementById('text').value")


def bars(browser, model):
    """What the rows of a model's card say: [[byte, share, share of the other view], ...]."""
    return browser.run("""
        const card = [...document.querySelectorAll('#cards .card')].find((one) => one.getAttribute('aria-label') === arguments[0]);
        return [...card.querySelectorAll('button')].map((row) =>
            [...row.querySelectorAll('.byte, .share:not([hidden])')].map((part) => part.textContent));""", model)


def shown(browser, selector):
    """The text of an element that is in sight; nothing of one that is not."""
    return browser.run("""
        const one = document.querySelector(arguments[0]);
        return one && one.checkVisibility() ? one.textContent : '';""", selector)


def silent_and_offline(browser, address, allowed=""):
    complaints = [one for one in browser.complaints() if not allowed or allowed not in one]
    expect("no console errors", not complaints, "; ".join(complaints))
    outside = [one for one in browser.requests()
               if not one.startswith((address, "data:", "blob:" + address, "about:"))]
    expect("nothing but the server is asked", not outside, " ".join(outside))
    expect("the server is asked", any("/v1/next" in one for one in browser.requests()))


def typing_gives_bars(browser, address):
    visit(browser, address, fragment(text=""))
    expect("the corpus gives bars at the beginning", len(bars(browser, CM)) == 8, bars(browser, CM))
    browser.press("#text", TEXT)
    browser.wait("return document.querySelector('#cards .card:last-child .byte').textContent === 'a'",
                 "an a after banan")
    settled(browser)
    expect("gzip expects an a", bars(browser, "gzip:9")[0][0] == "a", bars(browser, "gzip:9"))
    expect("in both views", [len(row) for row in bars(browser, "gzip:9")] == [3] * 8)
    expect("of cm there is one", [len(row) for row in bars(browser, CM)] == [2] * 8)
    browser.type("a")
    browser.wait("return document.querySelector('#cards .card:last-child .byte').textContent === '␣'",
                 "a space after banana")
    settled(browser)
    expect("the text is coloured", browser.run(
        "return document.querySelectorAll('#tail .level0, #tail .level1').length") > 5)


def long_texts_are_sent_once(browser, address):
    """At a key, whatever the number of models: all answers come in one stream."""
    visit(browser, address, fragment(text=""))
    browser.run("""
        const area = document.getElementById('text');
        area.value = arguments[0];
        area.setSelectionRange(area.value.length, area.value.length);
        area.dispatchEvent(new Event('input'));""", "the whale swam to the ship. " * 2000 + "banana banan")
    settled(browser)
    asked = browser.requests().count(address + "v1/next")
    browser.press("#text", "a b")
    browser.wait("return document.querySelector('#cards .card:last-child .byte').textContent === 'a'",
                 "an a after banana b")
    settled(browser)
    expect("three keys are three requests", browser.requests().count(address + "v1/next") == asked + 3, browser.requests())
    expect("with the answers of all models, in both views", [[len(row) for row in bars(browser, model)] for model in MODELS]
           == [[3] * 8, [3] * 8, [2] * 8])
    expect("none of which is missing", all("…" not in row for model in MODELS for row in bars(browser, model)))


def pointing_tells(browser, address):
    visit(browser, address, fragment(text=TEXT, colour="copy"))
    browser.wait("return document.querySelectorAll('#tail [class*=copy]').length >= 8", "copies")
    browser.point("#tail > span > span:nth-child(12)")
    browser.wait("return !document.getElementById('tip').hidden", "a tip")
    tip = shown(browser, "#tip")
    expect("a tip has probability and cost", "%" in tip and "bits" in tip, tip)
    expect("and where it was copied from", "byte 0 of the text" in tip and "banana" in tip, tip)
    expect("the source is marked", browser.run("return document.querySelectorAll('#tail .from').length") > 3)
    browser.press("#text", LEFT * 3)
    settled(browser)
    browser.wait("return document.querySelectorAll('#cards .actual').length >= 3", "the byte at the caret")
    inspected = shown(browser, "#inspector")
    expect("the inspector tells of the byte at the caret", inspected.startswith("n"), inspected)
    expect("with its alternatives", browser.run(
        "return document.querySelectorAll('#inspector .alternatives button').length") == 6)


def branching_changes_the_text(browser, address):
    visit(browser, address, fragment(text=TEXT))
    browser.press("#text", LEFT * 5)
    settled(browser)
    second = bars(browser, CM)[1][0]
    browser.click("#cards .card:last-child li:nth-child(2) button")
    settled(browser)
    expect("a bar branches", text(browser) == TEXT[:-5] + second.replace("␣", " "), text(browser))
    browser.click("#branch-list button")
    settled(browser)
    expect("and there is a way back", text(browser) == TEXT, text(browser))
    browser.run("document.querySelector('#cards .card:last-child button').focus()")
    best = bars(browser, CM)[0][0]
    browser.type(DOWN)
    expect("arrows go from bar to bar", browser.run(
        "return document.activeElement === document.querySelectorAll('#cards .card:last-child button')[1]"))
    browser.run("document.querySelector('#cards .card:last-child button').focus()")
    browser.type(ENTER)
    settled(browser)
    expect("the keyboard continues by a bar", text(browser) == TEXT + best, text(browser))


def bytes_are_kept(browser, address):
    """What is no text, and a backslash that is one."""
    visit(browser, address, fragment(text=r"\xFF\x00\\xFF " * 8 + r"\xFF\x00"))
    expect("escapes are bytes", shown(browser, "#inspector").startswith("58 bytes"), shown(browser, "#inspector"))
    expect("a backslash comes next", bars(browser, CM)[0][0] == "\\", bars(browser, CM))
    browser.click("#cards .card:last-child button")
    settled(browser)
    expect("then an x", bars(browser, CM)[0][0] == "x", bars(browser, CM))
    for _ in range(3):
        browser.click("#cards .card:last-child button")
        settled(browser)
    expect("and none of them is taken for an escape", text(browser).endswith(r"\xFF\x00\\xFF"), text(browser))
    expect("all bytes are there", shown(browser, "#inspector").startswith("62 bytes"), shown(browser, "#inspector"))
    visit(browser, address, fragment(text=r"é é é é \xC3"))
    expect("half a character is completed", bars(browser, CM)[0][0] == "é", bars(browser, CM))
    browser.click("#cards .card:last-child button")
    settled(browser)
    expect("and becomes one", text(browser) == "é é é é é", text(browser))


def dream(browser):
    browser.click("#dream")
    browser.wait("return document.getElementById('dream').textContent !== 'Stop'", "an end")


def dreamt(browser):
    return browser.run("""
        return [...document.querySelectorAll('#dream-cards .dream')].map((one) =>
            [...one.querySelectorAll('span:not(.lead)')].map((part) => part.textContent).join(''));""")


def dreaming_streams(browser, address):
    visit(browser, address, fragment(text="the whale ", length=300, sampler="ancestral"))
    browser.click("#keep-seed")
    browser.run("""
        window.seen = new Set();
        new MutationObserver(() => window.seen.add(document.querySelector('#dream-cards .dream')?.textContent.length))
            .observe(document.getElementById('dream-cards'), {childList: true, subtree: true});""")
    dream(browser)
    first = dreamt(browser)
    expect("a dream of each model", [len(one) for one in first] == [300] * 3, first)
    expect("as it is drawn", browser.run("return window.seen.size") > 1)
    tops = browser.run("return [...document.querySelectorAll('#dream-cards .card')].map((card) => card.offsetTop)")
    expect("side by side", len(set(tops)) == 1, tops)
    expect("measured", "bits each" in shown(browser, "#dream-cards .note"), shown(browser, "#dream-cards .note"))
    expect("coloured", browser.run("return document.querySelectorAll('#dream-cards [class*=level]').length") > 100)
    dream(browser)
    expect("the same seed dreams the same", dreamt(browser) == first)
    browser.run("document.querySelector('#dream-cards .dream').focus()")
    browser.type(RIGHT * 4)
    expect("the keyboard reads a dream", "%" in shown(browser, "#tip"), shown(browser, "#tip"))
    browser.type(ENTER)
    settled(browser)
    expect("and branches in it", text(browser) == "the whale " + first[0][:3], text(browser))
    browser.click("#dream-cards .foot button")
    settled(browser)
    expect("a dream can be kept", text(browser) == "the whale " + first[0], text(browser))


def dreaming_stops(browser, address):
    # A million bytes, for each of which zstd compresses the text 256 times: no machine comes to their end before the key.
    visit(browser, address, fragment(text="the whale ", length=1000000, sampler="ancestral", models="zstd:3"))
    browser.run("document.getElementById('dream-view').value = 'encoder'")
    browser.press("#text", CONTROL + ENTER)
    browser.wait("return document.querySelectorAll('#dream-cards .dream span').length > 20", "a beginning")
    browser.press("#text", ESCAPE)
    browser.wait("return document.getElementById('dream').textContent === 'Dream'", "an end")
    expect("Escape stops", "Stopped after" in shown(browser, "#dream-cards .note"), shown(browser, "#dream-cards .note"))


def holes_are_filled(browser, address):
    visit(browser, address, fragment(text="the ship ___ to the shore.", models=CM, sampler="smc"))
    expect("the button says so", shown(browser, "#dream") == "Fill the hole", shown(browser, "#dream"))
    dream(browser)
    filling = dreamt(browser)[0]
    expect("a hole is short", len(filling) == 12, filling)
    browser.click("#dream-cards .foot button")
    settled(browser)
    expect("it is filled", text(browser) == f"the ship {filling} to the shore.", text(browser))


def costs_are_compared(browser, address):
    visit(browser, address, fragment(text=TEXT))
    browser.click("#compare-costs")
    browser.wait("return (document.getElementById('cost-list').textContent.match(/bits per byte/g) || []).length === 3",
                 "what the text costs")


def pictures_are_completed(browser, address):
    visit(browser, address)
    browser.drop(os.path.join(os.environ["KRAFT_DATA"], "astronaut.png"), "image/png")
    browser.wait("return document.querySelectorAll('#media-cards img').length === 4", "the original and three pictures")
    sizes = browser.run("""
        return Promise.all([...document.querySelectorAll('#media-cards img')].map((image) =>
            image.decode().then(() => [image.naturalWidth, image.naturalHeight])));""")
    expect("pictures of one size", sizes == [[64, 64]] * 4, sizes)
    expect("with their figures", "dB" in shown(browser, "#media-cards .card:nth-child(2) .note"))


def recordings_are_completed(browser, address):
    visit(browser, address, fragment(models=CM))
    browser.run("document.getElementById('seconds').value = 0.1")
    browser.drop(os.path.join(os.environ["KRAFT_DATA"], "speech.wav"), "audio/wav")
    browser.wait("return document.querySelectorAll('#media-cards audio').length === 2", "the original and a recording")
    seconds = browser.run("""
        return Promise.all([...document.querySelectorAll('#media-cards audio')].map((audio) => new Promise((done) => {
          if (audio.readyState >= 1) return done(audio.duration);
          audio.onloadedmetadata = () => done(audio.duration);
          audio.onerror = () => done(-1);
        })));""")
    expect("they can be heard", all(one > 1 for one in seconds), seconds)


def the_address_has_the_state(browser, address):
    visit(browser, address, fragment(text=""))
    long_text = "A whale is a fish with a horizontal tail. " * 12
    browser.run("""
        const area = document.getElementById('text');
        area.value = arguments[0];
        area.dispatchEvent(new Event('input'));""", long_text)
    browser.click("#models input[value='zstd:3']")
    browser.click("#share")
    browser.wait("return document.getElementById('shared').textContent !== ''", "a link")
    shared = browser.run("return location.hash")
    expect("a long text is short there", len(shared) < len(long_text), shared)
    visit(browser, address, shared)
    expect("the text is back", text(browser) == long_text, text(browser))
    expect("and the models", browser.run("return document.querySelectorAll('#cards .card').length") == 2)


def all_can_be_reached_by_keyboard(browser, address):
    visit(browser, address)
    browser.run("document.activeElement.blur()")
    reached = []
    while len(reached) < 80:
        browser.tab()
        now = browser.run("""
            const one = document.activeElement;
            return one === document.body ? '' : one.id || one.name || one.value || one.closest('.card')?.getAttribute('aria-label') || one.textContent;""")
        if not now or now in reached[:1]:
            break
        reached.append(now)
    wanted = ["text", *MODELS, "share", "colour-by", "colour-of", "hole", "dream", "length", "compare-costs", "file"]
    expect("tab reaches everything", not set(wanted) - set(reached), set(wanted) - set(reached))
    expect("a card's bars are one stop", reached.count(CM) == 2, reached)  # the choice, and the card


def all_have_names(browser, address):
    visit(browser, address)
    dream(browser)
    unnamed = browser.unnamed({"button", "textbox", "checkbox", "combobox", "spinbutton", "image", "link", "figure"})
    expect("all have names for screen readers", not unnamed, unnamed)


def can_be_read(browser, address):
    """Contrast as WCAG 2.1 defines it (1.4.3, 1.4.11): 4.5 for text, 3 for marks."""
    for dark in (False, True):
        visit(browser, address, width=1280, height=900, dark=dark)
        ratios = browser.run("""
            const probe = document.body.appendChild(document.createElement('canvas')).getContext('2d', {willReadFrequently: true});
            const style = getComputedStyle(document.documentElement);
            const light = (name) => {
              probe.fillStyle = name[0] === '-' ? style.getPropertyValue(name) : name;
              probe.fillRect(0, 0, 1, 1);
              const [r, g, b] = [...probe.getImageData(0, 0, 1, 1).data].map((value) =>
                  value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
              return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ratio = ([a, b]) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
            return Object.fromEntries(arguments[0].map((pair) => [pair.join(' on '), ratio(pair)]));""",
            [["--ink", "--paper"], ["--ink", "--card"], ["--ink", "--surprise"], ["--ink", "--copy0"],
             ["--ink", "--copy1"], ["--ink", "--copy2"], ["--ink", "--track"], ["--faint", "--paper"],
             ["--faint", "--card"], ["--faint", "--track"], ["--trouble", "--card"], ["--trouble", "--paper"],
             ["--on-accent", "--accent"], ["--edge", "--card"], ["--accent", "--paper"], ["--from", "--card"]])
        for pair, ratio in ratios.items():
            mark = pair.startswith(("--edge", "--from"))
            expect(f"{'dark' if dark else 'light'}: {pair}", ratio >= (3 if mark else 4.5), round(ratio, 2))


def fits(browser, address):
    for name, look in [("light", dict(width=1280, height=900)), ("dark", dict(width=1280, height=900, dark=True)),
                       ("phone", dict(width=390, height=844, scale=2, mobile=True))]:
        visit(browser, address, **look)
        dream(browser)
        width, inner = browser.run("return [document.documentElement.scrollWidth, window.innerWidth]")
        expect(f"{name}: nothing beyond the edge", width <= inner, f"{width} > {inner}")


def troubles_are_told(browser, address, process):
    visit(browser, address, fragment(text=TEXT, models=CM))
    browser.drop(__file__, "text/x-python")
    expect("a file that is neither is refused", "neither" in shown(browser, "#media-trouble"))
    browser.run("document.getElementById('length').value = -1")
    dream(browser)
    expect("the server's words, where they belong", "length" in shown(browser, "#dream-cards .trouble"),
           shown(browser, "#dream-cards"))
    process.terminate()
    process.wait()
    browser.press("#text", "a")
    browser.wait("return /does not answer/.test(document.querySelector('#cards .trouble').textContent)",
                 "that the server is gone")
    silent_and_offline(browser, address, allowed="Failed to load resource")


def a_key_is_asked_for(browser, folder):
    keys = os.path.join(folder, "keys")
    with open(keys, "w", encoding="ascii") as file:
        file.write("opensesame\n")
    with server("--api-key-file", keys) as (address, _):
        browser.open(address)
        browser.wait("return !document.getElementById('lock').hidden", "a question for the key")
        browser.press("#key", "opensesame" + ENTER)
        browser.wait("return document.body.classList.contains('open')", "its models")
        settled(browser)
        expect("the key opens", len(bars(browser, CM)) == 8)


def main():
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        prime = os.path.join(folder, "prime.txt")
        with open(prime, "w", encoding="ascii") as file:
            file.write(PRIME)
        with server("--prime", prime, "--deadline", "86400") as (address, process):
            steps = [typing_gives_bars, long_texts_are_sent_once, pointing_tells, branching_changes_the_text, bytes_are_kept,
                     dreaming_streams, dreaming_stops, holes_are_filled, costs_are_compared,
                     pictures_are_completed, recordings_are_completed, the_address_has_the_state,
                     all_can_be_reached_by_keyboard, all_have_names, can_be_read, fits]
            for step in steps:
                if not wanted or step.__name__ in wanted:
                    step(browser, address)
                    silent_and_offline(browser, address)
            if not wanted:
                troubles_are_told(browser, address, process)
        if not wanted:
            a_key_is_asked_for(browser, folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
