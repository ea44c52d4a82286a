// The text. Under a textarea whose letters are transparent lies the same text in colours.
//
// Only the tail is in colours, and is made of a span for each character, in one for each line, so that the browser need
// not lay out and paint others than that which has changed. What stands before is one plain piece, however long it is.

const kTail = 1000;  // characters
const kHole = '___';

const editor = {
  text: '', bytes: new Uint8Array(),
  tail: 0, tailByte: 0,  // where the coloured part begins, in the string and in bytes
  units: [], spans: [],  // of the coloured part
  caretByte: 0,
  branches: [],          // texts that were left for others
};

// Where a tail may begin: at a new line, so that the browser need not lay out anew what stands before; or after a space,
// which is never within a character or an escape.
function tailOf(text) {
  const wanted = text.length - kTail;
  if (wanted <= 0) return 0;
  const line = text.slice(wanted, wanted + kTail / 2).indexOf('\n');
  const space = line < 0 ? text.slice(wanted, wanted + 200).search(/\s/) : line;
  return space < 0 ? wanted + (/[\udc00-\udfff]/.test(text[wanted]) ? 1 : 0) : wanted + space + 1;
}

function renderHead(text) {
  const head = element('head');
  if (head.textContent.length === text.length && head.textContent === text) return;
  head.textContent = text;
  head.classList.toggle('lines', text.endsWith('\n'));
}

function readText() {
  const text = element('text').value;
  const size = text.length - editor.tail;
  const kept = text.startsWith(editor.text.slice(0, editor.tail)) && size <= 2 * kTail && (size >= kTail / 4 || editor.tail === 0);
  editor.text = text;
  editor.bytes = bytesOfText(text);
  if (!kept) {
    editor.tail = tailOf(text);
    editor.tailByte = bytesOfText(text.slice(0, editor.tail)).length;
  }
  renderHead(text.slice(0, editor.tail));
  renderTail(unitsOf(text.slice(editor.tail), editor.tailByte));
  readCaret();
  element('paper').classList.toggle('empty', text === '');
  tell('text');
}

const endsLine = (text) => text.endsWith('\n');

function renderTail(units) {
  let same = 0;
  while (same < units.length && editor.units[same]?.text === units[same].text) ++same;
  for (const span of editor.spans.splice(same)) span.remove();
  const tail = element('tail');
  while (tail.lastChild && !tail.lastChild.hasChildNodes()) tail.lastChild.remove();
  for (let i = same; i < units.length; ++i) {
    if (i === 0 || endsLine(units[i - 1].text)) tail.append(make('span'));
    editor.spans.push(make('span', { class: units[i].raw ? 'raw' : '' }, units[i].text));
    tail.lastChild.append(editor.spans[i]);
  }
  // The last line goes on, and the first may begin in what stands before.
  const begins = (i) => i > 0 || editor.tail === 0 || editor.text[editor.tail - 1] === '\n';
  [...tail.children].forEach((line, i) => line.classList.toggle('line', begins(i) && endsLine(line.textContent)));
  editor.units = units;
}

function tracedOf(unit) {
  const entries = trace.entries.slice(unit.beginByte - trace.begin, unit.endByte - trace.begin);
  const known = entries.length === unit.endByte - unit.beginByte;
  return known ? { entries, copy: copyAt(trace.copies, unit.beginByte) } : { entries: [] };
}

const findingOf = (unit) => ({ label: labelOfUnit(unit, editor.bytes), ...tracedOf(unit) });

function paint() {
  const by = element('colour-by').value;
  const hole = editor.text.indexOf(kHole);
  const inHole = (unit) => hole >= 0 && editor.tail + unit.begin >= hole && editor.tail + unit.begin < hole + kHole.length;
  editor.units.forEach((unit, i) => {
    const { entries, copy } = tracedOf(unit);
    const wanted = inHole(unit) ? 'hole' : `${unit.raw ? 'raw ' : ''}${colourClass(by, entries, copy)}`.trim();
    if (editor.spans[i].className !== wanted) editor.spans[i].className = wanted;
  });
}

// The unit of the coloured part that a place in the string is in, or that begins there.
const unitAt = (place) => editor.units.find((unit) => place < editor.tail + unit.end && place >= editor.tail + unit.begin);

function readCaret() {
  const place = element('text').selectionStart;
  const unit = unitAt(place);
  if (unit) editor.caretByte = unit.beginByte;
  else editor.caretByte = place < editor.text.length ? bytesOfText(editor.text.slice(0, place)).length : editor.bytes.length;
}

function caretMoved() {
  if (document.activeElement !== element('text')) return;
  const before = editor.caretByte;
  readCaret();
  if (editor.caretByte !== before) tell('caret');
}

// With the caret at its end.
function setText(text) {
  const area = element('text');
  area.value = text;
  area.setSelectionRange(text.length, text.length);
  readText();
  element('paper').scrollTop = element('paper').scrollHeight;
}

// Another byte at a place: what stood from there on is kept as a branch.
function branchAt(byte, ...bytes) {
  const before = editor.bytes.subarray(0, byte);
  if (byte < editor.bytes.length && !editor.branches.includes(editor.text)) editor.branches.unshift(editor.text);
  editor.branches.length = Math.min(editor.branches.length, 6);
  setText(appended(textOfBytes(before), Uint8Array.from(bytes)));
  renderBranches();
}

function returnTo(text) {
  editor.branches = editor.branches.filter((one) => one !== text);
  if (editor.text && !editor.branches.includes(editor.text)) editor.branches.unshift(editor.text);
  setText(text);
  renderBranches();
  element('text').focus();
}

function renderBranches() {
  element('branches').hidden = editor.branches.length === 0;
  element('branch-list').replaceChildren(...editor.branches.map((text) =>
    make('li', {}, make('button', { type: 'button', class: 'quiet', onclick: () => returnTo(text) }, `… ${text.slice(-28)}`))));
}

// The character under the pointer. The textarea lies above; for a moment it is looked through.
function pointedUnit(event) {
  const paper = element('paper');
  paper.classList.add('seen-through');
  const span = document.elementFromPoint(event.clientX, event.clientY);
  paper.classList.remove('seen-through');
  const index = span?.closest('#tail') ? editor.spans.indexOf(span) : -1;
  return index < 0 ? null : { unit: editor.units[index], span };
}

let pointed = null;  // the span that the tip is about

function pointAt(event) {
  if (event.buttons || event.pointerType === 'touch') return leave();
  const found = pointedUnit(event);
  if (found?.span === pointed) return undefined;
  leave();
  if (!found) return undefined;
  const finding = findingOf(found.unit);
  pointed = found.span;
  showTip(finding, pointed.getBoundingClientRect());
  return markSource(finding.copy);
}

function leave() {
  pointed = null;
  hideTip();
  for (const span of element('tail').querySelectorAll('.from')) span.classList.remove('from');
}

// Where a copy was taken from, if that is in sight.
function markSource(copy) {
  if (!copy) return;
  const begin = copy.source - catalogue.primeBytes;
  editor.units.forEach((unit, i) => {
    if (unit.beginByte >= begin && unit.beginByte < begin + copy.size) editor.spans[i].classList.add('from');
  });
}

// Below the text: what stands at the caret, or what all of it costs.
function inspect() {
  const unit = unitAt(element('text').selectionStart);
  const finding = unit && findingOf(unit);
  const parts = finding ? described(finding, (byte) => branchAt(unit.beginByte, byte)) : [];
  const place = element('inspector');
  place.replaceChildren(...(parts.length ? parts : [make('p', { class: 'faint' }, summary())]));
  element('colour-trouble').textContent = trace.trouble;
  element('colour-trouble').hidden = !trace.trouble;
}

function summary() {
  const size = counted(editor.bytes.length, 'byte');
  if (!trace.spec || !trace.entries.length) return `${size}.`;
  const rate = bitsOf(trace.entries) / trace.entries.length;
  const part = trace.begin ? `, the last ${grouped(trace.entries.length)}` : '';
  return `${size}${part} at ${rate.toFixed(2)} bits each by ${trace.spec}. Point at a character, or move the caret there, to see what it costs.`;
}

function insertHole() {
  const area = element('text');
  area.setRangeText(kHole, area.selectionStart, area.selectionEnd, 'end');
  area.focus();
  readText();
}

function showLegend() {
  const by = element('colour-by').value;
  const scale = (name, count) => make('span', { class: 'scale' }, ...Array.from({ length: count }, (_, i) => make('i', { class: `${name}${i}` })));
  const parts = { surprisal: ['expected', scale('level', kLevels.length + 1), 'surprising'], copy: ['copied from before', scale('copy', 3)] };
  element('legend').replaceChildren(...(parts[by] || []));
}

function startEditor() {
  const area = element('text');
  area.addEventListener('input', readText);
  area.addEventListener('pointermove', pointAt);
  area.addEventListener('pointerleave', leave);
  area.addEventListener('keydown', leave);
  document.addEventListener('selectionchange', caretMoved);
  for (const id of ['colour-by', 'colour-of']) element(id).addEventListener('change', () => tell('colour'));
  element('hole').addEventListener('click', insertHole);
  listen('text', retrace);
  listen('colour', retrace);
  listen('colour', showLegend);
  showLegend();
  for (const what of ['trace', 'colour']) listen(what, paint);
  for (const what of ['trace', 'colour', 'caret']) listen(what, inspect);
  listen('text', () => firstBars.then(() => {
    paint();
    inspect();
  }));
}
