'use strict';
// Elements, numbers as they are shown, and what the page says of each figure.

const data = JSON.parse(document.getElementById('data').textContent);

// make('button', {type: 'button', onclick: sort}, 'text'): attributes that are undefined are left out.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element[key] = value;
    else if (value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const named = (row) => row.how ? `${row.model}, ${row.how}` : row.model;
const figure = (row, key) => row.figures[key];
const mean = (row, key) => {
  const f = figure(row, key);
  return f ? (f.mean === null ? Infinity : f.mean) : undefined;
};
const modelsOf = (input) => input.rows.filter((row) => !row.bound);
const truthOf = (input) => input.rows.find((row) => row.bound && row.model === 'truth');

function shown(metric, value) {
  if (value === undefined || value === null) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const scaled = value * metric.factor;
  if (Math.abs(scaled) >= 1000) return Math.round(scaled).toLocaleString('en');
  return scaled.toFixed(metric.digits);
}

// How far from what is good; the smaller the better.
function shortfall(metric, row, truth) {
  const value = mean(row, metric.key);
  if (value === undefined) return undefined;
  if (metric.aim === 'lower') return value;
  if (metric.aim === 'higher') return -value;
  const real = truth && mean(truth, metric.key);
  return real === undefined ? undefined : Math.abs(value - real);
}

function withUnit(metric) {
  return metric.unit && !metric.title.includes('/') ? `${metric.title} (${metric.unit})` : metric.title;
}

// What is no figure of its own. The whole of it is in docs/compare.md.
const terms = {
  model: ['model', 'What predicts and draws, then how it was drawn from, unless that is its own distribution at temperature 1. The row truth knows what follows and draws it; uniform gives every byte 8 bits and draws noise.'],
  temperature: ['temperature (T)', 'What is drawn has probabilities as p^(1/T): below 1 the probable becomes more so. Samplers that differ in it alone are one series, joined by a line in the order of T.'],
  context: ['context (bytes)', 'So many bytes before the truth are all that the model has seen.'],
  error: ['standard error (±)', 'Of the mean over windows: their standard deviation over the root of their number. With differences ± is half of a 95 % confidence interval.'],
  interval: ['95 % confidence interval', 'Student’s t over windows, W − 1 degrees of freedom; of a share Wilson’s, which stays between 0 and 1.'],
  seeds: ['error by the seeds', 'The part of the standard error that comes from the seeds of the samples alone: sqrt(mean variance within a window / (K n)), of n windows with K samples each. Where it is most of the error, more samples (--count) help; where it is little, only more windows do. None of a single sample, and of what is no mean over samples.'],
  difference: ['difference', 'To the reference, over the windows that both have.'],
  places: ['not told apart from the best', 'No model is better by a paired t-test over the windows that both have, corrected for all pairs (Holm 1979), p < 0.05. Nothing is marked where that is said of all.'],
};
const better = { lower: 'lower is better', higher: 'higher is better', truth: 'the nearer to the truth’s the better' };

const anchorOf = (what) => typeof what === 'string' ? `term-${what}` : `figure-${what.key.replace(/[^\w-]/g, '-')}`;
const nameOf = (what) => typeof what === 'string' ? terms[what][0] : withUnit(what);

// A name that leads to its definition; or, after a name that does something else, a question mark.
const defined = (what, text = nameOf(what)) => make('a', { href: `#${anchorOf(what)}` }, text);
const question = (what) => make('a', { class: 'what', href: `#${anchorOf(what)}`, 'aria-label': `what ${nameOf(what)} is` }, '?');

// Of all inputs' figures, each once.
function definitions() {
  const metrics = new Map(data.inputs.flatMap((input) => input.metrics).map((metric) => [metric.key, metric]));
  const entry = (what, ...text) => [make('dt', { id: anchorOf(what), tabindex: '-1' }, nameOf(what)), make('dd', {}, ...text)];
  // In the chapters that define them in full.
  const chapters = [...new Set([...metrics.values()].map((metric) => metric.definition))];
  const list = chapters.flatMap((chapter) => [
    make('h3', {}, chapter.replace(/^[^#]*#/, '').replace(/-/g, ' '), ' ', make('span', { class: 'faint' }, `in full: ${chapter}`)),
    make('dl', {}, ...[...metrics.values()].filter((metric) => metric.definition === chapter).flatMap((metric) =>
      entry(metric, `${metric.meaning}; ${better[metric.aim]}`)))]);
  return make('section', { id: 'definitions' }, make('h2', {}, 'What the figures are'), ...list, make('h3', {}, 'Words'),
    make('dl', {}, ...Object.keys(terms).flatMap((term) => entry(term, terms[term][1]))));
}
