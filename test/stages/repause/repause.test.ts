import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Script } from '../../../src/domain/script.js';
import type { Take, Takes } from '../../../src/domain/timeline.js';
import type { Transcript } from '../../../src/domain/transcript.js';
import { findInnerPauses } from '../../../src/sound/inner-pauses.js';
import { readRecording } from '../../../src/sound/recording.js';
import { findSound } from '../../../src/sound/trim.js';
import { repause } from '../../../src/stages/repause/index.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { makeContext } from '../../support/stage-context.js';

let folder: string;

beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => removeFolder(folder));

/** A real take of two sentences. */
async function speak(): Promise<Take> {
  const path = join(folder, 'take.wav');
  await promisify(execFile)('espeak-ng', [
    '-v',
    'es',
    '-z',
    '-w',
    path,
    'Uno dos tres cuatro cinco. Seis siete ocho nueve diez.',
  ]);
  const { samples, sampleRate } = readRecording(await readFile(path))!;
  const sound = findSound(samples, sampleRate)!;
  const durationMs = Math.round(((sound.endSample - sound.startSample) * 1000) / sampleRate);
  return { utteranceId: 'u1', path, sampleRate, ...sound, durationMs, voice: 'es', provider: 'espeak-ng' };
}

async function secondOnsetMs({ path, sampleRate, startSample, endSample }: Take): Promise<number> {
  const { samples } = readRecording(await readFile(path))!;
  const [pause] = findInnerPauses(samples, sampleRate, { startSample, endSample }, 140);
  return ((pause!.endSample - startSample) * 1000) / sampleRate;
}

function film(secondAtMs: number, endMs: number): { script: Script; transcript: Transcript } {
  const speech = { startMs: 1000, endMs };
  const segments = [
    { id: '1', text: 'One.', startMs: 1000, endMs: 1000 + secondAtMs - 900, words: [] },
    { id: '2', text: 'Two.', startMs: 1000 + secondAtMs, endMs, words: [] },
  ];
  const line = { id: 'u1', speaker: 'A', text: 'One. Two.', ...speech, slot: speech, segmentIds: ['1', '2'] };
  return { script: { language: 'en', utterances: [line] }, transcript: { language: 'en', provider: 'x', segments } };
}

test('the second sentence of a take starts where the second one of the source does', async () => {
  const take = await speak();
  const takes: Takes = { takes: [take], failures: [] };
  const secondAtMs = (await secondOnsetMs(take)) + 700;
  const { script, transcript } = film(secondAtMs, 1000 + 2 * secondAtMs - 900);
  const ctx = await makeContext(folder);
  const { takes: changed } = await repause(script, transcript, takes, ctx);
  expect(Math.abs((await secondOnsetMs(changed[0]!)) - secondAtMs)).toBeLessThan(15);
  expect(changed[0]!.durationMs - take.durationMs).toBeGreaterThan(650);
  expect((await repause(script, transcript, takes, ctx)).takes).toEqual(changed);
});

test('a take without a pause of the source to lay it on is left as it is', async () => {
  const take = await speak();
  const takes: Takes = { takes: [take], failures: [] };
  const { script, transcript } = film(4000, 9000);
  const whole = { ...transcript, segments: [{ ...transcript.segments[0]!, endMs: 9000 }] };
  expect(await repause(script, whole, takes, await makeContext(folder))).toEqual(takes);
});
