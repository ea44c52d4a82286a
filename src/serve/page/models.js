// The server's models, and which of them the reader has chosen.

// Okabe and Ito's colours, told apart also by the colour-blind.
const kColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1', '#a6761d'];
const kChosenAtFirst = 3;

const catalogue = { models: [], primeBytes: 0, version: '' };
const chosen = new Set();  // specifications

const colourOf = (spec) => kColours[catalogue.models.findIndex((one) => one.spec === spec) % kColours.length];
const chosenModels = () => catalogue.models.filter((one) => chosen.has(one.spec));

// The specifications of a model's views, first that in which it predicts best: a codec's decoder.
const viewsOf = (model) => model.views.length > 1 ? [`${model.spec},view=decoder`, model.spec] : [model.spec];
const bestView = (model) => viewsOf(model)[0];
const sight = (model) => model.windowBytes ? `sees ${grouped(model.windowBytes)} bytes` : 'sees all';

function chooseModels(specs) {
  const known = specs.filter((spec) => catalogue.models.some((one) => one.spec === spec));
  chosen.clear();
  for (const spec of known.length ? known : catalogue.models.slice(0, kChosenAtFirst).map((one) => one.spec)) chosen.add(spec);
  for (const box of element('models').querySelectorAll('input')) box.checked = chosen.has(box.value);
  tell('models');
}

function toggleModel(event) {
  const { value, checked } = event.target;
  if (checked) chosen.add(value); else chosen.delete(value);
  tell('models');
}

function modelChip(model) {
  const box = make('input', { type: 'checkbox', value: model.spec, onchange: toggleModel });
  const chip = make('label', { class: 'chip', title: `${model.summary}; ${sight(model)}` }, box, make('span', { class: 'dot' }), model.spec);
  chip.style.setProperty('--hue', colourOf(model.spec));
  return chip;
}

async function loadModels() {
  Object.assign(catalogue, await askForModels());
  element('models').append(...catalogue.models.map(modelChip));
  element('corpus').textContent = catalogue.primeBytes
    ? `Before your text, every model has read a corpus of ${grouped(catalogue.primeBytes)} bytes.`
    : 'Models know nothing but your text. kraft serve --prime FILE lets them read a book first.';
  element('version').textContent = `kraft ${catalogue.version}`;
}

// The heading of what belongs to a model.
function modelHeading(model, spec = model.spec) {
  const heading = make('h3', { class: 'model' }, make('span', { class: 'dot' }), spec);
  heading.style.setProperty('--hue', colourOf(model.spec));
  return heading;
}
