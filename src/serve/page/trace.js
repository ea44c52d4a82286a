// What the bytes at the end of the editor's text cost, by the model that colours them; kept up with typing.
//
// What stands before editor.tailByte is context only: a long text is not predicted anew for its colours.

const kTracedAtOnce = 200;  // bytes; so that long texts are coloured bit by bit
const kLeastCopy = 4;       // bytes

const trace = {
  spec: '',      // '': the text has no colours
  begin: 0,      // entries[i] is of the byte begin + i
  text: new Uint8Array(),  // what the entries are of, with its context
  entries: [],   // {bits, rank, top: [{byte, probability}]}
  copies: [],    // {begin, size, source, within, excerpt}: places in bytes of the whole text
  trouble: '',
};
let asked = null;  // the request under way: {end, controller}


// The copy that a byte is part of; they are in the order of their places, and do not overlap.
function copyAt(copies, byte) {
  let low = 0, high = copies.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (copies[middle].begin + copies[middle].size <= byte) low = middle + 1; else high = middle;
  }
  return copies[low]?.begin <= byte ? copies[low] : undefined;
}

function commonPrefix(a, b) {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) ++at;
  return at;
}

function forgetTrace() {
  Object.assign(trace, { begin: editor.tailByte, entries: [], copies: [], trouble: '' });
  asked?.controller.abort();
}

// Keeps what is still true of the text, and asks for the rest.
function retrace() {
  const same = commonPrefix(trace.text, editor.bytes);
  const spec = element('colour-by').value === 'nothing' ? '' : element('colour-of').value;
  if (spec !== trace.spec || editor.tailByte !== trace.begin || same < trace.begin) forgetTrace();
  if (asked && same < asked.end) asked.controller.abort();
  trace.spec = spec;
  trace.text = editor.bytes;
  trace.entries.length = Math.min(trace.entries.length, Math.max(0, same - trace.begin));
  trace.copies = trace.copies.filter((copy) => copy.begin + kLeastCopy <= same)
    .map((copy) => ({ ...copy, size: Math.min(copy.size, same - copy.begin) }));
  if (!asked) followText();
}

const tracedUntil = () => trace.begin + trace.entries.length;

// From where on copies may be others now that there is more of the text: one that goes on gets longer, and a few last
// bytes may have become one.
function openFrom() {
  const until = tracedUntil(), last = trace.copies.at(-1);
  const closed = last ? last.begin + last.size : trace.begin;
  if (closed < until || !last) return Math.max(closed, until - kLeastCopy + 1);
  return until - last.begin <= kTracedAtOnce ? last.begin : until;
}

async function followText() {
  while (trace.spec && tracedUntil() < trace.text.length) {
    asked = { end: Math.min(trace.text.length, tracedUntil() + kTracedAtOnce), controller: new AbortController() };
    try {
      await firstBars;
      await traceSome(openFrom(), asked.end, asked.controller.signal);
    } catch (error) {
      if (wasAborted(error)) continue;
      trace.trouble = error.message;
      break;
    }
    tell('trace');
  }
  asked = null;
  tell('trace');
}

async function traceSome(from, end, signal) {
  const { begin, text } = trace;
  const found = await askForTrace(trace.spec, text.subarray(0, begin), text.subarray(begin, end), from - begin, signal);
  trace.entries.splice(from - begin, Infinity, ...found.bytes);
  trace.copies = trace.copies.filter((copy) => copy.begin < from)
    .concat(found.copies.map((copy) => ({ ...copy, begin: copy.begin + begin })).filter((copy) => copy.begin >= from))
    .map((copy, index) => ({ ...copy, index }));
  trace.trouble = '';
}
