// The page: a section for each input, then the definitions.

function fillSection(input) {
  Object.assign(input, { series: seriesOf(input), legends: [], drawn: [] });
  input.section.append(...opening(input), make('h3', {}, 'Figures'), ...tableWithTools(input),
    make('h3', {}, 'Plots'), ...plots(input), make('h3', {}, 'Samples'), ...samplesOf(input));
}

document.getElementById('about').textContent = data.about;
document.getElementById('command').textContent = data.command;
document.getElementById('footer').append(make('p', { class: 'faint' },
  `kraft ${data.kraft}; ${data.settings}. Charts: Chart.js ${Chart.version}.`));
data.inputs.forEach((input, i) => {
  input.index = i;
  input.section = make('section', { id: `input-${i}` }, make('h2', {}, input.name), make('p', { class: 'faint' }, input.about));
  document.getElementById('contents').append(make('a', { href: `#input-${i}` }, input.name), ' ');
  document.getElementById('main').append(input.section);
});
document.getElementById('contents').append(make('a', { href: '#definitions' }, 'What the figures are'));
document.getElementById('main').append(definitions());

// One after the other, so that the first is there at once. Then the address may name a part of any.
function fillFrom(i) {
  if (i < data.inputs.length) {
    fillSection(data.inputs[i]);
    setTimeout(() => fillFrom(i + 1));
    return;
  }
  document.documentElement.dataset.filled = '';
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part) part.scrollIntoView();
}
fillFrom(0);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => data.inputs.forEach((input) => (input.drawn || []).forEach((draw) => draw())));
