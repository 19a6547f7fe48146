import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Script } from '../domain/script.js';
import type { Soundtrack } from '../domain/source.js';
import { DubError } from '../errors.js';
import { programmeClockFilter } from '../media/filters.js';
import { runFfmpeg } from '../media/run.js';
import type { StageContext } from './context.js';
import { judgeBackground } from './separate/judge.js';
import { findBackground, placeholdersOf } from './separate/places.js';
import { runSeparator } from './separate/program.js';

/** How the speech is taken out of the sound. */
export interface SeparateOptions {
  /** Program and arguments with `{in}`, and `{out}` or `{background}`, among them. */
  readonly command: readonly string[];
}

/** Raised when the same command would be used in another way. */
const version = 1;

/** Rate of what the separator is given and of what is kept, Hz: the mix's own. */
const rate = 48_000;

/**
 * The sound without its speech, by a program of the user's: on the programme's clock, as long as the programme, 48 kHz FLAC.
 * Kept, since separators take minutes; another command is another sound.
 * @returns path of the background
 * @throws USAGE for more than two channels; ENGINE_MISSING when the program is not there; PROVIDER_BAD_REPLY when it fails
 *   or what it leaves is not the background of this sound: too short, elsewhere, or silent where nobody speaks
 */
export async function separate(
  soundtrack: Soundtrack,
  script: Script,
  { command }: SeparateOptions,
  ctx: StageContext,
): Promise<string> {
  if (soundtrack.channels > 2) {
    throw new DubError('USAGE', `Separators take mono and stereo; the sound to dub is ${soundtrack.layout}.`, {
      hint: 'Leave --bed separate out, or let it fall back with --separator-fallback duck.',
    });
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
    command,
  };
  const { path } = await ctx.keeper.file(key, '.flac', (to) => make(soundtrack, script, command, to, ctx));
  return path;
}

async function make(
  soundtrack: Soundtrack,
  script: Script,
  command: readonly string[],
  to: string,
  ctx: StageContext,
): Promise<void> {
  const folder = await mkdtemp(join(ctx.scratch, 'separate-'));
  try {
    const places = placeholdersOf(folder);
    await writeInput(soundtrack, places.in, ctx);
    const program = await runSeparator(command, places, ctx.signal);
    const made = await findBackground(folder, places, program);
    const shiftUs = await judgeBackground({ original: places.in, background: made, script, program, soundtrack }, ctx);
    await writeBackground(made, shiftUs, soundtrack, to, ctx);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
