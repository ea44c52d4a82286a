// Puts the parts together.

const kFirstText = 'she sells sea shells by the sea shore, and the shells she sells are sea ';
const kExamples = [
  ['a tongue-twister', kFirstText],
  ['a hole', 'The ship sailed to the shore. The whale ___ to the shore. The ship swam to the whale.'],
  ['numbers', '1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, '],
  ['records', '{"name": "Ahab", "ship": "Pequod"}\n{"name": "Starbuck", "ship": "Pequod"}\n{"name": "'],
  ['bytes', 'caf\\xC3\\xA9 \\x00\\x01\\x02\\xFF \\x00\\x01\\x02\\xFF \\x00\\x01'],
];

function showExamples() {
  element('examples').append(...kExamples.map(([name, text]) => make('li', {}, make('button', {
    type: 'button', class: 'quiet', onclick: () => { setText(text); element('text').focus(); },
  }, name))));
}

function offerColours() {
  element('colour-of').append(...catalogue.models.map((model) => make('option', { value: bestView(model) }, bestView(model))));
}

function showTroubleOfPage(message) {
  element('trouble').hidden = !message;
  element('trouble-text').textContent = message;
}

function unlock(event) {
  event.preventDefault();
  apiKey = element('key').value;
  element('lock').hidden = true;
  open();
}

const has = (select, value) => [...select.options].some((option) => option.value === value);

// What the address says, or a first text.
async function restore() {
  const state = await readFragment().catch(() => {
    showTroubleOfPage('The part of the address after # is damaged; this is the first text instead.');
    return { text: null, models: [] };
  });
  for (const [id, value] of [['colour-by', state.colour], ['colour-of', state.of]]) if (has(element(id), value)) element(id).value = value;
  setText(state.text ?? kFirstText);
  chooseModels(state.models);
  tell('colour');
}

async function open() {
  showTroubleOfPage('');
  try {
    if (!catalogue.models.length) await loadModels();
    if (!element('colour-of').length) offerColours();
  } catch (error) {
    return showTroubleOfPage(error.message);
  }
  await restore();
  if (matchMedia('(hover: hover)').matches) element('text').focus({ preventScroll: true });
  return document.body.classList.add('open');
}

page.addEventListener('locked', () => {
  element('lock').hidden = false;
  element('key').focus();
});
element('lock').addEventListener('submit', unlock);
element('again').addEventListener('click', open);
addEventListener('hashchange', restore);
showExamples();
startExpectations();  // first: bars wait for nothing else
startEditor();
startDreams();
startMedia();
startCosts();
startSharing();
open();
