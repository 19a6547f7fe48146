import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeFile } from '../../../src/media/probe.js';
import { statedPictureDifference } from '../../../src/stages/check/file-gates.js';
import { pictureDifference } from '../../../src/stages/check/picture-length.js';
import { ffmpeg, makeFolder, makeMedia, removeFolder } from '../../support/media.js';
import { makeContext, type RecordedContext } from '../../support/stage-context.js';

let folder: string;
let ctx: RecordedContext;

beforeAll(async () => {
  folder = await makeFolder();
  ctx = await makeContext(folder);
});
afterAll(() => removeFolder(folder));

const probe = (path: string) => probeFile(path, ctx.tools, ctx.signal);

test('a picture that was cut off before is as long as what there was of it', async () => {
  const whole = await makeMedia(folder, { name: 'whole.mp4', options: ['-movflags', '+faststart'] });
  const bytes = await readFile(whole);
  const cut = join(folder, 'cut.mp4');
  await writeFile(cut, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  const copy = join(folder, 'copy.mp4');
  await ffmpeg('-i', cut, '-c', 'copy', copy).catch(() => undefined);
  const [source, output] = [await probe(cut), await probe(copy)];
  expect(statedPictureDifference(source, output)).toBeLessThan(-300);
  expect(Math.abs(await pictureDifference(source, output, true, ctx))).toBeLessThanOrEqual(source.frameMs);
  // What is missing from the output is still found, and without the input its header has to do.
  const short = join(folder, 'short.mp4');
  await ffmpeg('-i', whole, '-t', '1', '-c', 'copy', short);
  expect(await pictureDifference(await probe(whole), await probe(short), true, ctx)).toBeLessThan(-800);
  expect(await pictureDifference(source, output, false, ctx)).toBeLessThan(-300);
});
