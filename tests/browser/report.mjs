// SPDX-License-Identifier: MIT
// Does in Chromium what a reader of report.html does, and prints what came of it as JSON.
//   node report.mjs MODULES CHROMIUM FILE [SEARCH]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, executablePath, file, search = ''] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/`));
const { chromium } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core'), 'utf8');
const url = pathToFileURL(file).href;
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

async function open(options) {
  const complaints = [];
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => { if (request.url() !== url) complaints.push(`request: ${request.url().slice(0, 80)}`); });
  const began = performance.now();
  await page.goto(url);
  return { page, context, complaints, openMsecs: performance.now() - began };
}

const names = (page) => page.$$eval('#boxes > tbody > tr:first-child > th', (cells) => cells.map((cell) => cell.innerText.split('\n')[0]));
const column = (page, number) => page.$$eval(`#boxes > tbody > tr:first-child > :nth-child(${number})`, (cells) => cells.map((cell) => cell.innerText));

const texts = (page) => page.$$eval('#boxes > tbody', (all) => all.map((one) => one.textContent.trim()).sort());

async function judge(colorScheme) {
  const { page, context, complaints } = await open({ colorScheme, bypassCSP: true });
  for (const details of await page.$$('details')) await details.evaluate((element) => { element.open = true; });
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => globalThis.axe.run());
  await context.close();
  return { complaints, faults: found.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' ')}`) };
}

const result = {};
const { page, complaints, openMsecs } = await open({});
result.openMsecs = openMsecs;
result.text = await page.$eval('body', (body) => { const copy = body.cloneNode(true); copy.querySelectorAll('script, style').forEach((one) => one.remove()); return copy.textContent; });
result.elements = await page.evaluate(() => document.getElementsByTagName('*').length);
result.scripts = await page.$$eval('script', (scripts) => scripts.length);
result.width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
result.figures = Object.fromEntries(await page.$$eval('[data-k]', (all) => all.map((one) => [one.dataset.k, one.querySelector('dd').innerText])));
result.names = await names(page);
const heads = await page.$$eval('#boxes > thead th', (cells) => cells.map((cell) => cell.innerText));
result.heads = heads;
const messages = heads.findIndex((head) => head === 'Messages') + 1;
if (messages > 0) {
  const began = performance.now();
  await page.click(`#boxes > thead th:nth-child(${messages}) button`);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
  result.sortMsecs = performance.now() - began;
  result.descending = await column(page, messages);
  await page.click(`#boxes > thead th:nth-child(${messages}) button`);
  result.ascending = await column(page, messages);
  await page.focus('#boxes > thead th:nth-child(1) button');
  await page.keyboard.press('Enter');
  result.byName = await names(page);
}
if (search !== '') {
  await page.fill('#find', search);
  result.found = await names(page);
  result.shown = await page.innerText('#shown');
  await page.fill('#find', 'nobody is called like that');
  result.nothing = await page.isVisible('#nothing');
  await page.fill('#find', '');
}
const grades = await page.$$eval('#grade option', (options) => options.map((option) => option.value)).catch(() => []);
result.grades = {};
for (const grade of grades.filter(Boolean)) {
  await page.selectOption('#grade', grade);
  result.grades[grade] = (await names(page)).length;
}
if (grades.length > 0) await page.selectOption('#grade', '');
const box = await page.$('#boxes details:has(table)');
if (box) {
  result.wasOpen = await box.evaluate((element) => element.open);
  await box.$eval('summary', (summary) => summary.click());
  result.opened = await box.innerText();
  result.openedWidth = await page.$eval('.wide:has(> #boxes)', (wide) => [wide.scrollWidth, wide.clientWidth]);
}
if (process.env.WITH_ROWS !== undefined && await page.isVisible('#more')) await page.click('#more');
const rows = process.env.WITH_ROWS !== undefined ? await texts(page) : [];
if (process.env.WITHOUT_PDF === undefined) result.pdfBytes = (await page.pdf({ format: 'A4' })).length;
result.complaints = complaints;
const plain = await open({ javaScriptEnabled: false });
result.withoutScript = await plain.page.$$eval('#boxes > tbody', (all) => all.length);
if (rows.length > 0) result.sameWithoutScript = JSON.stringify(await texts(plain.page)) === JSON.stringify(rows);
result.toolsWithoutScript = await plain.page.isVisible('#tools').catch(() => false);
// A mail viewer may run scripts, but not this one.
const blocked = await browser.newContext();
const guarded = await blocked.newPage();
const source = readFileSync(file, 'utf8').replace(/script-src [^"]+/, "script-src 'none'");
await guarded.setContent(source);
result.shownWhenBlocked = await guarded.$$eval('#boxes > tbody', (all) => all.filter((one) => getComputedStyle(one).display !== 'none').length);
result.toolsWhenBlocked = await guarded.isVisible('#tools').catch(() => false);
await blocked.close();
if (process.env.WITHOUT_AXE === undefined) {
  result.light = await judge('light');
  result.dark = await judge('dark');
}
await browser.close();
console.log(JSON.stringify(result));
