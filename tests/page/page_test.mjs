// Opens a page of `kraft compare --html` in a headless browser and uses it as a reader would.
//
//   node page_test.mjs PAGE.html [SCREENSHOT-PREFIX]
//
// Exit 77 (skipped) where there is no playwright-core or no Chromium.
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const skip = (why) => {
  console.log(`skipped: ${why}`);
  process.exit(77);
};

let chromium;
try {
  const folder = process.env.KRAFT_PLAYWRIGHT || process.cwd();
  ({ chromium } = createRequire(resolve(folder, 'package.json'))('playwright-core'));
} catch {
  skip('playwright-core not found (KRAFT_PLAYWRIGHT can name the folder whose node_modules has it)');
}
const program = [process.env.KRAFT_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find((path) => path && existsSync(path));
if (!program) skip('no Chromium (KRAFT_CHROMIUM can name it)');

const [file, screenshots] = process.argv.slice(2);
let failed = 0;
const expect = (what, fine, found = '') => {
  if (fine) return;
  failed += 1;
  console.log(`failed: ${what} ${found}`);
};

const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });

async function visit(look) {
  const context = await browser.newContext(look);
  const page = await context.newPage();
  const complaints = [], requests = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => { if (!/^(data|file|blob):/.test(request.url())) requests.push(request.url()); });
  await page.goto(pathToFileURL(resolve(file)).href);
  await page.waitForTimeout(500);
  expect('no console errors', complaints.length === 0, complaints.join('; '));
  expect('nothing from the network', requests.length === 0, requests.join(' '));
  return page;
}

const column = (page, index) => page.$$eval('section:first-of-type tbody tr', (rows, i) =>
  rows.map((row) => parseFloat(row.children[i].firstChild.textContent.replace(/,/g, ''))), index);
const ascending = (list) => list.every((value, i) => i === 0 || !(value < list[i - 1]));

const page = await visit({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
const heading = page.locator('section').first().locator('thead button').nth(1);
await heading.focus();
await page.keyboard.press('Enter');
const up = (await column(page, 1)).filter((v) => !Number.isNaN(v));
expect('sorted upwards by the keyboard', up.length > 2 && ascending(up), up.join(' '));
await heading.click();
const down = (await column(page, 1)).filter((v) => !Number.isNaN(v));
expect('sorted downwards', ascending(down.slice().reverse()), down.join(' '));
expect('the heading says so', await page.locator('th[aria-sort=descending]').count() === 1);

const narrow = await page.locator('section').first().locator('thead th').count();
await page.locator('#all-0').check();
expect('all columns are more', await page.locator('section').first().locator('thead th').count() > narrow);
await page.locator('#all-0').uncheck();

const drawn = await page.$$eval('canvas', (list) => list.map((canvas) => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some((value) => value !== 0);
}));
expect('every plot is drawn', drawn.length >= 3 && drawn.every(Boolean), drawn.join(' '));

await page.$$eval('details', (list) => list.forEach((one) => { one.open = true; }));
const sounds = await page.$$eval('audio', (list) => Promise.all(list.map((audio) => new Promise((done) => {
  if (audio.readyState >= 1) return done(audio.duration);
  audio.onloadedmetadata = () => done(audio.duration);
  audio.onerror = () => done(-1);
  audio.load();
}))));
expect('every sound loads', sounds.every((seconds) => seconds > 0), sounds.join(' '));
const broken = await page.$$eval('img', (list) => Promise.all(list.map((image) => image.decode().then(() => '', () => image.alt))));
expect('every picture loads', broken.every((alt) => alt === ''), broken.join(' '));
await page.$$eval('details', (list) => list.forEach((one, i) => { one.open = one.parentElement.querySelector('details') === one; }));
if (screenshots) await page.screenshot({ path: `${screenshots}-light.png`, fullPage: true });
await page.context().close();

for (const [name, look] of [
  ['dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, colorScheme: 'light' }]]) {
  const other = await visit(look);
  const width = await other.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  expect(`${name}: nothing beyond the edge`, width[0] <= width[1], width.join(' > '));
  if (screenshots) await other.screenshot({ path: `${screenshots}-${name}.png`, fullPage: name !== 'phone' });
  await other.context().close();
}
await browser.close();
console.log(`${drawn.length} plots, ${sounds.length} sounds, ${broken.length} pictures`);
process.exit(failed > 0 ? 1 : 0);
