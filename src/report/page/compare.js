'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  // Okabe and Ito's colours, told apart also by the colour-blind, and readable on light and dark.
  const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1', '#a6761d'];

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === 'onclick' || key === 'onchange') element[key] = value;
      else if (value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  const named = (row) => row.label;
  const figure = (row, key) => row.figures[key];
  const mean = (row, key) => {
    const f = figure(row, key);
    return f ? (f.mean === null ? Infinity : f.mean) : undefined;
  };

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

  // From the reference, with its sign.
  function difference(metric, row, d) {
    if (row.reference) return 'reference';
    if (!d) return '–';
    return `${d.mean === null || d.mean > 0 ? '+' : ''}${shown(metric, d.mean === null ? Infinity : d.mean)}`;
  }

  function table(input, all, pairs) {
    const metrics = input.metrics.filter((m) => (all || m.concise) && (!pairs || m.kind !== 'cost'));
    const reference = input.rows.find((row) => row.reference);
    const truth = input.rows.find((row) => row.bound && row.model === 'truth');
    const best = metrics.map((metric) => Math.min(...input.rows.filter((row) => !row.bound)
      .map((row) => shortfall(metric, row, truth)).filter((v) => v !== undefined)));
    const body = make('tbody');
    const differ = input.rows.some((row) => row.windows !== input.window_count);
    let sorted = { column: -1, down: false };

    function fill() {
      const rows = input.rows.slice();
      if (sorted.column >= 0) {
        const metric = metrics[sorted.column - 1];
        rows.sort((a, b) => {
          if (!metric) return (sorted.down ? -1 : 1) * named(a).localeCompare(named(b));
          const x = mean(a, metric.key), y = mean(b, metric.key);
          if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
          return x === y ? 0 : (sorted.down ? -1 : 1) * (x < y ? -1 : 1);
        });
      }
      body.replaceChildren(...rows.map((row) => {
        const tr = make('tr', { class: row.bound ? 'bound' : undefined }, make('th', { scope: 'row', title: row.bound ? undefined : `${row.model}, drawn by ${row.sampler}` }, named(row)));
        if (differ) tr.firstChild.append(make('span', { class: 'count' }, `n = ${row.windows}`));
        metrics.forEach((metric, i) => {
          const f = figure(row, metric.key);
          const places = (row.places || {})[metric.key], d = (row.differences || {})[metric.key];
          const td = make('td', {}, pairs ? difference(metric, row, d) : shown(metric, mean(row, metric.key)));
          if (!pairs && f && f.error !== null && metric.kind !== 'cost')
            td.append(make('span', { class: 'error' }, `±${shown(metric, f.error)}`));
          if (pairs && d && d.high !== null)
            td.append(make('span', { class: 'error' }, `±${shown(metric, d.high - d.mean)}`));
          td.title = [
            f && f.error !== null && metric.kind !== 'cost' ? `95 % confidence interval ${shown(metric, f.low)} to ${shown(metric, f.high)}, ${f.windows} windows` : '',
            d ? `${difference(metric, row, d)} (${shown(metric, d.low)} to ${shown(metric, d.high)}) to ${named(reference)} over ${d.windows} windows, Holm's p ${d.p === null ? '–' : d.p.toPrecision(2)}` : '',
            places ? `place ${places[0] === places[1] ? places[0] : `${places[0]} to ${places[1]}`}` : '',
          ].filter(Boolean).join('; ');
          if (!row.bound && (places ? places[0] === 1 : shortfall(metric, row, truth) === best[i])) td.classList.add('best');
          tr.append(td);
        });
        return tr;
      }));
    }

    const head = make('tr');
    [{ title: 'model', meaning: 'model, and how it was drawn from, unless by its own distribution' }, ...metrics].forEach((metric, i) => {
      const th = make('th', { scope: 'col', title: metric.meaning });
      th.append(make('button', {
        type: 'button',
        onclick: () => {
          sorted = { column: i, down: sorted.column === i ? !sorted.down : metric.aim === 'higher' };
          for (const other of head.children) other.removeAttribute('aria-sort');
          th.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
          fill();
        },
      }, i === 0 ? 'model' : withUnit(metric)));
      head.append(th);
    });
    fill();
    return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Figures of ${input.name}` },
      make('table', {}, make('thead', {}, head), body));
  }

  // Confidence intervals, and the truth's own level.
  const intervals = {
    id: 'intervals',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea, scales } = chart;
      ctx.save();
      chart.data.datasets.forEach((set, i) => {
        chart.getDatasetMeta(i).data.forEach((point, k) => {
          const raw = set.data[k];
          if (raw.low == null || raw.high == null) return;
          ctx.strokeStyle = set.borderColor;
          ctx.lineWidth = 1.5;
          ctx.beginPath();
          ctx.moveTo(point.x, Math.max(chartArea.top, scales.y.getPixelForValue(raw.high)));
          ctx.lineTo(point.x, Math.min(chartArea.bottom, scales.y.getPixelForValue(raw.low)));
          if (raw.right != null) {
            const left = raw.left > 0 ? scales.x.getPixelForValue(raw.left) : chartArea.left;
            ctx.moveTo(Math.max(chartArea.left, left), point.y);
            ctx.lineTo(Math.min(chartArea.right, scales.x.getPixelForValue(raw.right)), point.y);
          }
          ctx.stroke();
        });
      });
      const level = chart.options.truthLevel;
      if (level !== undefined && Number.isFinite(level)) {
        const y = scales.y.getPixelForValue(level);
        if (y < chartArea.top || y > chartArea.bottom) return ctx.restore();
        ctx.strokeStyle = ctx.fillStyle = chart.options.color;
        ctx.setLineDash([5, 4]);
        ctx.beginPath();
        ctx.moveTo(chartArea.left, y);
        ctx.lineTo(chartArea.right, y);
        ctx.stroke();
        ctx.font = '12px system-ui, sans-serif';
        ctx.fillText('truth', chartArea.left + 6, y - 4 > chartArea.top + 8 ? y - 4 : y + 13);
      }
      ctx.restore();
    },
  };

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let drawings = [];  // how to draw each chart, again when the colours change

  function chart(label, configure) {
    const canvas = make('canvas', { role: 'img', 'aria-label': label });
    let drawn = null;
    drawings.push(() => {
      if (drawn) drawn.destroy();
      drawn = new Chart(canvas, configure());
    });
    return make('figure', {}, make('div', { class: 'canvas' }, canvas), make('figcaption', {}, label));
  }

  // Thousands as 1k; of a logarithmic axis, powers of ten and what lies between them.
  const brief = (value) => Math.abs(value) >= 1000 ? `${Number((value / 1000).toPrecision(3))}k`
    : String(Number(value.toPrecision(3)));

  const roundDigits = (value) => {
    const lead = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
    return [1, 2, 5].some((digit) => Math.abs(lead - digit) < 1e-6);
  };

  // Wide enough for all values, and then some.
  function limits(values, logarithmic) {
    const finite = values.filter((v) => typeof v === 'number' && Number.isFinite(v) && (!logarithmic || v > 0));
    if (finite.length === 0) return {};
    const low = Math.min(...finite), high = Math.max(...finite);
    if (logarithmic) return { min: low / 1.7, max: high * 1.7 };
    const room = (high - low || Math.abs(high) || 1) * 0.08;
    return { suggestedMin: low - room, suggestedMax: high + room };
  }

  function axis(title, values, logarithmic) {
    return {
      type: logarithmic ? 'logarithmic' : 'linear', ...limits(values, logarithmic),
      title: { display: true, text: title, color: css('--ink') },
      grid: { color: css('--line') },
      ticks: {
        color: css('--faint'), maxRotation: 0, autoSkipPadding: 14,
        callback: (value) => logarithmic && !roundDigits(value) ? '' : brief(value),
      },
    };
  }

  function options(x, y, truthLevel) {
    return {
      animation: false, maintainAspectRatio: false, color: css('--faint'), truthLevel,
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${brief(item.parsed.x)}, ${brief(item.parsed.y)}` } },
      },
      scales: { x, y },
    };
  }

  function scatter(input, xMetric, yMetric, logarithmic) {
    const truth = input.rows.find((row) => row.bound && row.model === 'truth');
    const real = truth && mean(truth, yMetric.key);
    const sets = input.rows.filter((row) => !row.bound).map((row, i) => {
      const x = mean(row, xMetric.key), y = mean(row, yMetric.key), f = figure(row, yMetric.key);
      const usable = Number.isFinite(x) && Number.isFinite(y);
      const scaled = (v) => v === null || v === undefined ? null : v * yMetric.factor;
      return {
        label: named(row), pointRadius: 6, pointHoverRadius: 8,
        backgroundColor: colours[i % colours.length], borderColor: colours[i % colours.length],
        data: usable ? [{ x: x * xMetric.factor, y: scaled(y), low: scaled(f.low), high: scaled(f.high) }] : [],
      };
    });
    const points = sets.flatMap((set) => set.data);
    const level = real === undefined ? undefined : real * yMetric.factor;
    const heights = [...points.flatMap((p) => [p.y, p.low, p.high]), yMetric.aim === 'truth' ? level : undefined];
    return {
      type: 'scatter', data: { datasets: sets }, plugins: [intervals],
      options: options(axis(withUnit(xMetric), points.map((p) => p.x), logarithmic), axis(withUnit(yMetric), heights), level),
    };
  }

  // Of the judge's bits and the copies of samples: the goal is where real text is. What differs in
  // its temperature alone is joined.
  function frontier(input, judge, copy) {
    const point = (row) => {
      const x = figure(row, copy.key), y = figure(row, judge.key);
      if (!x || !y || x.mean === null || y.mean === null) return [];
      return [{ x: x.mean, y: y.mean, low: y.low, high: y.high, left: x.low, right: x.high }];
    };
    const rows = input.rows.filter((row) => !row.bound);
    const colour = (row) => colours[rows.indexOf(row) % colours.length];
    const sets = rows.map((row) => ({
      label: named(row), pointRadius: 6, pointHoverRadius: 8, backgroundColor: colour(row),
      borderColor: colour(row), data: point(row),
    }));
    const temperature = (row) => Number((/(?:^|,)temperature=([^,]*)/.exec(row.sampler) || [0, 1])[1]);
    const curves = new Map();
    for (const row of rows) {
      const key = `${row.model} ${row.sampler.replace(/,temperature=[^,]*/, '')}`;
      curves.set(key, [...(curves.get(key) || []), row]);
    }
    const lines = [...curves.values()].filter((all) => all.length > 1).map((all) => ({
      label: all[0].model, showLine: true, pointRadius: 0, pointHitRadius: 0, borderWidth: 1.5, borderColor: colour(all[0]),
      data: all.sort((a, b) => temperature(a) - temperature(b)).flatMap(point).map(({ x, y }) => ({ x, y })),
    }));
    const truth = input.rows.filter((row) => row.bound && row.model === 'truth');
    const real = {
      label: 'real text', pointStyle: 'rectRot', pointRadius: 9, pointHoverRadius: 11,
      backgroundColor: css('--ink'), borderColor: css('--ink'), data: truth.flatMap(point),
    };
    const all = [real, ...sets].flatMap((set) => set.data);
    return {
      type: 'scatter', data: { datasets: [real, ...sets, ...lines] }, plugins: [intervals],
      options: options(axis(withUnit(copy), all.map((p) => p.x), true),
        axis(withUnit(judge), all.flatMap((p) => [p.y, p.low, p.high]))),
    };
  }

  function opening(input) {
    const judge = input.metrics.find((m) => m.key.startsWith('judge_bits_per_byte:'));
    const copy = input.metrics.find((m) => m.key === 'mean_copy_bytes');
    if (!judge || !copy) return [];
    return [make('h3', {}, 'Quality against copying'),
      make('div', { class: 'opening' }, chart(`What ${judge.title} pays for the samples, against the mean length of what they copy from the context`,
        () => frontier(input, judge, copy))),
      legend(input),
      make('p', { class: 'faint' }, 'The diamond is real text: samples are the better the nearer they are to it. Lower and to the right: more is quoted; higher: the judge expects it less.')];
  }

  const legend = (input) => make('ul', { class: 'legend' }, ...input.rows.filter((row) => !row.bound).map((row, i) =>
    make('li', {}, make('span', { style: `background:${colours[i % colours.length]}` }), named(row))));

  function rates(input) {
    const sets = input.rows.filter((row) => !row.bound).map((row, i) => ({
      label: named(row), colour: i, model: row.model,
      data: row.rates.map((r) => ({ x: r.context_bytes, y: r.mean, low: r.low, high: r.high })),
      showLine: true, borderWidth: 2, pointRadius: 3,
      backgroundColor: colours[i % colours.length], borderColor: colours[i % colours.length],
    })).filter((set, i, all) => all.findIndex((other) => other.model === set.model) === i);
    return {
      type: 'scatter', data: { datasets: sets },
      options: options(axis('context (bytes)', sets.flatMap((set) => set.data.map((p) => p.x)), true),
        axis('code length (bits/byte)', sets.flatMap((set) => set.data.map((p) => p.y)))),
    };
  }

  function plots(input) {
    const metric = (key) => input.metrics.find((m) => m.key === key);
    const qualities = input.metrics.filter((m) => m.kind === 'sample');
    let quality = qualities.find((m) => m.concise) || qualities[0];
    const select = make('select', { id: `quality-${input.index}` },
      ...qualities.map((m) => make('option', { value: m.key }, withUnit(m))));
    select.value = quality.key;
    const figures = make('div', { class: 'plots' },
      chart('Quality of the samples against speed', () => scatter(input, metric('bytes_per_second'), quality, true)),
      chart('Quality of the samples against prediction of the truth', () => scatter(input, metric('bits_per_byte'), quality, false)),
      chart('Code length of the truth against length of context', () => rates(input)));
    const own = drawings.slice(-3);
    select.onchange = () => {
      quality = metric(select.value);
      own.slice(0, 2).forEach((draw) => draw());
    };
    return [make('div', { class: 'tools' }, make('label', { for: select.id }, 'Quality:'), select), legend(input), figures,
      make('p', { class: 'faint' }, 'Bars: 95 % confidence intervals over windows. Dashed: the truth itself.')];
  }

  function sample(input, shownWindow, entry) {
    const caption = make('figcaption', {}, make('b', {}, entry.name), ` ${entry.caption}`);
    if (entry.image === undefined)
      return make('figure', {}, make('div', { class: 'text' },
        make('span', { class: 'context' }, shownWindow.context), make('mark', {}, entry.text)), caption);
    const picture = make('div', { class: input.medium === 'audio' ? 'picture sound' : 'picture' },
      make('img', { src: entry.image, alt: `${entry.name}: ${entry.caption}` }),
      input.medium === 'audio' ? make('i', { class: 'column', style: `left:${100 * entry.given}%` })
        : make('i', { class: 'row', style: `top:${100 * entry.given}%` }));
    const children = [picture];
    if (entry.audio) children.push(make('audio', { controls: '', preload: 'metadata', src: entry.audio, 'aria-label': entry.name }));
    return make('figure', {}, ...children, caption);
  }

  function section(input) {
    const all = make('input', { type: 'checkbox', id: `all-${input.index}` });
    const pairs = make('input', { type: 'checkbox', id: `pairs-${input.index}` });
    const holder = make('div', {}, table(input, false, false));
    all.onchange = pairs.onchange = () => holder.replaceChildren(table(input, all.checked, pairs.checked));
    const reference = input.rows.find((row) => row.reference);
    const differ = input.rows.some((row) => Object.keys(row.differences || {}).length > 0);
    const windows = input.windows.map((w, i) => make('details', i === 0 ? { open: '' } : {},
      make('summary', {}, `Window ${w.number} of ${input.window_count}${input.medium === 'image' ? '' : `, at byte ${w.begin.toLocaleString('en')}`}`),
      make('div', { class: 'samples' }, ...w.samples.map((entry) => sample(input, w, entry)))));
    const hint = { image: 'Beside the bar: what was drawn, below what was given.', audio: 'After the line, and at the end of the sound: what was drawn. What you hear begins before the context.' };
    return make('section', { id: `input-${input.index}` },
      make('h2', {}, input.name), make('p', { class: 'faint' }, input.about),
      ...opening(input), make('h3', {}, 'Figures'),
      make('div', { class: 'tools' }, make('label', {}, all, ' all columns'),
        ...(differ ? [make('label', {}, pairs, ` differences to ${named(reference)}`)] : []),
        make('span', { class: 'faint' }, 'Mean ± standard error over windows (of differences ± half a 95 % interval); click a heading to sort. Blue: not told apart from the best.')),
      holder, make('h3', {}, 'Plots'), ...plots(input), make('h3', {}, 'Samples'),
      make('p', { class: 'faint' }, hint[input.medium] || 'Gray: the end of the context. Marked: what was drawn.'), ...windows);
  }

  document.getElementById('about').textContent = data.about;
  document.getElementById('command').textContent = data.command;
  document.getElementById('footer').append(make('p', { class: 'faint' },
    `kraft ${data.kraft}; ${data.settings}. Charts: Chart.js ${Chart.version}.`));
  data.inputs.forEach((input, i) => {
    input.index = i;
    document.getElementById('contents').append(make('a', { href: `#input-${i}` }, input.name));
    document.getElementById('main').append(section(input));
  });
  const draw = () => drawings.forEach((one) => one());
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
})();
