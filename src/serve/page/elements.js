// Elements, what a screen reader is told, and what parts of the page tell each other.

const element = (id) => document.getElementById(id);

// make('button', {class: 'chip', onclick: choose}, 'text'): attributes that are false or undefined are left out.
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

// 'text': the bytes have changed. 'caret': it has moved. 'models': others are chosen. 'colour': by what, or of which model.
const page = new EventTarget();
const tell = (what) => page.dispatchEvent(new Event(what));
const listen = (what, then) => page.addEventListener(what, then);

// Calls at most once in so many milliseconds of quiet.
function afterQuiet(milliseconds, call) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(call, milliseconds, ...values);
  };
}

// Only what is still true after a while: nobody can listen to every key's figures.
const announce = afterQuiet(800, (text) => { element('said').textContent = text; });

const grouped = (number) => Math.round(number).toLocaleString('en');
const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;

function percent(share) {
  if (share >= 0.9995) return '100 %';
  if (share >= 0.0995) return `${(100 * share).toFixed(0)} %`;
  if (share >= 0.00995) return `${(100 * share).toFixed(1)} %`;
  return share >= 0.0001 ? `${(100 * share).toFixed(2)} %` : '< 0.01 %';
}

const inBits = (bits) => `${bits < 10 ? bits.toFixed(2) : bits.toFixed(1)} bits`;

function ordinal(number) {
  const teen = number % 100 >= 11 && number % 100 <= 13;
  return `${grouped(number)}${teen ? 'th' : ['th', 'st', 'nd', 'rd'][number % 10] || 'th'}`;
}
