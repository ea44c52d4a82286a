// Continuations that the chosen models draw, side by side, as they are drawn; or fillings of the hole in the text.

const kAtOnce = 3;      // streams: browsers open six connections to a server, and the bars need theirs
const kLead = 60;       // characters of the text that are shown before a dream
const kTracedDream = 1000;  // bytes at most that are coloured

let dreaming = null;    // an AbortController, while models draw
const dreams = [];      // {spec, context, bytes, entries, copies, ...} that are shown

const kJointBytes = 60;  // what a joint sampler draws at once unless it is told
const lengths = { dream: 200, hole: 12 };  // what the reader wants of each; one is shown
let lengthOf = 'dream';

const hasHole = () => editor.text.includes(kHole);

// What is set, by the names of the interface; what is not is left to the server.
function dreamOptions() {
  const options = {};
  for (const field of element('dream-options').querySelectorAll('[name]')) {
    if (field.value === '') continue;
    options[field.name] = field.type === 'number' ? Number(field.value) : field.value;
  }
  return options;
}

function makeDream(model, context, after) {
  const spec = element('dream-view').value === 'decoder' ? bestView(model) : model.spec;
  const body = make('div', { class: 'dream', tabindex: '0', role: 'group', 'aria-label': `What ${spec} dreams`, 'aria-describedby': 'dream-help' });
  const note = make('p', { class: 'note' }, 'waits');
  const keep = make('button', { type: 'button', disabled: true }, 'Keep');
  const figure = make('article', { class: 'card', 'aria-label': `Dream of ${spec}` }, modelHeading(model, spec), body,
    make('div', { class: 'foot' }, note, keep));
  figure.style.setProperty('--hue', colourOf(model.spec));
  const dream = { spec, model, context, after, body, note, keep, figure, bytes: new Uint8Array(), units: [], spans: [], entries: [], copies: [], cursor: -1, frame: null };
  dream.lead = make('span', { class: 'lead' }, textOfBytes(context).slice(-kLead));
  dream.trail = make('span', { class: 'lead' }, after.slice(0, kLead));
  body.append(dream.lead, dream.trail);
  keep.addEventListener('click', () => keepDream(dream, dream.bytes.length));
  body.addEventListener('pointermove', (event) => pointInDream(dream, event));
  body.addEventListener('pointerleave', hideTip);
  body.addEventListener('click', (event) => branchInDream(dream, dream.spans.indexOf(event.target)));
  body.addEventListener('keydown', (event) => walkDream(dream, event));
  body.addEventListener('blur', () => moveCursor(dream, -1));
  return dream;
}

// All that can be told as characters by now; what may yet become one waits, unless nothing follows.
function showDrawn(dream, complete) {
  const open = complete ? 0 : openCharacter(dream.bytes).length;
  const units = unitsOf(textOfBytes(dream.bytes.subarray(0, dream.bytes.length - open)));
  let same = 0;
  while (same < units.length && dream.units[same]?.text === units[same].text) ++same;
  for (const span of dream.spans.splice(same)) span.remove();
  const added = units.slice(same).map((unit) => make('span', { class: unit.raw ? 'raw' : '' }, unit.text));
  dream.spans.push(...added);
  dream.trail.before(...added);
  dream.units = units;
}

// Once a frame, however fast bytes come, so that the page hears keys in between.
function showSoon(dream) {
  dream.frame ??= requestAnimationFrame(() => {
    dream.frame = null;
    showDrawn(dream, false);
  });
}

function showAll(dream) {
  if (dream.frame) cancelAnimationFrame(dream.frame);
  dream.frame = null;
  showDrawn(dream, true);
}

function tracedInDream(dream, unit) {
  const entries = dream.entries.slice(unit.beginByte, unit.endByte);
  const known = entries.length === unit.endByte - unit.beginByte;
  return { entries: known ? entries : [], copy: copyAt(dream.copies, unit.beginByte) };
}

const dreamFinding = (dream, unit) => ({ label: labelOfUnit(unit, dream.bytes), ...tracedInDream(dream, unit) });

function paintDream(dream) {
  const by = element('colour-by').value;
  dream.units.forEach((unit, i) => {
    const { entries, copy } = tracedInDream(dream, unit);
    dream.spans[i].className = `${unit.raw ? 'raw ' : ''}${colourClass(by, entries, copy)}`.trim();
  });
}

function pointInDream(dream, event) {
  const index = dream.spans.indexOf(event.target);
  if (index < 0) hideTip();
  else showTip(dreamFinding(dream, dream.units[index]), event.target.getBoundingClientRect());
}

function moveCursor(dream, index) {
  dream.spans[dream.cursor]?.classList.remove('cursor');
  dream.cursor = index;
  const span = dream.spans[index];
  if (!span) return hideTip();
  span.classList.add('cursor');
  span.scrollIntoView({ block: 'nearest' });
  const finding = dreamFinding(dream, dream.units[index]);
  showTip(finding, span.getBoundingClientRect());
  return announce(element('tip').hidden ? finding.label.name : element('tip').textContent);
}

// Arrows go from character to character, Enter branches.
function walkDream(dream, event) {
  const last = dream.spans.length - 1;
  const targets = { ArrowRight: Math.min(last, dream.cursor + 1), ArrowLeft: Math.max(0, dream.cursor - 1), Home: 0, End: last, Escape: -1 };
  if (event.key === 'Enter' && dream.cursor >= 0) branchInDream(dream, dream.cursor);
  else if (event.key in targets) moveCursor(dream, targets[event.key]);
  else return;
  event.preventDefault();
}

// The text becomes what was dreamt so far; the bars show what else there is.
function branchInDream(dream, index) {
  if (index >= 0 && getSelection().isCollapsed) keepDream(dream, dream.units[index].beginByte);
}

function keepDream(dream, size) {
  const kept = appended(textOfBytes(dream.context), dream.bytes.subarray(0, size));
  if (editor.text !== textOfBytes(dream.context)) editor.branches.unshift(editor.text);
  setText(size === dream.bytes.length ? kept + dream.after : kept);
  renderBranches();
  element('text').focus();
  element('write').scrollIntoView({ block: 'nearest' });
}

function measured(sample, seconds) {
  const parts = [`${counted(sample.length_bytes, 'byte')} at ${sample.bits_per_byte.toFixed(2)} bits each`];
  if (sample.mean_copy_bytes) parts.push(`copies of ${sample.mean_copy_bytes.toFixed(1)} bytes, at most ${sample.longest_copy_bytes}`);
  return `${sample.sampler}: ${parts.join('; ')}; ${seconds.toFixed(1)} s`;
}

async function colourDream(dream, signal) {
  const traced = dream.bytes.subarray(0, kTracedDream);
  Object.assign(dream, { entries: [], copies: [] });
  const found = await askForTrace(bestView(dream.model), dream.context, traced, 0, signal);
  Object.assign(dream, { entries: found.bytes, copies: found.copies });
  paintDream(dream);
}

async function draw(dream, fields, signal) {
  const began = performance.now();
  dream.figure.classList.add('drawing');
  dream.note.textContent = 'draws …';
  try {
    const sample = await askForDream({ model: dream.spec, ...fields }, (bytes) => {
      dream.bytes = joinedBytes(dream.bytes, bytes);
      showSoon(dream);
    }, signal);
    showAll(dream);
    dream.note.textContent = sample ? measured(sample, (performance.now() - began) / 1000) : '';
    dream.keep.disabled = dream.bytes.length === 0;
    await colourDream(dream, signal);
  } catch (error) {
    showAll(dream);
    dream.note.textContent = wasAborted(error) ? `Stopped after ${counted(dream.bytes.length, 'byte')}.` : error.message;
    dream.note.classList.toggle('trouble', !wasAborted(error));
    dream.keep.disabled = dream.bytes.length === 0;
  }
  dream.figure.classList.remove('drawing');
}

// A few at a time, in their order.
async function drawAll(waiting, fields, signal) {
  const worker = async () => {
    for (let dream = waiting.shift(); dream; dream = waiting.shift()) await draw(dream, fields, signal);
  };
  await Promise.all(Array.from({ length: kAtOnce }, worker));
}

// The text up to a hole, and what follows it.
function aroundHole() {
  const hole = editor.text.indexOf(kHole);
  return hole < 0 ? [editor.bytes, ''] : [bytesOfText(editor.text.slice(0, hole)), editor.text.slice(hole + kHole.length)];
}

// A hole is drawn as a whole.
function dreamFields(context, after) {
  const fields = { prompt: asField(context), ...dreamOptions() };
  if (!hasHole()) return fields;
  const span = fields.length > kJointBytes ? { span: fields.length } : {};
  return { ...fields, ...span, suffix: asField(bytesOfText(after)) };
}

async function dreamOn() {
  if (dreaming) return dreaming.abort();
  dreaming = new AbortController();
  const [context, after] = aroundHole();
  dreams.splice(0, dreams.length, ...chosenModels().map((model) => makeDream(model, context, after)));
  element('dream-cards').replaceChildren(...dreams.map((dream) => dream.figure));
  element('dream-empty').hidden = dreams.length > 0;
  nameDreamButton();
  element('dreams').scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  await drawAll([...dreams], dreamFields(context, after), dreaming.signal);
  dreaming = null;
  nameDreamButton();
  announce(dreams.map((dream) => `${dream.spec} dreamt: ${textOfBytes(dream.bytes).slice(0, 200)}`).join('. '));
  return nextSeed();
}

// Another dream the next time, unless the reader wants this one.
function nextSeed() {
  const seed = element('seed');
  if (!element('keep-seed').checked) seed.value = Number(seed.value) + 1;
}

// Holes are short, dreams long.
function chooseLength() {
  const wanted = hasHole() ? 'hole' : 'dream';
  if (wanted === lengthOf) return;
  lengths[lengthOf] = element('length').value;
  element('length').value = lengths[wanted];
  lengthOf = wanted;
}

function nameDreamButton() {
  element('dream').textContent = dreaming ? 'Stop' : hasHole() ? 'Fill the hole' : 'Dream';
  element('dream').classList.toggle('stop', dreaming !== null);
}

function dreamKeys(event) {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !dreaming) {
    event.preventDefault();
    dreamOn();
  } else if (event.key === 'Escape') {
    dreaming?.abort();
    hideTip();
  }
}

function startDreams() {
  element('dream').addEventListener('click', dreamOn);
  document.addEventListener('keydown', dreamKeys);
  listen('text', nameDreamButton);
  listen('text', chooseLength);
  for (const what of ['colour', 'trace']) listen(what, () => dreams.forEach(paintDream));
}
