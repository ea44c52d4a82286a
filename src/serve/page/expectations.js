// What each chosen model expects at the caret, as bars: at every key anew, and an answer that comes too late is not
// waited for.

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
    controller: null, said: '',
  };
  const heading = modelHeading(model);
  heading.append(card.note);
  card.element = make('article', { class: 'card', 'aria-label': spec }, heading, card.key, card.trouble, card.alike, card.list);
  card.element.style.setProperty('--hue', colourOf(spec));
  card.rows = Array.from({ length: kRows }, (_, index) => makeRow(card, index));
  return card;
}

function showChosen() {
  for (const [spec, card] of cards) {
    if (chosen.has(spec)) continue;
    card.controller?.abort();
    cards.delete(spec);
  }
  for (const model of chosenModels()) if (!cards.has(model.spec)) cards.set(model.spec, makeCard(model));
  element('cards').replaceChildren(...chosenModels().map((model) => cards.get(model.spec).element));
  element('no-models').hidden = chosen.size > 0;
}

const mostProbable = (probability) => Array.from(probability.keys()).sort((a, b) => probability[b] - probability[a] || a - b);

function showRow(row, byte, views, open, actual) {
  const label = labelOfByte(byte, open);
  row.byte = byte;
  row.label.textContent = label.text;
  row.label.classList.toggle('raw', label.raw);
  row.button.classList.toggle('actual', byte === actual);
  row.bars.forEach((bar, i) => {
    const view = views[i];
    bar.hidden = row.shares[i].hidden = !view;
    if (!view) return;
    bar.style.setProperty('--share', view.probability[byte]);
    row.shares[i].textContent = percent(view.probability[byte]);
  });
  const stands = byte === actual ? ', which stands here' : '';
  row.button.setAttribute('aria-label', `${label.name}, ${views.map((view) => percent(view.probability[byte])).join(' or ')}${stands}`);
}

function showExpectation(card, views, context, actual, milliseconds) {
  const order = mostProbable(views[0].probability);
  const rows = order.slice(0, kRows);
  if (actual !== undefined && !rows.includes(actual)) rows[kRows - 1] = actual;
  const open = openCharacter(context);
  card.rows.forEach((row, i) => showRow(row, rows[i], views, open, actual));
  card.note.textContent = `${views[0].entropyBits.toFixed(2)} bits · ${Math.round(milliseconds)} ms`;
  card.note.title = 'The entropy of this distribution; the time that the answer took.';
  card.trouble.hidden = true;
  card.list.hidden = views.every((view) => view.entropyBits > kAllAlike);
  card.alike.hidden = !card.list.hidden;
  card.key.hidden = card.list.hidden || views.length < 2;
  card.said = `${card.model.spec} expects ${labelOfByte(rows[0], open).name}, ${percent(views[0].probability[rows[0]])}`;
  card.element.classList.remove('waiting');
}

function showTrouble(card, message) {
  card.trouble.textContent = message;
  card.trouble.hidden = false;
  for (const part of [card.alike, card.list, card.key]) part.hidden = true;
  card.note.textContent = '';
  card.said = `${card.model.spec}: ${message}`;
  card.element.classList.remove('waiting');
}

async function refresh(card) {
  card.controller?.abort();
  const controller = card.controller = new AbortController();
  const context = editor.bytes.subarray(0, editor.caretByte);
  const actual = editor.bytes[editor.caretByte];
  const began = performance.now();
  card.element.classList.add('waiting');
  try {
    const views = await askWhatIsNext(card.model.spec, context, controller.signal);
    if (!controller.signal.aborted) showExpectation(card, views, context, actual, performance.now() - began);
  } catch (error) {
    if (!wasAborted(error)) showTrouble(card, error.message);
  }
  announce([...cards.values()].map((one) => one.said).filter(Boolean).join('; '));
}

let shownFor = null;  // the text and caret that the bars are of

function refreshAll() {
  shownFor = { text: editor.text, caretByte: editor.caretByte };
  for (const card of cards.values()) refresh(card);
}

function startExpectations() {
  listen('models', () => { showChosen(); refreshAll(); });
  for (const what of ['text', 'caret']) listen(what, () => {
    if (shownFor?.text !== editor.text || shownFor.caretByte !== editor.caretByte) refreshAll();
  });
}
