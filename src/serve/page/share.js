// What is seen, in the address: everything after #, which browsers send to no server.

const kLongText = 400;      // characters, from which on a text is compressed
const kMostAddress = 60000; // characters that every browser takes

async function piped(bytes, transform) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(transform)).arrayBuffer());
}

async function fragmentOfState() {
  const fields = new URLSearchParams();
  if (editor.text.length < kLongText) fields.set('text', editor.text);
  else fields.set('deflated', urlBase64(await piped(utf8.encode(editor.text), new CompressionStream('deflate-raw'))));
  fields.set('models', [...chosen].join(';'));
  fields.set('colour', element('colour-by').value);
  fields.set('of', element('colour-of').value);
  for (const [name, value] of Object.entries(dreamOptions())) fields.set(name, value);
  return `#${fields}`;
}

async function readFragment() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const deflated = fields.get('deflated');
  const text = deflated === null ? fields.get('text')
    : new TextDecoder().decode(await piped(bytesOfUrlBase64(deflated), new DecompressionStream('deflate-raw')));
  lengthOf = fields.has('length') && text?.includes(kHole) ? 'hole' : 'dream';
  for (const field of element('dream-options').querySelectorAll('[name]')) field.value = fields.get(field.name) ?? field.defaultValue ?? '';
  return { text, models: fields.get('models')?.split(';') ?? [], colour: fields.get('colour'), of: fields.get('of') };
}

// The address follows what is seen, so that a reload shows it again.
const keepAddress = afterQuiet(500, async () => {
  const fragment = await fragmentOfState();
  if (fragment.length < kMostAddress && fragment !== location.hash) history.replaceState(null, '', fragment);
});

async function copyLink() {
  const fragment = await fragmentOfState();
  const said = element('shared');
  if (fragment.length >= kMostAddress) {
    said.textContent = 'The text is too long for an address.';
    return;
  }
  history.replaceState(null, '', fragment);
  try {
    await navigator.clipboard.writeText(location.href);
    said.textContent = 'Copied.';
  } catch {
    said.textContent = 'The address of this page is the link.';
  }
}

function startSharing() {
  element('share').addEventListener('click', copyLink);
  for (const what of ['text', 'models', 'colour']) listen(what, keepAddress);
  element('dream-options').addEventListener('change', keepAddress);
}
