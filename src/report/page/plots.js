// The plots of an input, on canvases of Chart.js, and the legend that they share.

// The colours are the style sheet's. With the shapes, whose number has no factor in common with theirs, there are 56 marks.
const colours = 8;
const shapes = {
  circle: '<circle cx="7" cy="7" r="4.5"/>', rect: '<path d="M3 3h8v8H3z"/>', triangle: '<path d="M7 2l5 9H2z"/>',
  cross: '<path d="M7 1v12M1 7h12"/>', crossRot: '<path d="M3 3l8 8M11 3l-8 8"/>', down: '<path d="M7 12l5-9H2z"/>',
  star: '<path d="M7 1v12M1 7h12M3 3l8 8M11 3l-8 8"/>',
};
const shapeNames = Object.keys(shapes);
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colourName = (index) => `--colour-${index % colours}`;

// Rows that differ in their temperature alone, in its order.
function seriesOf(input) {
  const all = new Map();
  for (const row of modelsOf(input)) all.set(row.series, [...(all.get(row.series) || []), row]);
  return [...all].map(([name, rows], index) =>
    ({ name, index, rows: rows.sort((a, b) => a.temperature - b.temperature), model: rows[0].model }));
}

const swatch = (index) => {
  const holder = make('span', { class: 'mark', style: `color: var(${colourName(index)})`, 'aria-hidden': 'true' });
  holder.innerHTML = `<svg viewBox="0 0 14 14">${shapes[shapeNames[index % shapeNames.length]]}</svg>`;
  return holder;
};
const mark = (input, row) => row.bound ? '' : swatch(input.series.find((one) => one.name === row.series).index);

// How its points look; faint while another series is singled out.
function style(input, series) {
  const shape = shapeNames[series.index % shapeNames.length];
  const faint = input.single !== undefined && input.single !== series.index;
  const colour = css(colourName(series.index)) + (faint ? '30' : '');
  return {
    label: series.name, faint, borderColor: colour, backgroundColor: colour, pointBorderWidth: /cross|star/.test(shape) ? 2.5 : 1,
    pointStyle: shape === 'down' ? 'triangle' : shape, pointRotation: shape === 'down' ? 180 : 0, pointRadius: 6, pointHoverRadius: 8,
  };
}

// One entry for each series, which singles it out.
function legend(input) {
  return make('ul', { class: 'legend' }, ...input.series.map((series) => {
    const button = make('button', { type: 'button', 'aria-pressed': 'false', onclick: () => {
      input.single = input.single === series.index ? undefined : series.index;
      for (const one of input.legends) one.setAttribute('aria-pressed', String(Number(one.dataset.series) === input.single));
      for (const draw of input.drawn) draw();
    } }, swatch(series.index), series.name);
    button.dataset.series = series.index;
    input.legends.push(button);
    return make('li', {}, button);
  }));
}

// Confidence intervals, and the truth's own level.
const intervals = {
  id: 'intervals',
  beforeDatasetsDraw(chart) {
    const { ctx, chartArea, scales } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
    ctx.clip();
    chart.data.datasets.forEach((set, i) => {
      ctx.strokeStyle = set.borderColor.slice(0, 7) + (set.faint ? '18' : '70');
      ctx.lineWidth = 1.5;
      chart.getDatasetMeta(i).data.forEach((point, k) => {
        const raw = set.data[k];
        if (raw.low == null || raw.high == null) return;
        ctx.beginPath();
        ctx.moveTo(point.x, scales.y.getPixelForValue(raw.high));
        ctx.lineTo(point.x, scales.y.getPixelForValue(raw.low));
        if (raw.right != null) {
          ctx.moveTo(raw.left > 0 ? scales.x.getPixelForValue(raw.left) : chartArea.left, point.y);
          ctx.lineTo(scales.x.getPixelForValue(raw.right), point.y);
        }
        ctx.stroke();
      });
    });
    const level = chart.options.truthLevel;
    if (Number.isFinite(level)) {
      const y = scales.y.getPixelForValue(level);
      ctx.strokeStyle = ctx.fillStyle = chart.options.color;
      ctx.setLineDash([5, 4]);
      ctx.beginPath();
      ctx.moveTo(chartArea.left, y);
      ctx.lineTo(chartArea.right, y);
      ctx.stroke();
      ctx.font = '12px system-ui, sans-serif';
      ctx.fillText('truth', chartArea.right - 32, y - 4 > chartArea.top + 8 ? y - 4 : y + 13);
    }
    ctx.restore();
  },
};

// At each point of a curve its temperature, as far as there is room: what is singled out comes first.
const temperatures = {
  id: 'temperatures',
  afterDatasetsDraw(chart) {
    const { ctx, chartArea } = chart;
    const taken = chart.data.datasets.flatMap((set, i) => chart.getDatasetMeta(i).data.map(({ x, y }) => ({ x: x - 5, y: y - 5, width: 10, height: 10 })));
    const curves = chart.data.datasets.map((set, i) => [set, i]).filter(([set]) => set.data.length > 1 && !set.faint);
    ctx.save();
    ctx.font = '11px system-ui, sans-serif';
    for (const [set, i] of curves) {
      ctx.fillStyle = set.borderColor;
      chart.getDatasetMeta(i).data.forEach((point, k) => {
        const text = String(set.data[k].temperature), width = ctx.measureText(text).width;
        const places = [[7, -15], [7, 5], [-7 - width, -15], [-7 - width, 5], [-width / 2, -20], [-width / 2, 9]]
          .map(([dx, dy]) => ({ x: point.x + dx, y: point.y + dy, width, height: 11 }));
        const free = places.find((box) => box.x >= chartArea.left && box.x + width <= chartArea.right + 20 && box.y >= chartArea.top - 8 && box.y + 11 <= chartArea.bottom &&
          taken.every((other) => box.x + width < other.x || other.x + other.width < box.x || box.y + 11 < other.y || other.y + other.height < box.y));
        if (!free) return;
        taken.push(free);
        ctx.fillText(text, free.x, free.y + 9);
      });
    }
    ctx.restore();
  },
};

// A plot with what its axes are below it: both may change when it is drawn again.
function chart(input, label, configure) {
  const canvas = make('canvas', { role: 'img', 'aria-label': label });
  const axes = make('span', {});
  let drawn = null, said = '';
  const name = (up, across) => {
    if (said === (said = `${anchorOf(up)} ${anchorOf(across)}`)) return;  // links stay, with the focus
    axes.replaceChildren(' Up: ', defined(up), '; across: ', defined(across), '.');
  };
  const draw = () => {
    if (drawn) drawn.destroy();
    else input.drawn.push(draw);
    const { up, across, ...config } = configure();
    name(up, across);
    drawn = new Chart(canvas, config);
  };
  const { up, across } = configure();
  name(up, across);
  whenNear(canvas, draw);
  return make('figure', {}, make('div', { class: 'canvas' }, canvas), make('figcaption', {}, `${label}.`, axes));
}

// Thousands as 1k.
const brief = (value) => Math.abs(value) >= 1000 ? `${Number((value / 1000).toPrecision(3))}k`
  : String(Number(value.toPrecision(3)));

// Wide enough for all values, and for bars as far as they do not make the values small.
function limits(values, bars, logarithmic) {
  const known = (list) => list.filter((v) => typeof v === 'number' && Number.isFinite(v) && (!logarithmic || v > 0));
  const finite = known(values);
  if (finite.length === 0) return {};
  const low = Math.min(...finite), high = Math.max(...finite);
  if (logarithmic) {
    const room = Math.max(1.1, (high / low) ** 0.1);
    return { min: low / room, max: high * room };
  }
  const span = high - low || Math.abs(high) || 1, ends = known(bars);
  return { min: Math.max(Math.min(low, ...ends), low - 0.4 * span) - 0.06 * span,
    max: Math.min(Math.max(high, ...ends), high + 0.4 * span) + 0.06 * span };
}

// 1, 2 and 5 times each power of ten; of many powers these alone.
function logarithmicTicks({ min, max }) {
  if (!(min > 0 && max < Infinity)) return [];  // there is nothing to show
  const decades = Math.log10(max / min), steps = decades > 3.5 ? [1] : decades > 0.6 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const ticks = [];
  for (let power = 10 ** Math.floor(Math.log10(min)); power <= max; power *= 10)
    ticks.push(...steps.map((step) => step * power).filter((value) => value >= min && value <= max));
  return ticks.map((value) => ({ value }));
}

function axis(what, values, bars, logarithmic) {
  return {
    type: logarithmic ? 'logarithmic' : 'linear', ...limits(values, bars, logarithmic),
    afterBuildTicks: logarithmic ? (scale) => { scale.ticks = logarithmicTicks(scale); } : undefined,
    title: { display: true, text: nameOf(what), color: css('--ink') },
    grid: { color: css('--line') },
    ticks: {
      color: css('--faint'), maxRotation: 0, autoSkipPadding: 8, includeBounds: false,
      callback: (value) => brief(value),
    },
  };
}

function tooltip({ dataset, raw, parsed }) {
  const at = dataset.data.length > 1 && raw.temperature !== undefined ? `, T = ${raw.temperature}` : '';
  return `${dataset.label}${at}: ${brief(parsed.x)}, ${brief(parsed.y)}`;
}

function options(x, y, truthLevel) {
  return {
    animation: false, maintainAspectRatio: false, color: css('--faint'), truthLevel,
    plugins: { legend: { display: false }, tooltip: { callbacks: { label: tooltip } } },
    scales: { x, y },
  };
}

function points(rows, x, y) {
  const scaled = (metric, value) => value === null || value === undefined ? null : value * metric.factor;
  return rows.flatMap((row) => {
    const across = figure(row, x.key), up = figure(row, y.key);
    if (!across || !up || across.mean === null || up.mean === null) return [];
    return [{
      x: scaled(x, across.mean), y: scaled(y, up.mean), low: scaled(y, up.low), high: scaled(y, up.high), temperature: row.temperature,
      ...(x.kind === 'sample' ? { left: scaled(x, across.low), right: scaled(x, across.high) } : {}),
    }];
  });
}

const ends = (list) => list.flatMap((point) => [point.low, point.high]);

// Of one figure against another one.
function scatter(input, x, y, logarithmic) {
  const truth = truthOf(input), real = truth && mean(truth, y.key);
  const sets = input.series.map((series) => ({ ...style(input, series), data: points(series.rows, x, y) }));
  const all = sets.flatMap((set) => set.data), level = real === undefined ? undefined : real * y.factor;
  const heights = all.map((p) => p.y).concat(y.aim === 'truth' ? level : []);
  return {
    up: y, across: x, type: 'scatter', data: { datasets: sets }, plugins: [intervals],
    options: options(axis(x, all.map((p) => p.x), [], logarithmic), axis(y, heights, ends(all)), level),
  };
}

// Of the judge's bits and the copies of samples: the goal is where real text is. Each series is a line.
function frontier(input, judge, copy) {
  const sets = input.series.map((series) =>
    ({ ...style(input, series), showLine: series.rows.length > 1, borderWidth: 2, data: points(series.rows, copy, judge) }));
  const real = {
    label: 'real text', pointStyle: 'rectRot', pointRadius: 9, pointHoverRadius: 11, backgroundColor: css('--ink'), borderColor: css('--ink'),
    data: points(input.rows.filter((row) => row === truthOf(input)), copy, judge),
  };
  const all = [real, ...sets].flatMap((set) => set.data);
  return {
    up: judge, across: copy, type: 'scatter', data: { datasets: [real, ...sets] }, plugins: [intervals, temperatures],
    options: options(axis(copy, all.map((p) => p.x), [], true), axis(judge, all.map((p) => p.y), ends(all))),
  };
}

function opening(input) {
  const judge = input.metrics.find((m) => m.key.startsWith('judge_bits_per_byte:'));
  const copy = input.metrics.find((m) => m.key === 'mean_copy_bytes');
  if (!judge || !copy) return [];
  const curves = input.series.some((series) => series.rows.length > 1);
  return [make('h3', {}, 'Quality against copying'),
    make('div', { class: 'opening' },
      chart(input, `What ${judge.title} pays for the samples, against the mean length of what they copy from the context`, () => frontier(input, judge, copy)),
      legend(input)),
    make('p', { class: 'faint' }, 'The diamond is real text: samples are the better the nearer they are to it. To the right more is quoted; higher up the judge expects it less. Bars: ',
      defined('interval', '95 % confidence intervals'), '.', ...(curves ? [' Numbers: ', defined('temperature'), '.'] : []))];
}

// Of models, whatever is drawn from them.
function rates(input, code) {
  const first = input.series.filter((series, i, all) => all.findIndex((other) => other.model === series.model) === i);
  const sets = first.map((series) => ({
    ...style(input, series), label: series.model, showLine: true, borderWidth: 2, pointRadius: 4,
    data: series.rows[0].rates.map((r) => ({ x: r.context_bytes, y: r.mean })),
  }));
  const all = sets.flatMap((set) => set.data);
  return {
    up: code, across: 'context', type: 'scatter', data: { datasets: sets },
    options: options(axis('context', all.map((p) => p.x), [], true), axis(code, all.map((p) => p.y), [])),
  };
}

function plots(input) {
  const metric = (key) => input.metrics.find((m) => m.key === key);
  const qualities = input.metrics.filter((m) => m.kind === 'sample');
  let quality = qualities.find((m) => m.concise) || qualities[0];
  const select = make('select', { id: `quality-${input.index}` },
    ...qualities.map((m) => make('option', { value: m.key }, withUnit(m))));
  select.value = quality.key;
  select.onchange = () => {
    quality = metric(select.value);
    for (const draw of input.drawn) draw();
  };
  return [make('div', { class: 'tools' }, make('label', { for: select.id }, 'Quality:'), select), legend(input),
    make('div', { class: 'plots' },
      chart(input, 'Quality of the samples against speed', () => scatter(input, metric('bytes_per_second'), quality, true)),
      chart(input, 'Quality of the samples against prediction of the truth', () => scatter(input, metric('bits_per_byte'), quality, false)),
      chart(input, 'Code length of the truth against length of context', () => rates(input, metric('code_bits_per_byte')))),
    make('p', { class: 'faint' }, 'Bars: ', defined('interval', '95 % confidence intervals'), '. Dashed: the truth itself.')];
}
