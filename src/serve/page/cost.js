// What the text costs by each chosen model: a plot of the bits that all bytes up to a place take together.

const kPlottedAtOnce = 250;  // bytes
let plotting = null;   // an AbortController, while costs are asked for
let plot = null;       // Chart.js's, of what is shown
let costs = [];        // [{spec, traced, bits: [of each byte]}]: traced is the view that is asked for

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function sums(bits) {
  let sum = 0;
  return [{ x: 0, y: 0 }, ...bits.map((one, i) => ({ x: i + 1, y: (sum += one) }))];
}

function axis(text) {
  return {
    type: 'linear', beginAtZero: true, title: { display: true, text, color: css('--ink') },
    grid: { color: css('--line') }, ticks: { color: css('--faint'), maxRotation: 0, autoSkipPadding: 14 },
  };
}

function drawPlot() {
  plot?.destroy();
  plot = new Chart(element('cost-plot'), {
    type: 'line',
    data: {
      datasets: costs.map(({ spec, bits }) => ({
        label: spec, data: sums(bits), parsing: false, borderColor: colourOf(spec), backgroundColor: colourOf(spec), borderWidth: 2, pointRadius: 0,
      })),
    },
    options: {
      animation: false, maintainAspectRatio: false, interaction: { mode: 'index', intersect: false },
      plugins: {
        legend: { labels: { color: css('--ink'), boxWidth: 12, boxHeight: 12 } },
        tooltip: { callbacks: { title: ([item]) => `after byte ${item.parsed.x}`, label: (item) => ` ${item.dataset.label}: ${item.parsed.y.toFixed(1)} bits` } },
      },
      scales: { x: { ...axis('bytes of the text'), max: Math.max(1, ...costs.map(({ bits }) => bits.length)) }, y: axis('bits') },
    },
  });
}

// The same for who sees no plot.
function listCosts() {
  element('cost-list').replaceChildren(...costs.map(({ spec, bits }) => {
    const sum = bits.reduce((all, one) => all + one, 0);
    const rate = bits.length ? `, ${(sum / bits.length).toFixed(2)} bits per byte` : '';
    const item = make('li', {}, make('span', { class: 'dot' }), `${spec}: ${sum.toFixed(1)} bits${rate}`);
    item.style.setProperty('--hue', colourOf(spec));
    return item;
  }));
}

function showCosts() {
  element('cost-figure').hidden = false;
  listCosts();
  if (window.Chart) drawPlot();
  else element('cost-plot').parentElement.hidden = true;
}

async function askForCost(cost, context, text, signal) {
  while (cost.bits.length < text.length) {
    const end = Math.min(text.length, cost.bits.length + kPlottedAtOnce);
    const found = await askForTrace(cost.traced, context, text.subarray(0, end), cost.bits.length, signal);
    cost.bits.push(...found.bytes.map((one) => one.bits));
    showCosts();
  }
}

async function compareCosts() {
  plotting?.abort();
  const { signal } = plotting = new AbortController();
  const context = editor.bytes.subarray(0, editor.tailByte), text = editor.bytes.subarray(editor.tailByte);
  element('cost-trouble').hidden = true;
  costs = chosenModels().map((model) => ({ spec: model.spec, traced: bestView(model), bits: [] }));
  const outcomes = await Promise.allSettled(costs.map((cost) => askForCost(cost, context, text, signal)));
  const failed = outcomes.find((one) => one.status === 'rejected' && !wasAborted(one.reason));
  element('cost-trouble').hidden = !failed;
  if (failed) element('cost-trouble').textContent = failed.reason.message;
}

function startCosts() {
  element('compare-costs').addEventListener('click', compareCosts);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { if (plot) drawPlot(); });
}
