import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dub, Verdict } from '../../../src/domain/dub.js';
import type { Translation } from '../../../src/domain/script.js';
import { check } from '../../../src/stages/check.js';
import { report } from '../../../src/stages/report.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { type Film, makeDub, makeFilm } from '../check/handmade.js';

let folder: string;
let film: Film;
let dub: Dub;
let verdict: Verdict;
let browser: Browser;

const hostile = '<img src="https://example.org/x.png" onerror="document.title=\'taken\'">';

beforeAll(async () => {
  folder = await makeFolder();
  film = await makeFilm(folder);
  dub = await makeDub(film, { omit: ['u0003'] }, { name: 'dub <of> film.mkv' });
  verdict = await check(film.source, film.script, film.takes, film.timeline, dub, film.options, film.ctx);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  await removeFolder(folder);
});

function translation(): Translation {
  const lines = film.script.utterances
    .filter(({ id }) => id !== 'u0005')
    .map(({ id }) => ({ utteranceId: id, text: id === 'u0001' ? hostile : `text of ${id}` }));
  const refusal = {
    utteranceId: 'u0005',
    stage: 'translate',
    code: 'PROVIDER_REFUSED',
    message: 'refused <it>',
  } as const;
  return { language: 'es', provider: 'test', lines, failures: [refusal] };
}

/** The page of a dub, `programmeMs` long as far as the plan knows. */
function makePage(programmeMs = film.timeline.programmeMs): Promise<string> {
  const { source, script, takes, timeline, ctx } = film;
  const reported = { source, script, takes, verdict, translation: translation(), originalStreamIndex: 1, folder };
  return report({ ...reported, timeline: { ...timeline, programmeMs } }, ctx);
}

/** Opens the page as a person does, without a network, and gathers what the browser objects to. */
async function open(html: string): Promise<{ page: Page; faults: string[]; asked: string[] }> {
  const path = join(folder, 'report.html');
  await writeFile(path, html);
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  const faults: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => asked.push(request.url().slice(0, 60)));
  await page.goto(pathToFileURL(path).href);
  return { page, faults, asked };
}

describe('report', () => {
  it('is one page that needs nothing else, and shows what a film says without running it', async () => {
    const { page, faults, asked } = await open(await makePage());
    expect(faults).toEqual([]);
    expect(asked.filter((url) => !url.startsWith('file:') && !url.startsWith('data:audio/mp4;base64,'))).toEqual([]);
    expect(await page.title()).toBe('dub <of> film.mkv: missed gates');
    expect(await page.textContent('#u0001 td:nth-child(5)')).toBe(hostile);
    expect(await page.locator('img').count()).toBe(0);
    await page.context().close();
  });

  it('has every gate and every line with its figures, missing and failed ones too', async () => {
    const { page } = await open(await makePage());
    const gates = await page
      .locator('table.gates tbody tr')
      .evaluateAll((rows) => rows.map((row) => [row.getAttribute('data-gate'), row.getAttribute('data-state')]));
    expect(gates).toEqual(verdict.gates.map((gate) => [gate.name, gate.passed ? 'passed' : 'missed']));
    const cells = (id: string) => page.locator(`#${id} td`).allTextContents();
    const second = verdict.lines.find((line) => line.utteranceId === 'u0002')!;
    expect((await cells('u0002')).slice(6, 9)).toEqual([
      `${Math.round(second.sourceStartMs - second.onsetMs!)} ms`,
      `${second.tempo.toFixed(2)}x`,
      second.likeness.toFixed(2),
    ]);
    expect((await cells('u0003')).at(-1)).toBe('not heard');
    expect((await cells('u0005')).at(-1)).toBe('not voiced: refused <it>');
    expect(await page.locator('.axis .block.source').count()).toBe(5);
    expect(await page.locator('.axis .block.dub').count()).toBe(5);
    expect(await page.locator('.axis .block.dub.brisk').count()).toBe(2);
    expect(await page.locator('.axis .block.dub.slow').count()).toBe(1);
    await page.context().close();
  });

  it('draws the waveforms of source and dub on the same axis', async () => {
    const { page } = await open(await makePage());
    const loudBins = (name: string) =>
      page.locator(`svg.wave.${name} path`).evaluate((path) => {
        const points: number[][] = path
          .getAttribute('d')!
          .slice(1, -1)
          .split('L')
          .map((pair: string) => pair.split(' ').map(Number));
        return points.filter(([, y]) => y! < 47).map(([x]) => x! * 20);
      });
    const [source, dubbed] = [await loudBins('source'), await loudBins('dub')];
    // The first words of both begin half a second into the film; before them there is next to silence.
    for (const bins of [source, dubbed]) {
      expect(Math.min(...bins)).toBeGreaterThanOrEqual(480);
      expect(Math.min(...bins)).toBeLessThan(700);
    }
    await page.context().close();
  });

  it('plays a line of either track from its start and stops at its end', async () => {
    const { page } = await open(await makePage());
    const state = (track: string) =>
      page.locator(`#${track}`).evaluate((sound) => {
        const { currentTime, paused } = sound as unknown as { currentTime: number; paused: boolean };
        return { currentTime, paused };
      });
    await page.click('#u0002 button[data-play=dub]');
    await expect.poll(async () => (await state('dub')).currentTime, { timeout: 20_000 }).toBeGreaterThan(3.2);
    expect(await page.locator('#needle').isVisible()).toBe(true);
    expect(await page.locator('#u0002').getAttribute('class')).toContain('playing');
    await page.click('#u0004 button[data-play=source]');
    await expect.poll(async () => (await state('source')).currentTime, { timeout: 20_000 }).toBeGreaterThan(8);
    expect((await state('dub')).paused).toBe(true);
    await expect.poll(async () => (await state('source')).paused, { timeout: 20_000 }).toBe(true);
    const end = film.script.utterances[3]!.endMs / 1000;
    expect((await state('source')).currentTime).toBeGreaterThanOrEqual(end);
    expect(await page.locator('tr.playing').count()).toBe(0);
    await page.context().close();
  });

  it('zooms the time axis', async () => {
    const { page } = await open(await makePage());
    const width = () =>
      page.locator('#axis').evaluate((axis) => (axis as unknown as { offsetWidth: number }).offsetWidth);
    const before = await width();
    await page.fill('#zoom', '4');
    expect((await width()) / before).toBeCloseTo(4, 1);
    await page.context().close();
  });

  it('names the sound of a long film by its path, so that the page stays small', async () => {
    const html = await makePage(16 * 60_000);
    expect(html.length).toBeLessThan(1_500_000);
    expect(html).not.toContain('data:audio');
    const { page, faults } = await open(html);
    expect(await page.locator('#dub').getAttribute('src')).toBe('dub%20%3Cof%3E%20film.mkv');
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('is made without the input too', async () => {
    const { source, script, takes, timeline, ctx } = film;
    const gone = { ...source, path: join(folder, 'gone.mkv') };
    const reported = {
      source: gone,
      script,
      takes,
      timeline,
      verdict,
      translation: translation(),
      originalStreamIndex: 1,
      folder,
    };
    const { page, faults } = await open(await report(reported, ctx));
    expect(faults).toEqual([]);
    expect(await page.locator('svg.wave.source path').count()).toBe(0);
    expect(await page.locator('svg.wave.dub path').count()).toBe(1);
    expect(await page.locator('#source').getAttribute('src')).toBeNull();
    await page.context().close();
  });
});
