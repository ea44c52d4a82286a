// What each chosen model expects at the caret, as bars: at every key anew, and an answer that comes too late is not
// waited for. All of them are asked at once, so that a long text is sent once; those come first that took least the last
// time, and of codecs the decoder's view, in which they predict.

const kRows = 8;
const kAllAlike = 7.95;  // bits, of the 8 that a byte has: bars would say nothing
const cards = new Map();  // of each chosen model: {spec, card, rows, controller, ...}

function makeRow(card, index) {
  const parts = { label: make('span', { class: 'byte' }), bars: [make('i'), make('i')], shares: [make('span', { class: 'share' }), make('span', { class: 'share' })] };
  const button = make('button', { type: 'button', tabindex: index === 0 ? '0' : '-1', onclick: () => branchAt(editor.caretByte, parts.byte) },
    parts.label, make('span', { class: 'track' }, ...parts.bars), ...parts.shares);
  card.list.append(make('li', {}, button));
  return Object.assign(parts, { button });
}

// Up and down within a card; tab goes from card to card.
function walkRows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...event.currentTarget.querySelectorAll('button:not([hidden])')];
  const next = buttons[buttons.indexOf(document.activeElement) + step];
  if (!next) return;
  event.preventDefault();
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
}

function makeCard(model) {
  const spec = model.spec;
  const card = {
    model, note: make('span', { class: 'note' }), list: make('ol', { class: 'bars', onkeydown: walkRows, 'aria-label': `What ${spec} expects` }),
    alike: make('p', { class: 'note', hidden: true }, 'Every byte is about as probable as any other.'),
    trouble: make('p', { class: 'trouble', hidden: true }), key: make('p', { class: 'key', hidden: true },
      make('span', { class: 'first' }, 'decoder’s view'), make('span', { class: 'second' }, 'encoder’s view')),
    views: [], spent: 0, said: '',
  };
  const heading = modelHeading(model);
  heading.append(card.note);
  card.element = make('article', { class: 'card', 'aria-label': spec }, heading, card.key, card.trouble, card.alike, card.list);
  card.element.style.setProperty('--hue', colourOf(spec));
  card.rows = Array.from({ length: kRows }, (_, index) => makeRow(card, index));
  return card;
}

function showChosen() {
  for (const spec of [...cards.keys()]) if (!chosen.has(spec)) cards.delete(spec);
  for (const model of chosenModels()) if (!cards.has(model.spec)) cards.set(model.spec, makeCard(model));
  element('cards').replaceChildren(...chosenModels().map((model) => cards.get(model.spec).element));
  element('no-models').hidden = chosen.size > 0;
}

const mostProbable = (probability) => Array.from(probability.keys()).sort((a, b) => probability[b] - probability[a] || a - b);

// `count` views of a byte, the last of which may not have been told yet.
function showRow(row, byte, views, count, open, actual) {
  const label = labelOfByte(byte, open);
  row.byte = byte;
  row.label.textContent = label.text;
  row.label.classList.toggle('raw', label.raw);
  row.button.classList.toggle('actual', byte === actual);
  row.bars.forEach((bar, i) => {
    const view = views[i];
    bar.hidden = row.shares[i].hidden = i >= count;
    bar.style.setProperty('--share', view ? view.probability[byte] : 0);
    row.shares[i].textContent = view ? percent(view.probability[byte]) : '…';
  });
  const stands = byte === actual ? ', which stands here' : '';
  row.button.setAttribute('aria-label', `${label.name}, ${views.map((view) => percent(view.probability[byte])).join(' or ')}${stands}`);
}

function showExpectation(card, context, actual, milliseconds) {
  const { views } = card, count = viewsOf(card.model).length;
  const order = mostProbable(views[0].probability);
  const rows = order.slice(0, kRows);
  if (actual !== undefined && !rows.includes(actual)) rows[kRows - 1] = actual;
  const open = openCharacter(context);
  card.rows.forEach((row, i) => showRow(row, rows[i], views, count, open, actual));
  if (views.length === 1) card.note.textContent = `${views[0].entropyBits.toFixed(2)} bits · ${Math.round(milliseconds)} ms`;
  card.note.title = 'The entropy of this distribution; the time that the answer took.';
  card.trouble.hidden = true;
  card.list.hidden = views.every((view) => view.entropyBits > kAllAlike);
  card.alike.hidden = !card.list.hidden;
  card.key.hidden = card.list.hidden || count < 2;
  card.said = `${card.model.spec} expects ${labelOfByte(rows[0], open).name}, ${percent(views[0].probability[rows[0]])}`;
  card.element.classList.toggle('waiting', views.length < count);
}

function showTrouble(card, message) {
  card.trouble.textContent = message;
  card.trouble.hidden = false;
  for (const part of [card.alike, card.list, card.key]) part.hidden = true;
  card.note.textContent = '';
  card.said = `${card.model.spec}: ${message}`;
  card.element.classList.remove('waiting');
}

// The views to ask for, in their order: [{card, spec}].
function wantedViews() {
  const soonest = [...cards.values()].sort((a, b) => a.spent - b.spent);
  const of = (place) => soonest.flatMap((card) => viewsOf(card.model).slice(place, place + 1).map((spec) => ({ card, spec })));
  return [...of(0), ...of(1)];
}

let asking = null;  // the request under way
let firstBars = Promise.resolve();  // until there is an answer to it, or the end of it: what can wait lets it go first

async function refreshAll() {
  shownFor = { text: editor.text, caretByte: editor.caretByte };
  asking?.abort();
  const { signal } = asking = new AbortController();
  const context = editor.bytes.subarray(0, editor.caretByte);
  const actual = editor.bytes[editor.caretByte];
  const began = performance.now(), wanted = wantedViews();
  let barsAreThere;
  firstBars = new Promise((done) => { barsAreThere = done; });
  for (const card of cards.values()) {
    card.views = [];
    card.element.classList.add('waiting');
  }
  try {
    for await (const view of wanted.length ? askWhatIsNext(wanted.map((one) => one.spec), context, signal) : []) {
      if (signal.aborted) break;
      const { card } = wanted[view.index];
      if (card.views.push(view) === 1) card.spent = view.milliseconds;
      showExpectation(card, context, actual, performance.now() - began);
      barsAreThere();
    }
  } catch (error) {
    if (!wasAborted(error)) for (const { card } of wanted) if (card.element.classList.contains('waiting')) showTrouble(card, error.message);
  }
  barsAreThere();
  if (!signal.aborted) announce([...cards.values()].map((one) => one.said).filter(Boolean).join('; '));
}

let shownFor = null;  // the text and caret that the bars are of

function startExpectations() {
  listen('models', () => { showChosen(); refreshAll(); });
  for (const what of ['text', 'caret']) listen(what, () => {
    if (shownFor?.text !== editor.text || shownFor.caretByte !== editor.caretByte) refreshAll();
  });
}
