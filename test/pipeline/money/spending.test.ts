import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunEvent, runEvent } from '../../../src/pipeline/events.js';
import { jsonLines } from '../../support/command.js';
import { makeFolder, makeMedia, removeFolder } from '../../support/media.js';
import { fixtures, type PaidTalk, startPaidTalk } from './support.js';

// Five lines of 351 characters in all, as Model Studio counts them: 0.02808 CNY.

const dub = ['talk.mp4', '--to', 'es', '--script', 'talk.en.srt', '--translation', 'es=talk.es.srt'];
let folder: string;
let talk: PaidTalk;

beforeAll(async () => {
  folder = await makeFolder();
  talk = await startPaidTalk(folder, await spanish());
});

afterAll(async () => {
  await talk.close();
  await removeFolder(folder);
});

type OfType<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>;

function eventsOf<Type extends RunEvent['type']>(stdout: string, type: Type): OfType<Type>[] {
  const events = jsonLines(stdout).map((line) => runEvent.parse(line));
  return events.filter((event) => event.type === type) as OfType<Type>[];
}

const openings = [
  ['The ferry', 'Este barco'],
  ['Her letter', 'Aquella carta'],
  ['The harbour', 'Nuestro puerto'],
  ['Our winter', 'Nuestro invierno'],
  ['The museum', 'Este museo'],
  ['Nobody here', 'Aquí nadie'],
  ['Her garden', 'Este jardín'],
] as const;
const endings = [
  ['comes too late.', 'llega tarde.'],
  ['stays closed.', 'sigue cerrado.'],
  ['was never ours.', 'nunca fue nuestro.'],
  ['opens again?', '¿abre otra vez?'],
  ['says nothing.', 'calla siempre.'],
] as const;

/** A line in English, with its Spanish; every one of 35 is another. */
function lineOf(index: number): readonly [string, string] {
  const [opening, ending] = [openings[index % openings.length]!, endings[index % endings.length]!];
  return [`${opening[0]} ${ending[0]}`, `${opening[1]} ${ending[1]}`];
}

/** Subtitles of 42 lines, said at a usual pace and each by itself. */
function longScript(): string {
  const stamp = (ms: number) =>
    `00:0${Math.floor(ms / 60_000)}:${((ms / 1000) % 60).toFixed(3).padStart(6, '0').replace('.', ',')}`;
  let at = 500;
  const cues = Array.from({ length: 42 }, (_, index) => {
    const [text] = lineOf(index);
    const start = at;
    at += Math.max(1250, text.length * 66) + 750;
    return `${index + 1}\n${stamp(start)} --> ${stamp(at - 750)}\n${text}\n`;
  });
  return cues.join('\n');
}

/** The Spanish words of an English line of the talk, or of the long script. */
async function spanish(): Promise<(text: string) => string> {
  const texts = async (name: string) =>
    (await readFile(join(fixtures, name), 'utf8'))
      .trim()
      .split(/\n\n/)
      .map((cue) => cue.split('\n').slice(2).join(' '));
  const [en, es] = await Promise.all([texts('talk.en.srt'), texts('talk.es.srt')]);
  const words = new Map(en.map((text, index) => [text, es[index]!]));
  for (let index = 0; index < 35; index++) words.set(...lineOf(index));
  return (text) => words.get(text) ?? text;
}

it('a plan with a translation is exact', async () => {
  const exact = eventsOf((await talk.call('plan', ...dub, '--json')).stdout, 'plan')[0];
  expect(exact?.cost).toEqual({
    least: { CNY: 0.028_08 },
    likely: { CNY: 0.028_08 },
    most: { CNY: 0.028_08 },
    unknown: [],
  });
  expect(talk.emulator.requests).toEqual([]);
});

it('says what the engines behind the first would cost, and prices those that only the cast names', async () => {
  const behind = eventsOf((await talk.call('plan', ...dub, '--json', '--tts', 'espeak-ng,qwen')).stdout, 'plan')[0];
  expect(behind?.cost.likely).toEqual({});
  expect(behind?.stages.find(({ stage }) => stage === 'synthesize')).toMatchObject({
    ...{ provider: 'espeak-ng', cost: 0 },
    others: [{ provider: 'qwen', cost: 0.028_08, leaves: expect.stringMatching(/^the translation to 127\.0\.0\.1:/) }],
  });
  const speakers = { A: { provider: 'qwen', voice: 'Cherry' } };
  await writeFile(join(folder, 'cast.json'), JSON.stringify({ speakers }));
  const hired = ['--tts', 'espeak-ng', '--cast', 'cast.json', '--max-cost', '1'];
  const cast = eventsOf((await talk.call('plan', ...dub, '--json', ...hired)).stdout, 'plan')[0];
  expect(cast).toMatchObject({
    cost: { likely: { CNY: 0.028_08 }, unknown: [], ceiling: { holds: true } },
    warnings: [],
  });
});

it('a plan without a script is a range that names what it assumes, and without a rate each currency stands apart', async () => {
  const { stdout } = await talk.call('plan', 'talk.mp4', '--to', 'de', '--max-cost', '0.001');
  expect(stdout).toMatch(
    /Cost: about 0\.0\d+ CNY \(0\.0\d+ to 0\.0\d+\)\. It may be more than --max-cost 0\.00100 CNY/,
  );
  expect(stdout).toContain(
    'No script is known: somebody is taken to speak for 40 % to 95 % of the 0.5 minutes, likely 70 %.',
  );
  expect(stdout).toMatch(/sends the speech track \(stored at 127\.0\.0\.1:\d+\) to 127\.0\.0\.1:\d+/);
});

it('stops before the call that would exceed --max-cost, pays for what it began, and goes on with the same command', async () => {
  const first = await talk.call(...dub, '--max-cost', '0.02', '--json');
  expect(first.exit).toBe(6);
  expect(first.stderr).toMatch(
    /dub: Stopped at the ceiling: 0\.0\d+ CNY of --max-cost 0\.0200 CNY is spent, and the next call \(synthesize, line u\d+, qwen\) may cost up to 0\.00\d+ CNY\./,
  );
  const [{ receipt } = { receipt: undefined }] = eventsOf(first.stdout, 'receipt');
  const asked = talk.emulator.requestsTo('tts').length;
  expect(receipt).toMatchObject({ calls: asked, failed: 0, unpriced: 0 });
  expect(receipt?.money.CNY).toBeLessThanOrEqual(0.02);
  expect(receipt?.money.CNY).toBeGreaterThan(0.01);

  const second = await talk.call(...dub, '--json');
  expect(second.exit).toBe(0);
  expect(talk.emulator.requestsTo('tts')).toHaveLength(5);
  const [summary] = eventsOf(second.stdout, 'summary');
  expect(summary?.receipt).toMatchObject({ calls: 5 - asked, retries: 0 });
  expect(summary?.receipt?.cached).toBeGreaterThanOrEqual(asked);
  expect((receipt?.money.CNY ?? 0) + (summary?.receipt?.money.CNY ?? 0)).toBeCloseTo(0.028_08, 9);

  const costs = eventsOf(second.stdout, 'cost');
  expect(costs).toHaveLength(5 - asked);
  for (const cost of costs) {
    expect(cost).toMatchObject({
      stage: 'synthesize',
      language: 'es',
      provider: 'qwen',
      unit: 'character',
      currency: 'CNY',
    });
    expect(cost.requestIds).toHaveLength(1);
    expect(cost.money).toBeCloseTo(cost.count * 0.000_08, 9);
    expect(summary?.receipt?.lines).toContainEqual({
      ...{ utteranceId: cost.utteranceIds[0], language: 'es', calls: 1 },
      ...{ money: { CNY: cost.money }, requestIds: cost.requestIds },
    });
  }
  const record = JSON.parse(await readFile(join(folder, 'talk.dub', 'run.json'), 'utf8')) as { receipt: unknown };
  expect(record.receipt).toEqual(summary?.receipt);
  expect(talk.emulator.violations).toEqual([]);
});

it('adds up the ledger by month, engine and input, whatever a killed run left at its end', async () => {
  const ledger = join(folder, 'cache', 'ledger');
  const [name = ''] = await readdir(ledger);
  await appendFile(join(ledger, name), '{"v":1,"time":"2026');
  const { exit, stdout } = await talk.call('costs', '--json');
  expect(exit).toBe(0);
  const sum = { calls: 5, money: { CNY: 0.028_08 }, unpriced: 0, uncertain: {} };
  expect(JSON.parse(stdout)).toEqual({
    ...{ v: 1, time: expect.any(String), run: expect.any(String), type: 'costs', damagedLines: 1 },
    months: [
      {
        ...{ month: name.slice(0, 7), ...sum },
        providers: [{ provider: 'qwen', model: 'qwen3-tts-flash', ...sum }],
        jobs: [{ job: join(folder, 'talk.mp4'), ...sum }],
      },
    ],
  });
  const people = await talk.call('costs', '--month', '1999-01');
  expect(people).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^Nothing was spent in 1999-01/) });
  expect(await talk.call('costs', '--month', 'May')).toMatchObject({
    exit: 2,
    stderr: 'dub: --month: `May` is not a month.\n  Write it as 2026-11.\n',
  });
});

it('refuses an unknown price under a ceiling before anything is sent, and says how to go on', async () => {
  const asked = talk.emulator.requestsTo('tts').length;
  const { exit, stderr } = await talk.call(...dub, '--force', '--tts', 'qwen:qwen9-tts', '--max-cost', '1');
  expect({ exit, stderr }).toEqual({
    exit: 2,
    stderr: [
      'dub: The price of qwen:qwen9-tts is unknown in CNY, so --max-cost cannot be kept.',
      '  Give the price in `prices` of a config file (and a rate in `exchangeRates` when it is in another currency), or go on without counting it with --allow-unknown-cost.\n',
    ].join('\n'),
  });
  const dollars = await talk.call(...dub, '--force', '--max-cost', '1', '--currency', 'USD');
  expect(dollars.stderr).toContain('The price of qwen is unknown in USD, so --max-cost cannot be kept.');
  // An engine that only the cast names counts, too.
  await writeFile(join(folder, 'cast.json'), JSON.stringify({ speakers: { A: { provider: 'qwen:qwen9-tts' } } }));
  const cast = ['--cast', join(folder, 'cast.json'), '--tts', 'qwen', '--max-cost', '1', '--currency', 'CNY'];
  const other = await talk.call(...dub, ...cast, '-o', 'cast.mp4');
  expect(other.stderr).toContain('The price of qwen:qwen9-tts is unknown in CNY, so --max-cost cannot be kept.');
  expect(talk.emulator.requestsTo('tts')).toHaveLength(asked);
});

it('plan and receipt agree within a tenth when the script is known, and a second plan counts nothing', async () => {
  await writeFile(join(folder, 'open.en.srt'), longScript());
  // The emulator has no limit here, and at the usual 180 a minute these lines take a quarter of one.
  const rates = { 'tts:qwen': { requestsPerMinute: 6000 } };
  await writeFile(join(folder, '.dubbingrc.json'), JSON.stringify({ providers: rates }));
  await makeMedia(folder, { name: 'open.mp4', seconds: 106, audio: [{ tone: 300 }] });
  const open = ['open.mp4', '--to', 'es', '--script', 'open.en.srt', '--voice', 'Ethan', '--json'];
  const plan = eventsOf((await talk.call('plan', ...open)).stdout, 'plan')[0];
  const { exit, stdout } = await talk.call(...open);
  const receipt = eventsOf(stdout, 'summary')[0]?.receipt;
  const [planned = 0, spent = 0] = [plan?.cost.likely.CNY, receipt?.money.CNY];
  expect({ exit, unpriced: receipt?.unpriced, lines: plan?.lines }).toEqual({ exit: 0, unpriced: 0, lines: 42 });
  const chats = receipt?.stages.find(({ stage }) => stage === 'translate');
  // The script is read whole, then come batches of 6, 12 and 24.
  expect(chats?.calls).toBeGreaterThanOrEqual(4);
  expect(Math.abs(planned - spent) / spent).toBeLessThan(0.1);
  expect(plan?.cost.least.CNY).toBeLessThanOrEqual(spent);
  expect(plan?.cost.most.CNY).toBeGreaterThanOrEqual(spent);
  for (const stage of ['translate', 'synthesize']) {
    const range = plan?.stages.find((one) => one.stage === stage)?.range;
    const paid = receipt?.stages.filter((one) => one.stage === stage).reduce((sum, { money }) => sum + money.CNY!, 0);
    expect(range?.least.CNY).toBeLessThanOrEqual(paid!);
    expect(range?.most.CNY).toBeGreaterThanOrEqual(paid!);
  }
  expect(plan?.stages).toContainEqual(
    expect.objectContaining({
      stage: 'synthesize',
      leaves: expect.stringMatching(/^the translation to 127\.0\.0\.1:/),
    }),
  );

  const again = eventsOf((await talk.call('plan', ...open, '--force')).stdout, 'plan')[0];
  expect(again?.cost).toEqual({ least: {}, likely: {}, most: {}, unknown: [] });
});
