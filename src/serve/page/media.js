// Pictures and recordings: models complete what is dropped here, side by side with the original.

const kSides = [32, 48, 64, 96, 128];  // pixels of the longer side
let given = null;        // {kind, name, file bytes or canvas, ...}: what was dropped
let completing = null;   // an AbortController, while models draw

const soundName = /\.(wav|wave|flac|ogg|oga|opus|mp3|aiff?|au|snd|m4a)$/i;
const isSound = (file) => file.type.startsWith('audio/') || soundName.test(file.name);
const bytesOfFile = async (blob) => new Uint8Array(await blob.arrayBuffer());

// What a browser can read it draws in the size that is wanted: a photograph need not travel, and PNG is what all read.
async function scaledPicture(file, side) {
  const whole = await createImageBitmap(file);
  const scale = Math.min(1, side / Math.max(whole.width, whole.height));
  const canvas = make('canvas', {});
  canvas.width = Math.max(1, Math.round(whole.width * scale));
  canvas.height = Math.max(1, Math.round(whole.height * scale));
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(whole, 0, 0, canvas.width, canvas.height);
  const png = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  return { height: canvas.height, base64: base64OfBytes(await bytesOfFile(png)) };
}

async function pictureFields() {
  const picture = await scaledPicture(given.file, Number(element('side').value)).catch(() => {
    throw new ServerError(`This browser cannot read ${given.file.name} as a picture.`);
  });
  const share = Number(element('share-drawn').value) / 100;
  return {
    input: { base64: picture.base64 }, gray: !element('in-colour').checked, rows: Math.max(1, Math.round(picture.height * share)),
  };
}

async function soundFields() {
  return {
    input: { base64: base64OfBytes(await bytesOfFile(given.file)) }, encoding: 'u8', rate: 8000,
    seconds: Number(element('seconds').value), context_seconds: Number(element('after-seconds').value),
  };
}

function mediaOptions() {
  const temperature = element('media-temperature').value;
  return temperature === '' ? {} : { temperature: Number(temperature) };
}

function pictureOf(file, name) {
  return make('img', { src: dataAddress(file), alt: name, class: 'pixels' });
}

// Bytes of a WAV file of 8 bits in one or more channels: its samples (http://soundfile.sapp.org/doc/WaveFormat/).
function samplesOfWav(bytes) {
  const view = new DataView(bytes.buffer);
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, true);
    if (String.fromCharCode(...bytes.subarray(at, at + 4)) === 'data') return bytes.subarray(at + 8, at + 8 + size);
    at += 8 + size + size % 2;
  }
  return new Uint8Array();
}

// The waveform; what was drawn by a model is in its colour.
function waveform(samples, begin, end, hue) {
  const canvas = make('canvas', { class: 'wave', 'aria-hidden': 'true' });
  canvas.width = 640;
  canvas.height = 96;
  const context = canvas.getContext('2d');
  const css = getComputedStyle(document.documentElement);
  for (let x = 0; x < canvas.width; ++x) {
    const from = Math.floor(x * samples.length / canvas.width);
    const part = samples.subarray(from, Math.max(from + 1, Math.floor((x + 1) * samples.length / canvas.width)));
    const high = part.reduce((most, value) => Math.max(most, value), 0), low = part.reduce((least, value) => Math.min(least, value), 255);
    context.fillStyle = from >= begin && from < end ? hue : css.getPropertyValue('--faint');
    context.fillRect(x, (255 - high) * canvas.height / 256, 1, Math.max(1, (high - low) * canvas.height / 256));
  }
  return canvas;
}

function soundOf(file, name, answer, hue) {
  const samples = samplesOfWav(bytesOfBase64(file.base64));
  const begin = answer.begin_seconds * answer.rate_hz * answer.channels;
  return make('div', { class: 'sound' }, waveform(samples, begin, hue ? begin + answer.drawn_bytes : begin, hue),
    make('audio', { controls: true, src: dataAddress(file), 'aria-label': name }));
}

function completionNote(kind, one, answer) {
  const rate = `${(one.bits / answer.drawn_bytes).toFixed(2)} bits per byte`;
  const psnr = kind === 'image' && one.psnr_db !== null ? `, ${one.psnr_db.toFixed(1)} dB to the original` : '';
  return `${rate}${psnr}; ${one.seconds.toFixed(1)} s`;
}

const mediumCard = (name, ...children) => make('article', { class: 'card medium', 'aria-label': name }, ...children);

function originalCard(kind, answer) {
  const name = 'The original';
  const shown = kind === 'image' ? pictureOf(answer.original, name) : soundOf(answer.original, name, answer, '');
  const frame = make('div', { class: 'frame' }, shown);
  if (kind === 'image') frame.append(make('i', { class: 'given', style: `height:${100 * givenShare(answer)}%` }));
  const note = kind === 'image' ? `${answer.width} by ${answer.height} pixels; above the line is what models see` : `models draw what comes after ${answer.begin_seconds} s`;
  return mediumCard(name, make('h3', { class: 'model' }, name), frame, make('p', { class: 'note' }, note));
}

const givenShare = (answer) => 1 - answer.drawn_bytes / (answer.width * answer.height * answer.channels);

async function complete(model, card, fields, signal) {
  const note = make('p', { class: 'note' }, 'draws …');
  card.append(note);
  card.classList.add('drawing');
  try {
    const answer = await askForCompletion(given.kind, { model: bestView(model), ...fields }, signal);
    const [one] = answer.completions;
    const name = `Completed by ${bestView(model)}`;
    if (!element('media-cards').querySelector('.original')) showOriginal(answer);
    note.before(make('div', { class: 'frame' }, given.kind === 'image' ? pictureOf(one, name) : soundOf(one, name, answer, colourOf(model.spec))));
    note.textContent = completionNote(given.kind, one, answer);
  } catch (error) {
    note.textContent = wasAborted(error) ? 'Stopped.' : error.message;
    note.classList.toggle('trouble', !wasAborted(error));
  }
  card.classList.remove('drawing');
}

function showOriginal(answer) {
  const card = originalCard(given.kind, answer);
  card.classList.add('original');
  element('media-cards').prepend(card);
}

function modelCard(model) {
  const card = mediumCard(model.spec, modelHeading(model, bestView(model)));
  card.style.setProperty('--hue', colourOf(model.spec));
  return card;
}

async function completeAll() {
  if (completing) return completing.abort();
  if (!given) return undefined;
  completing = new AbortController();
  nameCompleteButton();
  const { signal } = completing;
  try {
    const fields = { ...(given.kind === 'image' ? await pictureFields() : await soundFields()), ...mediaOptions() };
    const waiting = chosenModels().map((model) => ({ model, card: modelCard(model) }));
    element('media-cards').replaceChildren(...waiting.map(({ card }) => card));
    const worker = async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) await complete(one.model, one.card, fields, signal);
    };
    await Promise.all(Array.from({ length: kAtOnce }, worker));
    announce(`${given.file.name} is completed.`);
  } catch (error) {
    showMediaTrouble(error.message);
  }
  completing = null;
  return nameCompleteButton();
}

function showMediaTrouble(message) {
  element('media-trouble').textContent = message;
  element('media-trouble').hidden = !message;
}

function nameCompleteButton() {
  element('complete').textContent = completing ? 'Stop' : 'Complete again';
}

function take(file) {
  if (!file) return;
  completing?.abort();
  completing = null;
  showMediaTrouble('');
  if (!isSound(file) && !file.type.startsWith('image/')) return showMediaTrouble(`${file.name} is neither a picture nor a recording.`);
  given = { kind: isSound(file) ? 'audio' : 'image', file };
  element('media-name').textContent = file.name;
  element('media-options').hidden = false;
  for (const part of element('media-options').querySelectorAll('[data-kind]')) part.hidden = part.dataset.kind !== given.kind;
  element('media').scrollIntoView({ block: 'start' });
  completeAll();
}

function startMedia() {
  element('side').append(...kSides.map((side) => make('option', { value: side, selected: side === 64 }, `${side} pixels`)));
  element('file').addEventListener('change', (event) => take(event.target.files[0]));
  element('complete').addEventListener('click', completeAll);
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    document.body.classList.add('dragging');
  });
  for (const what of ['dragleave', 'drop']) document.addEventListener(what, () => document.body.classList.remove('dragging'));
  document.addEventListener('drop', (event) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  document.addEventListener('paste', (event) => {
    const [file] = event.clipboardData.files;
    if (file) take(file);
  });
}
