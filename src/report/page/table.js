// The table of an input.

// From the reference, with its sign.
function difference(metric, row, d) {
  if (row.reference) return 'reference';
  if (!d) return '–';
  return `${d.mean === null || d.mean > 0 ? '+' : ''}${shown(metric, d.mean === null ? Infinity : d.mean)}`;
}

const hasSeeds = (input) => input.rows.some((row) => Object.values(row.figures).some((f) => f.seeds !== undefined));

// All that is known of one figure of a row.
function details(metric, row, reference) {
  const f = figure(row, metric.key), d = (row.differences || {})[metric.key], places = (row.places || {})[metric.key];
  return [
    f && f.error !== null && metric.kind !== 'cost' ? `95 % confidence interval ${shown(metric, f.low)} to ${shown(metric, f.high)}, ${f.windows} windows` : '',
    f && f.seeds !== undefined ? `standard error ${shown(metric, f.error)}, of it by the seeds ${shown(metric, f.seeds)}` : '',
    d ? `${difference(metric, row, d)} (${shown(metric, d.low)} to ${shown(metric, d.high)}) to ${named(reference)} over ${d.windows} windows, Holm's p ${d.p === null ? '–' : d.p.toPrecision(2)}` : '',
    places ? `place ${places[0] === places[1] ? places[0] : `${places[0]} to ${places[1]}`}` : '',
  ].filter(Boolean).join('; ');
}

function cell(metric, row, show, reference) {
  const f = figure(row, metric.key), d = (row.differences || {})[metric.key];
  const td = make('td', { title: details(metric, row, reference) || undefined },
    show.pairs ? difference(metric, row, d) : shown(metric, mean(row, metric.key)));
  if (show.pairs && d && d.high !== null) td.append(make('span', { class: 'error' }, `±${shown(metric, d.high - d.mean)}`));
  if (!show.pairs && f && f.error !== null && metric.kind !== 'cost') {
    td.append(make('span', { class: 'error' }, `±${shown(metric, f.error)}`));
    if (show.seeds && f.seeds !== undefined) td.append(make('span', { class: 'error' }, `(${shown(metric, f.seeds)})`));
  }
  return td;
}

// The rows that may have the first place, unless all may: then there is nothing to mark.
function bestOf(metric, input) {
  const rows = modelsOf(input).filter((row) => figure(row, metric.key)), truth = truthOf(input);
  const least = Math.min(...rows.map((row) => shortfall(metric, row, truth)).filter((v) => v !== undefined));
  const best = rows.filter((row) => {
    const places = (row.places || {})[metric.key];
    return places ? places[0] === 1 : shortfall(metric, row, truth) === least;
  });
  return new Set(best.length < rows.length || rows.length === 1 ? best : []);
}

// show: {all, pairs, seeds}, what is asked for.
function table(input, show) {
  const metrics = input.metrics.filter((m) => (show.all || m.concise) && (!show.pairs || m.kind !== 'cost'));
  const reference = input.rows.find((row) => row.reference);
  const best = metrics.map((metric) => bestOf(metric, input));
  const differ = input.rows.some((row) => row.windows !== input.window_count);
  const body = make('tbody');
  let sorted = { column: -1, down: false };
  const lines = new Map(input.rows.map((row) => {
    const name = make('th', { scope: 'row', title: row.bound ? undefined : `${row.model}, drawn by ${row.sampler}` }, mark(input, row), row.model);
    if (row.how) name.append(make('span', { class: 'how' }, row.how));
    if (differ) name.append(make('span', { class: 'how' }, `n = ${row.windows}`));
    const cells = metrics.map((metric, i) => {
      const td = cell(metric, row, show, reference);
      if (best[i].has(row)) td.classList.add('best');
      return td;
    });
    return [row, make('tr', { class: row.bound ? 'bound' : undefined }, name, ...cells)];
  }));

  function fill() {
    const rows = input.rows.slice();
    if (sorted.column >= 0) {
      const metric = metrics[sorted.column - 1], sign = sorted.down ? -1 : 1;
      rows.sort((a, b) => {
        if (!metric) return sign * named(a).localeCompare(named(b));
        const x = mean(a, metric.key), y = mean(b, metric.key);
        if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
        return x === y ? 0 : sign * (x < y ? -1 : 1);
      });
    }
    body.replaceChildren(...rows.map((row) => lines.get(row)));
  }

  const head = make('tr');
  ['model', ...metrics].forEach((what, i) => {
    const th = make('th', { scope: 'col', title: i === 0 ? undefined : what.meaning });
    th.append(make('button', {
      type: 'button',
      onclick: () => {
        sorted = { column: i, down: sorted.column === i ? !sorted.down : what.aim === 'higher' };
        for (const other of head.children) other.removeAttribute('aria-sort');
        th.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
        fill();
      },
    }, nameOf(what)), question(what));
    head.append(th);
  });
  fill();
  return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Figures of ${input.name}` },
    make('table', {}, make('thead', {}, head), body));
}

// With what can be asked of it.
function tableWithTools(input) {
  const box = (name) => make('input', { type: 'checkbox', id: `${name}-${input.index}` });
  const boxes = { all: box('all'), pairs: box('pairs'), seeds: box('seeds') };
  const asked = () => Object.fromEntries(Object.entries(boxes).map(([name, { checked }]) => [name, checked]));
  const holder = make('div', {}, table(input, asked()));
  for (const one of Object.values(boxes)) one.onchange = () => holder.replaceChildren(table(input, asked()));
  const reference = input.rows.find((row) => row.reference);
  const differ = input.rows.some((row) => Object.keys(row.differences || {}).length > 0);
  const tools = [make('label', {}, boxes.all, ' all columns')];
  if (differ) tools.push(make('span', {}, make('label', {}, boxes.pairs, ` differences to ${named(reference)}`), question('difference')));
  if (hasSeeds(input)) tools.push(make('span', {}, make('label', {}, boxes.seeds, ' error by the seeds, in brackets'), question('seeds')));
  return [make('div', { class: 'tools' }, ...tools),
    make('p', { class: 'faint' }, 'Mean ± ', defined('error', 'standard error'), ' over windows. A heading sorts. Blue: ', defined('places'), '.'), holder];
}
