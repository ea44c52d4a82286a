// What is known of one character: its probability, what else might have stood there, where it was copied from.
//
// A finding is {label, entries, copy}: what it is called, the trace of each of its bytes, and the copy it belongs to.

const kLevels = [0.5, 1, 2, 3.5, 5.5, 8, 11];  // bits: where a character's colour changes
const levelOf = (bits) => kLevels.filter((limit) => bits >= limit).length;
const bitsOf = (entries) => entries.reduce((sum, entry) => sum + entry.bits, 0);

// The class that colours a character; copies that touch have different colours.
function colourClass(by, entries, copy) {
  if (by === 'copy') return copy ? `copy${copy.index % 3}` : '';
  return by === 'surprisal' && entries.length ? `level${levelOf(bitsOf(entries))}` : '';
}

function surprise({ label, entries }) {
  const bits = bitsOf(entries);
  const rank = Math.max(...entries.map((entry) => entry.rank)) + 1;
  const choice = rank === 1 ? 'the most probable' : `${ordinal(rank)} choice`;
  return make('p', {}, make('b', { class: label.raw ? 'byte raw' : 'byte' }, label.text),
    ` ${percent(2 ** -bits)}, ${inBits(bits)}, ${choice}`);
}

// onBranch(byte) makes the alternatives buttons.
function alternatives({ entries }, onBranch) {
  const list = make('ul', { class: 'alternatives', 'aria-label': 'Alternatives' });
  for (const { byte, probability } of entries[0].top) {
    const label = labelOfByte(byte);
    const what = [make('b', { class: label.raw ? 'byte raw' : 'byte' }, label.text), ` ${percent(probability)}`];
    list.append(make('li', {}, onBranch
      ? make('button', { type: 'button', 'aria-label': `Put ${label.name} here, ${percent(probability)}`, onclick: () => onBranch(byte) }, ...what)
      : make('span', {}, ...what)));
  }
  return list;
}

const shortened = (text, most) => text.length > most ? `${text.slice(0, most / 2)} … ${text.slice(-most / 2)}` : text;

function source({ copy }) {
  const place = copy.within === 'prime' ? `byte ${grouped(copy.source)} of the corpus`
    : `byte ${grouped(copy.source - catalogue.primeBytes)} of the text`;
  const [before, copied, after] = copy.excerpt;
  return make('p', { class: 'source' }, `Part of ${counted(copy.size, 'byte')} that stand at ${place}: `,
    make('q', {}, shortened(before, 60), make('mark', {}, shortened(copied, 80)), shortened(after, 60)));
}

function described(finding, onBranch) {
  const parts = [];
  if (finding.entries.length) parts.push(surprise(finding), alternatives(finding, onBranch));
  if (finding.copy) parts.push(source(finding));
  return parts;
}

// The card beside what is pointed at. It cannot be pointed at itself.
function showTip(finding, box) {
  const tip = element('tip');
  const parts = described(finding);
  tip.hidden = parts.length === 0;
  if (tip.hidden) return;
  tip.replaceChildren(...parts);
  const room = 8, { innerWidth, innerHeight } = window;
  const left = Math.min(Math.max(room, box.left), innerWidth - tip.offsetWidth - room);
  const below = box.bottom + room, fits = below + tip.offsetHeight < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${fits ? below : Math.max(room, box.top - room - tip.offsetHeight)}px`;
}

const hideTip = () => { element('tip').hidden = true; };
