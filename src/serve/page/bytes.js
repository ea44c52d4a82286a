// Models know bytes, an editor knows characters. Its text stands for the bytes of its characters in UTF-8, and \xHH for
// the byte HH: so every string of bytes can be shown, edited and shared. A backslash is otherwise a backslash; the
// literal text \xHH is written \\xHH.

const kEscape = /(\\+)x([0-9a-fA-F]{2})/g;
// What cannot be seen, or would move what stands around it: controls but line feed and tab, marks of direction, separators.
const kInvisible = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const kReplacement = 0xfffd;

const hex = (byte) => byte.toString(16).toUpperCase().padStart(2, '0');
const escaped = (byte) => `\\x${hex(byte)}`;

function joinedBytes(...parts) {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const sameBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

// The bytes that a text stands for.
function bytesOfText(text) {
  if (!text.includes('\\x')) return utf8.encode(text);
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(kEscape)) {
    const [whole, backslashes, digits] = found;
    parts.push(utf8.encode(text.slice(done, found.index)));
    parts.push(backslashes.length === 1 ? Uint8Array.of(parseInt(digits, 16)) : utf8.encode(whole.slice(1)));
    done = found.index + whole.length;
  }
  return joinedBytes(...parts, utf8.encode(text.slice(done)));
}

// How many bytes a character has that begins with this one; 0 where none does.
function sizeFromLead(byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

// The character that begins there, or '' where the bytes are none, or are not to be seen.
function characterAt(bytes, at) {
  const size = sizeFromLead(bytes[at]);
  if (!size || at + size > bytes.length) return '';
  try {
    const character = strictUtf8.decode(bytes.subarray(at, at + size));
    return kInvisible.test(character) ? '' : character;
  } catch {
    return '';
  }
}

// A text that stands for the bytes.
function textOfBytes(bytes) {
  const parts = [];  // characters and escapes
  for (let at = 0; at < bytes.length;) {
    const character = characterAt(bytes, at);
    parts.push(character || escaped(bytes[at]));
    at += character ? sizeFromLead(bytes[at]) : 1;
  }
  return parts.join('') === '' ? '' : withLiteralBackslashes(parts);
}

// Backslashes among the characters are kept from being read as the beginning of an escape.
function withLiteralBackslashes(parts) {
  let text = '';
  for (let i = 0; i < parts.length; ++i) {
    if (parts[i] !== '\\') {
      text += parts[i];
      continue;
    }
    let end = i;
    while (parts[end] === '\\') ++end;
    const follows = parts[end] ?? '';
    if (follows.length === 4) text += escaped(0x5c).repeat(end - i);
    else text += '\\'.repeat(end - i) + (/^x[0-9a-f]{2}$/i.test(parts.slice(end, end + 3).join('')) ? '\\' : '');
    i = end - 1;
  }
  return text;
}

// A text with bytes after it: as little is written anew as is possible, so that the pieces of a character join.
function appended(text, bytes) {
  const wanted = joinedBytes(bytesOfText(text), bytes);
  const head = text.replace(/(\\x[0-9a-fA-F]{2}){1,3}$/, '');
  for (const kept of [head, text]) {
    const joined = kept + textOfBytes(wanted.subarray(bytesOfText(kept).length));
    if (sameBytes(bytesOfText(joined), wanted)) return joined;
  }
  return textOfBytes(wanted);
}

const graphemes = window.Intl?.Segmenter ? new Intl.Segmenter('en', { granularity: 'grapheme' }) : null;

function charactersOf(text) {
  if (/^[\0-\x7f]*$/.test(text)) return text.split('');
  return graphemes ? Array.from(graphemes.segment(text), (one) => one.segment) : Array.from(text);
}

// What can be pointed at in a text: its characters and escapes, and the bytes that each stands for.
// [{text, raw, begin, end, beginByte, endByte}]: begin and end are places in the string.
function unitsOf(text, firstByte = 0) {
  const units = [];
  let at = 0, byte = firstByte;
  const add = (piece, raw, size) => {
    units.push({ text: piece, raw, begin: at, end: at + piece.length, beginByte: byte, endByte: byte + size });
    at += piece.length;
    byte += size;
  };
  const addCharacters = (piece) => charactersOf(piece).forEach((one) => add(one, false, utf8.encode(one).length));
  for (const found of text.matchAll(kEscape)) {
    addCharacters(text.slice(at, found.index));
    const [whole, backslashes] = found;
    if (backslashes.length === 1) {
      add(whole, true, 1);
    } else {
      add(whole.slice(0, 2), false, 1);  // two backslashes that stand for one
      addCharacters(whole.slice(2));
    }
  }
  addCharacters(text.slice(at));
  return units;
}

// The bytes at the end that begin a character and do not end it.
function openCharacter(bytes) {
  for (let size = 1; size <= 3 && size <= bytes.length; ++size) {
    const lead = bytes[bytes.length - size];
    if (lead >= 0xc0) return sizeFromLead(lead) > size ? bytes.subarray(bytes.length - size) : bytes.subarray(0, 0);
    if (lead < 0x80) break;
  }
  return bytes.subarray(0, 0);
}

const kNamed = { 32: ['␣', 'space'], 10: ['⏎', 'line feed'], 9: ['⇥', 'tab'], 13: ['␍', 'carriage return'] };

// A byte as it is shown where it stands by itself, after the bytes `open` of a character: {text, name, raw}.
function labelOfByte(byte, open = new Uint8Array()) {
  if (kNamed[byte]) return { text: kNamed[byte][0], name: kNamed[byte][1], raw: false };
  const joined = joinedBytes(open, Uint8Array.of(byte));
  const character = characterAt(joined, 0);
  if (character && sizeFromLead(joined[0]) === joined.length) return { text: character, name: character, raw: false };
  return { text: hex(byte), name: `byte ${hex(byte)}`, raw: true };
}

const labelOfUnit = (unit, bytes) => unit.endByte - unit.beginByte === 1
  ? labelOfByte(bytes[unit.beginByte]) : { text: unit.text, name: unit.text, raw: unit.raw };

// Base64, both ways.
function base64OfBytes(bytes) {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

const bytesOfBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

// For an address: https://www.rfc-editor.org/rfc/rfc4648#section-5
const urlBase64 = (bytes) => base64OfBytes(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const bytesOfUrlBase64 = (text) => bytesOfBase64(text.replace(/-/g, '+').replace(/_/g, '/'));
