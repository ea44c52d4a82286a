// The samples of an input, window by window.

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

function canvasOf(width, height, name) {
  return make('canvas', { class: 'drawn', width, height, role: 'img', 'aria-label': name });
}

// Gray pixels: the context's, and below them the sample's.
function picture(shownWindow, entry, name) {
  const pixels = [...bytesOf(shownWindow.context), ...bytesOf(entry.bytes)];
  const canvas = canvasOf(shownWindow.width, pixels.length / shownWindow.width, name), context = canvas.getContext('2d');
  const image = context.createImageData(canvas.width, canvas.height);
  pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  context.putImageData(image, 0, 0);
  const given = bytesOf(shownWindow.context).length / pixels.length;
  return [make('div', { class: 'picture' }, canvas, make('i', { class: 'row', style: `top:${100 * given}%` }))];
}

// The spectrogram of the truth up to where that of the sample begins; and the sound, likewise.
function sound(shownWindow, entry, name) {
  const images = [shownWindow.image, entry.image].map((source) => Object.assign(new Image(), { src: source }));
  const canvas = canvasOf(1, 1, name);
  Promise.all(images.map((image) => image.decode())).then(() => {
    Object.assign(canvas, { width: images[0].width, height: images[0].height });
    const context = canvas.getContext('2d');
    context.drawImage(images[0], 0, 0);
    context.drawImage(images[1], entry.image_at, 0);
  });
  const all = atob(shownWindow.sound), drawn = atob(entry.bytes), at = shownWindow.sound_at;
  const file = all.slice(0, at) + drawn + all.slice(at + drawn.length);
  return [make('div', { class: 'picture sound' }, canvas, make('i', { class: 'column', style: `left:${100 * shownWindow.given}%` })),
    make('audio', { controls: '', preload: 'none', src: `data:audio/wav;base64,${btoa(file)}`, 'aria-label': name })];
}

function sample(input, shownWindow, entry) {
  const row = input.rows[entry.row], name = named(row) + (entry.index ? ` #${entry.index}` : '');
  const content = input.medium === 'audio' ? sound(shownWindow, entry, name)
    : input.medium === 'image' ? picture(shownWindow, entry, name)
      : [make('div', { class: 'text' }, entry.text)];
  return make('figure', {}, ...content, make('figcaption', {}, mark(input, row), make('b', {}, name), ` ${entry.caption}`));
}

function samplesOf(input) {
  const hint = {
    image: 'Beside the bar: what was drawn, below what was given.',
    audio: 'After the line, and at the end of the sound: what was drawn. What you hear begins before the context.',
  };
  // The figures that captions have.
  const captions = input.metrics.filter((metric) => metric.kind === 'sample' && metric.concise).slice(0, 4);
  const links = captions.flatMap((metric, i) => [i ? ', ' : '', defined(metric)]);
  return [make('p', { class: 'faint' }, `${hint[input.medium] || 'First the end of the context, then what follows it: really, and as each model draws it.'} Below each: `, ...links, '.'),
    ...input.windows.map((shownWindow, i) => {
      const holder = make('div', { class: 'samples' });
      const fill = () => {
        if (!holder.childElementCount) holder.append(...shownWindow.samples.map((entry) => sample(input, shownWindow, entry)));
      };
      const one = make('details', { ontoggle: () => one.open && whenNear(holder, fill), open: i === 0 ? '' : undefined },
        make('summary', {}, `Window ${shownWindow.number} of ${input.window_count}${input.medium === 'image' ? '' : `, at byte ${shownWindow.begin.toLocaleString('en')}`}`));
      if (shownWindow.context !== undefined && input.medium !== 'image') one.append(make('p', { class: 'context' }, shownWindow.context));
      one.append(holder);
      return one;
    })];
}
