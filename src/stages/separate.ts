import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Script } from '../domain/script.js';
import type { Separator, SeparatorModel } from '../domain/separator.js';
import type { Soundtrack } from '../domain/source.js';
import { DubError } from '../errors.js';
import { programmeClockFilter } from '../media/filters.js';
import { runFfmpeg } from '../media/run.js';
import { workingLayout } from '../sound/channels.js';
import type { StageContext } from './context.js';
import { judgeBackground } from './separate/judge.js';
import { separateByModel } from './separate/model.js';
import { type OnnxFile, readOnnxFile } from './separate/onnx-file.js';
import { findBackground, placeholdersOf } from './separate/places.js';
import { runSeparator } from './separate/program.js';

/** Raised when the same command or model would be used in another way. */
const version = 1;

/** Rate of what the separator is given and of what is kept, Hz: the mix's own. */
const rate = 48_000;

/**
 * The sound without its speech, by a program or a model of the user's: on the programme's clock, as long as the programme, 48 kHz FLAC.
 * Kept, since separators take minutes; another command is another sound.
 * @param separator program and arguments with `{in}`, and `{out}` or `{background}`, among them; or a model
 * @returns path of the background
 * @throws USAGE for more channels than it takes; ENGINE_MISSING when the program, model or runtime is not there;
 *   CONFIG_INVALID for a model of another kind; PROVIDER_BAD_REPLY when it fails or what it leaves is not the background of
 *   this sound: too short, elsewhere, or silent where nobody speaks
 */
export async function separate(
  sound: Soundtrack,
  script: Script,
  separator: Separator,
  ctx: StageContext,
): Promise<string> {
  const soundtrack = { ...sound, layout: workingLayout(sound.layout, sound.channels) ?? sound.layout };
  const file = isModel(separator) ? await readOnnxFile(separator.path) : undefined;
  if (file === undefined && soundtrack.channels > 2) {
    throw new DubError(
      'USAGE',
      `Programs that separate take mono and stereo; the sound to dub is ${soundtrack.layout}.`,
      {
        hint: 'Leave --bed separate out, or let it fall back with --separator-fallback duck.',
      },
    );
  }
  const { sourcePath, streamIndex, offsetUs, durationMs } = soundtrack;
  const key = {
    stage: 'separate',
    version,
    sourcePath,
    streamIndex,
    offsetUs,
    durationMs,
    loudness: soundtrack.loudness,
    // A model is what is in its file, wherever that lies.
    ...(isModel(separator) ? { model: { ...separator, path: file!.hash, folder: undefined } } : { command: separator }),
  };
  const { path } = await ctx.keeper.file(key, '.flac', (to) => make(soundtrack, script, separator, file, to, ctx));
  return path;
}

async function make(
  soundtrack: Soundtrack,
  script: Script,
  separator: Separator,
  file: OnnxFile | undefined,
  to: string,
  ctx: StageContext,
): Promise<void> {
  const folder = await mkdtemp(join(ctx.scratch, 'separate-'));
  try {
    const places = placeholdersOf(folder);
    await writeInput(soundtrack, places.in, ctx);
    const program = isModel(separator)
      ? await separateByModel(soundtrack, file!, separator, places, ctx)
      : await runSeparator(separator, places, ctx.signal);
    const made = await findBackground(folder, places, program);
    const shiftUs = await judgeBackground({ original: places.in, background: made, script, program, soundtrack }, ctx);
    await writeBackground(made, shiftUs, soundtrack, to, ctx);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isModel(separator: Separator): separator is SeparatorModel {
  return 'path' in separator;
}

function writeInput(
  { sourcePath, streamIndex, offsetUs, durationMs, layout }: Soundtrack,
  to: string,
  ctx: StageContext,
) {
  const filter = `${programmeClockFilter(offsetUs, rate, durationMs)},aformat=channel_layouts=${layout}`;
  // RF64: three hours of stereo are more than the four gigabytes that a WAV header can say.
  const options = ['-map', `0:${streamIndex}`, '-af', filter, '-c:a', 'pcm_s16le', '-rf64', 'auto', '-f', 'wav'];
  const job = {
    purpose: 'write the sound for the separator',
    inputs: [{ from: sourcePath }],
    outputs: [{ options, to }],
  };
  return runFfmpeg(job, ctx.tools, ctx.signal);
}

async function writeBackground(
  from: string,
  shiftUs: number,
  { durationMs, layout }: Soundtrack,
  to: string,
  ctx: StageContext,
): Promise<void> {
  const filter = `${programmeClockFilter(shiftUs, rate, durationMs)},aformat=channel_layouts=${layout}`;
  const options = ['-map', '0:a:0', '-af', filter, '-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac'];
  await runFfmpeg(
    { purpose: 'keep the background', inputs: [{ from }], outputs: [{ options, to }] },
    ctx.tools,
    ctx.signal,
  );
}
