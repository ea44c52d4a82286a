// What the page asks the server for: the only place that knows the interface of `kraft serve`.

class ServerError extends Error {}

const wasAborted = (error) => error.name === 'AbortError';
let apiKey = '';  // for as long as the page is open

// Bytes as a request has them: a string where they are UTF-8.
function asField(bytes) {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return { base64: base64OfBytes(bytes) };
  }
}

async function failureOf(answer) {
  const said = await answer.json().catch(() => null);
  if (answer.status === 401) page.dispatchEvent(new Event('locked'));
  return new ServerError(said?.error?.message || `the server answers ${answer.status} ${answer.statusText}`.trim());
}

async function request(path, options) {
  const headers = options.body ? { 'Content-Type': 'application/json' } : {};
  if (apiKey) headers.Authorization = `Bearer ${apiKey}`;
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (wasAborted(error)) throw error;
    throw new ServerError('The server does not answer. Is kraft serve still running?');
  }
  if (!answer.ok) throw await failureOf(answer);
  return answer;
}

const post = (path, body, signal) => request(path, { method: 'POST', body: JSON.stringify(body), signal });

// Each message of a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)
// whose lines are `data: JSON`, until `data: [DONE]`.
async function* messagesOf(answer) {
  const reader = answer.body.getReader(), decoder = new TextDecoder();
  let pending = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new ServerError('The server broke off.');
    const lines = (pending + decoder.decode(value, { stream: true })).split('\n');
    pending = lines.pop();
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      const data = line.slice(5).trim();
      if (data === '[DONE]') return;
      const message = JSON.parse(data);
      if (message.error) throw new ServerError(message.error.message);
      yield message;
    }
  }
}

// A run of bytes in an answer.
const bytesOfRun = (object, name = 'text') => object[`${name}_base64`] !== undefined
  ? bytesOfBase64(object[`${name}_base64`]) : utf8.encode(object[name] ?? '');

// {models: [{spec, summary, views, windowBytes}], version, primeBytes}
async function askForModels() {
  const said = await (await request('/v1/models', {})).json();
  return {
    version: said.kraft.version,
    primeBytes: said.kraft.prime_bytes,
    models: said.data.map((one) => ({
      spec: one.id, name: one.kraft.name, summary: one.kraft.summary, views: one.kraft.views, windowBytes: one.kraft.window_bytes,
    })),
  };
}

// What models expect after the bytes, one after the other:
// {index: of the model, entropyBits, probability: [of each byte], milliseconds: that it took the server}.
async function* askWhatIsNext(specs, bytes, signal) {
  const asked = { model: specs, prompt: asField(bytes), top: 1, all: true, stream: true };
  for await (const said of messagesOf(await post('/v1/next', asked, signal))) {
    if (said.type !== 'expectation') continue;
    yield { index: said.index, entropyBits: said.entropy_bits, probability: said.probability, milliseconds: said.milliseconds };
  }
}

// What each byte of the text from `from` on costs after those before it:
// {bytes: [{bits, rank, top}], copies: [{index, begin, size, source, within, excerpt}]}; begin counts from
// the beginning of the text.
async function askForTrace(spec, context, text, from, signal) {
  const asked = { model: spec, prompt: asField(context), text: asField(text), from, top: 6 };
  const said = await (await post('/v1/trace', asked, signal)).json();
  const [trace] = said.traces;
  return {
    bytes: trace.bits.map((bits, i) => ({ bits: bits ?? Infinity, rank: trace.rank[i], top: trace.top[i] })),
    copies: said.copies.map((copy, index) => ({
      index, begin: copy.begin, size: copy.length_bytes, source: copy.context_begin, within: copy.in,
      excerpt: ['before', 'copied', 'after'].map((part) => textOfBytes(bytesOfRun(copy.excerpt, part))),
    })),
  };
}

// Lets a model draw; onBytes gets each piece. Returns the sample as it is measured at the end.
async function askForDream(fields, onBytes, signal) {
  const answer = await post('/v1/sample', { ...fields, stream: true }, signal);
  let sample = null;
  for await (const message of messagesOf(answer)) {
    if (message.type === 'bytes') onBytes(Uint8Array.from(message.bytes));
    if (message.type === 'end') sample = message.sample;
  }
  return sample;
}

const dataAddress = (file) => `data:${file.mime};base64,${file.base64}`;

// kind: 'image' or 'audio'.
async function askForCompletion(kind, fields, signal) {
  return (await post(`/v1/complete/${kind}`, fields, signal)).json();
}
