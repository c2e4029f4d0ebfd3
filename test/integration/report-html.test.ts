import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html } from '../../reports/html.ts';
import type { StoredEvidence } from '../../src/model/evidence.ts';
import { CHROMIUM, hasChromium, openBrowser } from '../browser/chromium.ts';
import { sample, sampleEvidence } from '../fixtures/assessment-sample.ts';
import { sampleWithModel } from '../fixtures/assessment-with-model.ts';
import { HOSTILE, hostileCopy } from '../reports/hostile.ts';

if (!hasChromium)
  console.warn(
    `SKIPPED: the HTML report was not looked at in a browser, there is none at ${CHROMIUM} (apt-get install chromium, or set CHROMIUM_PATH)`,
  );

describe.skipIf(!hasChromium)('the HTML report in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'viewshed-report-'));
  const context = { evidence: (id: number) => sampleEvidence.get(id), width: 80, color: false };
  const complaints: string[] = [];
  const requests: string[] = [];
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;

  async function load(name: string, text: string, hash = ''): Promise<void> {
    const path = join(folder, name);
    writeFileSync(path, text);
    await page.goto('about:blank');
    requests.length = 0;
    complaints.length = 0;
    await page.goto(pathToFileURL(path).href + hash);
  }

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => complaints.push(message.text()));
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('opens from disk, asks for nothing else and complains of nothing', async () => {
    await load('report.html', html.render(sample, context));
    expect(await page.locator('h1').textContent()).toBe('Card payments');
    await page.getByRole('button', { name: 'Open all' }).click();
    await page.locator('.because .answers').first().click();
    await page.keyboard.press('Escape');
    expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it('jumps from the matrix to the need, by arrow keys too', async () => {
    await load('report.html', html.render(sample, context));
    const stops = await page.locator('.matrix a[tabindex="0"]').count();
    expect(stops).toBe(1);
    await page.locator('.matrix a[tabindex="0"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.closest("article")?.id')).toMatch(/^need-/);
    const id = await page.evaluate<string>('document.activeElement.closest("article").id');
    expect(new URL(page.url()).hash).toBe(`#${id}`);
    expect(await page.locator(`#${id} > details`).getAttribute('open')).not.toBeNull();
  });

  it('opens the need that its address names, filtered away or not', async () => {
    await load('report.html', html.render(sample, context), '#need-0badf00d');
    await expect.poll(() => page.locator('#need-0badf00d > details').getAttribute('open')).not.toBeNull();
    await page.getByRole('checkbox', { name: /covered/ }).uncheck();
    await expect.poll(() => page.locator('#need-0badf00d').isVisible()).toBe(false);
    await page.locator('.matrix a[href="#need-0badf00d"]').click();
    await expect.poll(() => page.locator('#need-0badf00d').isVisible()).toBe(true);
  });

  it('filters needs by verdict, severity and text, and the inventory by source, account, state and text', async () => {
    await load('report.html', html.render(sample, context));
    const shown = (selector: string): Promise<number> => page.locator(`${selector}:visible`).count();
    const needs = page.locator('[data-filters=needs]');
    expect(await shown('.need')).toBe(10);
    await needs.getByRole('checkbox', { name: /covered/ }).uncheck();
    await expect.poll(() => shown('.need')).toBe(7);
    await needs.getByLabel('Severity').selectOption('high');
    await expect.poll(() => shown('.need')).toBe(3);
    await needs.getByLabel('Text').fill('flow LOG');
    await expect.poll(() => shown('.need')).toBe(2);
    expect(await needs.locator('output').textContent()).toBe('Showing 2 of 10 needs');
    await needs.getByLabel('Text').press('Escape');
    await expect.poll(() => shown('.need')).toBe(3);

    const rows = page.locator('[data-filters=inventory]');
    await rows.getByLabel('Source').selectOption('aws.cloudtrail.management');
    await expect.poll(() => shown('.inventory tr[data-account]')).toBe(3);
    await rows.getByLabel('Account').selectOption('222233334444');
    await expect.poll(() => shown('.inventory tr[data-account]')).toBe(1);
    await rows.getByLabel('Account').selectOption('');
    await rows.getByLabel('Collected').selectOption('unknown');
    await expect.poll(() => shown('.inventory tr[data-account]')).toBe(1);
    await rows.getByLabel('Text').fill('nothing like it');
    await expect.poll(() => shown('.inventory tbody')).toBe(0);
  });

  it('shows the raw answer behind a statement, closes by Escape and gives the focus back', async () => {
    await load('report.html', html.render(sample, context));
    const button = page.locator('.because .answers').first();
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    expect(await dialog.isVisible()).toBe(true);
    await page.keyboard.press('ArrowDown');
    const { id: _, ...record } = sampleEvidence.get(3) as StoredEvidence;
    expect(JSON.parse((await dialog.locator('pre').textContent()) ?? '')).toEqual(record);
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
    expect(await page.evaluate('document.activeElement === document.querySelector(".because .answers")')).toBe(true);
  });

  it('runs nothing of what hostile names and answers contain', async () => {
    const body = { texts: HOSTILE, more: '</script><script>window.pwned=1</script><!--<script>' };
    await load(
      'hostile.html',
      html.render(hostileCopy(sampleWithModel), {
        ...context,
        evidence: (id) => ({ ...(sampleEvidence.get(2) as StoredEvidence), id, account: HOSTILE[3] as string, body: { ...body, id } }),
      }),
    );
    await page.getByRole('button', { name: 'Open all' }).click();
    for (const button of await page.locator('.answers:visible').all()) {
      await button.click();
      await page.keyboard.press('Escape');
    }
    await page.locator('.answers:visible').first().click();
    const { texts } = JSON.parse((await page.locator('dialog pre').textContent()) ?? '').body;
    expect(texts).toEqual(HOSTILE);
    await page.keyboard.press('Escape');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.locator('img, iframe, object, embed, form[action]').count()).toBe(0);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('is readable in the %s: contrast of at least 4.5', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await load('report.html', html.render(sampleWithModel, context));
    await page.getByRole('button', { name: 'Open all' }).click();
    const weak = await page.evaluate<string[]>(CONTRAST);
    await page.emulateMedia({ colorScheme: null });
    expect(weak).toEqual([]);
  });

  it('fits a narrow screen and goes by landmarks, headings and names', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await load('report.html', html.render(sampleWithModel, context));
    await page.getByRole('button', { name: 'Open all' }).click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.setViewportSize({ width: 1280, height: 900 });
    for (const role of ['banner', 'main', 'navigation'] as const) expect(await page.getByRole(role).count()).toBe(1);
    expect(await page.locator('h1').count()).toBe(1);
    expect(
      await page.evaluate(
        '[...document.querySelectorAll("section[aria-labelledby]")].every((one) => document.getElementById(one.getAttribute("aria-labelledby")))',
      ),
    ).toBe(true);
    expect(
      await page.evaluate(
        '[...document.querySelectorAll("button, a, select, input")].filter((one) => !(one.textContent || one.ariaLabel || one.closest("label")?.textContent).trim()).length',
      ),
    ).toBe(0);
    await page.reload();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
  });

  it('prints all details, and closes them again', async () => {
    await load('report.html', html.render(sample, context));
    expect(await page.getByText('no query log is associated with vpc-0payments.').isVisible()).toBe(false);
    await page.emulateMedia({ media: 'print' });
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.getByText('no query log is associated with vpc-0payments.').isVisible()).toBe(true);
    expect(await page.locator('.filters').first().isVisible()).toBe(false);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    await page.emulateMedia({ media: null });
    expect(await page.locator('.need > details[open]').count()).toBe(1);
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(20_000);
  });
});

/** Texts whose contrast with the first painted ground behind them is too low, by the WCAG formula. */
const CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = (color) => { const [r, g, b] = color.map((value) => { const share = value / 255; return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) { const color = rgba(getComputedStyle(one).backgroundColor); if (color[3] > 200) return color; }
    return [255, 255, 255, 255];
  };
  const weak = new Set();
  let checked = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('script, .hidden, svg, dialog, noscript, select')) continue;
    checked += 1;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.add(ratio.toFixed(2) + ' ' + element.tagName + '.' + element.className + ': ' + walker.currentNode.data.trim().slice(0, 40));
  }
  if (checked < 300) weak.add('only ' + checked + ' texts were looked at');
  return [...weak];
})()`;
