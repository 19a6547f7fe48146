import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/providers/conformance.js';
import { apertium } from '../../../src/providers/translation/apertium/index.js';
import { cleanAnswer, prepareLine } from '../../../src/providers/translation/apertium/lines.js';
import { chooseMode, installPairCommand, readModes } from '../../../src/providers/translation/apertium/modes.js';
import { type MarkedLine, translationConformance } from '../../../src/providers/translation/conformance.js';
import { requirePrograms } from '../../support/engines.js';
import {
  calm,
  expectConformance,
  type FaultyProgram,
  failingProgram,
  temporaryFolder,
  withoutService,
  writeProgram,
} from '../support.js';

let folder: string;
let real: string;

function make(options: Record<string, unknown> = {}) {
  return apertium.create(apertium.options.parse(options), { scratch: join(folder, 'with a space') });
}

function line(id: string, text: string, mark: string): MarkedLine {
  return { id, text, mark, speaker: 'A', startMs: 0, endMs: 1000, segmentIds: [id] };
}

const lines = [
  line('u1', 'The house is big and red.', 'casa'),
  line('u2', 'Good morning', 'Buenos'),
  line('u3', 'We have 42 cats in the garden', '42'),
];
const otherLines = [line('v1', 'The water is cold', 'agua'), line('v2', 'I see 17 dogs.', '17')];

async function translate(texts: readonly string[], options: Record<string, unknown> = {}) {
  const request = { source: 'en', target: 'es', lines: texts.map((text, index) => line(`u${index}`, text, '')) };
  return make(options).translate(request, calm);
}

beforeAll(async () => {
  real = (await requirePrograms('apertium')).apertium;
  folder = await temporaryFolder();
});

test('apertium conforms', async () => {
  process.env.DUB_TEST_API_KEY = 'sk-apertium-secret';
  const sample = join(folder, 'sample.txt');
  await writeFile(sample, 'La casa es grande y rojo.\nBuenos');
  const engine: FaultyProgram = { folder, real, queries: ['-l', '-V'], outputOption: 'last', sample, cutBytes: 20 };
  const results = await runChecks(translationConformance, {
    provider: make(),
    source: 'en',
    target: 'es',
    lines,
    otherLines,
    unservedPair: { source: 'en', target: 'ja' },
    secrets: ['sk-apertium-secret'],
    failing: failingProgram(engine, make),
  });
  expectConformance(results, withoutService);
});

describe('apertium', () => {
  test('takes the full stop off again that it had put on', async () => {
    const { lines: answers } = await translate(['Good morning', 'Good morning.']);
    expect(answers.map((answer) => answer.text)).toEqual(['Buenos días', 'Buenos días.']);
  });

  test('asks line by line when another number of lines came back', async () => {
    const joined = await writeProgram(
      folder,
      'apertium-joins',
      `case "$*" in -l|-V) exec '${real}' "$@";; esac
       if [ "$(wc -l < "$3")" = 1 ]; then sed 's/.*/<&>/' "$3"; else echo joined; fi > "$4"`,
    );
    const reply = await translate(['one.', 'two.', 'three.'], { binary: joined });
    expect(reply.lines.map((answer) => answer.text)).toEqual(['<one.>', '<two.>', '<three.>']);
    expect(reply.failures).toEqual([]);
  });

  test('fails the line that gets several lines even alone, and no other', async () => {
    const splits = await writeProgram(
      folder,
      'apertium-splits',
      `case "$*" in -l|-V) exec '${real}' "$@";; esac
       sed 's/^two.*/a\\nb/' "$3" > "$4"`,
    );
    const reply = await translate(['one.', 'two.', 'three.'], { binary: splits });
    expect(reply.lines.map((answer) => answer.id)).toEqual(['u0', 'u2']);
    expect(reply.failures).toEqual([
      { id: 'u1', code: 'PROVIDER_BAD_REPLY', message: 'apertium gave 2 lines for one.' },
    ]);
  });

  test('names what is installed and the package for a pair it has not', async () => {
    const work = make().translate({ source: 'fr', target: 'es', lines }, calm);
    await expect(work).rejects.toMatchObject({
      code: 'PROVIDER_UNSUPPORTED',
      message: expect.stringMatching(/^apertium cannot translate fr to es; installed: .*eng-spa/),
      hint: expect.stringContaining('`sudo apt-get install -y apertium apertium-fr-es`'),
    });
  });

  test('is ready with its version and pairs', async () => {
    expect((await make().ready(calm)).detail).toMatch(/^apertium \d+\.\d+\.\d+ with eng-spa/);
  });
});

describe('apertium modes', () => {
  const modes = readModes('  eng-spa\n  spa-eng\n  spa-eng_US\n  en-gl\n  nob-nno\n  broken\n');

  test.each([
    ['en', 'es', 'eng-spa'],
    ['en-GB', 'es-MX', 'eng-spa'],
    ['es', 'en', 'spa-eng'],
    ['es', 'en-US', 'spa-eng_US'],
    ['es', 'en-GB', 'spa-eng'],
    ['en', 'gl', 'en-gl'],
    ['nb', 'nn', 'nob-nno'],
    ['es', 'fr', undefined],
  ])('%s to %s is %s', (source, target, name) => {
    expect(chooseMode(modes, source, target)?.name).toBe(name);
  });

  test.each([
    ['es', 'en', 'sudo apt-get install -y apertium apertium-eng-spa'],
    ['nl', 'af', 'sudo apt-get install -y apertium apertium-afr-nld'],
    ['zh', 'ja', "apt-cache search '^apertium-'"],
  ])('%s to %s comes with %s', (source, target, command) => {
    expect(installPairCommand(source, target)).toBe(command);
  });
});

describe('apertium lines', () => {
  test('a line is one sentence on one line', () => {
    expect(prepareLine(' Hello\nworld\u0007 ')).toEqual({ sent: 'Hello world.', stopAdded: true });
    expect(prepareLine('He said "no!"')).toEqual({ sent: 'He said "no!"', stopAdded: false });
  });

  test('marks of words it could not inflect go, the source’s own signs stay', () => {
    expect(cleanAnswer('La #casa es @big.', prepareLine('The house is big.'))).toBe('La casa es big.');
    expect(cleanAnswer('Usa #dub con a@b.c.', prepareLine('Use #dub with a@b.c'))).toBe('Usa #dub con a@b.c');
  });
});
