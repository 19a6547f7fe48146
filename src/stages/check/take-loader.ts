import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Placement, Take } from '../../domain/timeline.js';
import { DubError } from '../../errors.js';
import { prepareTakes, type TakeRequest } from '../../media/stretch.js';
import { downsample } from '../../sound/downsample.js';
import { readRecording } from '../../sound/recording.js';
import type { StageContext } from '../context.js';
import { emphasise, listeningRate, type SoughtLine } from './line-finder.js';

/** A placement with the take it places. */
export interface PlacedTake {
  readonly placement: Placement;
  readonly take: Take;
}

/** The mix stretches at this rate; another one would give other samples. */
const mixRate = 48_000;
/** Stretched takes that lie on the disk at a time, and share one ffmpeg. */
const batch = 48;
/** Below this a resampled, a stretched and an untouched take can hardly be told apart. */
const leastTempoChange = 0.02;

/** Gives takes as they should sound in the finished file, one after another, holding few at a time. */
export class TakeLoader {
  readonly #ctx: StageContext;
  readonly #queue: PlacedTake[];
  readonly #ready = new Map<string, string>();

  /** @param order the takes in the order in which they will be asked for */
  constructor(order: readonly PlacedTake[], ctx: StageContext) {
    this.#ctx = ctx;
    this.#queue = order.filter(needsPreparing);
  }

  /** The take as something to look for. Asking again for one that has been prepared prepares it again. */
  async load(line: PlacedTake): Promise<SoughtLine> {
    const { placement, take } = line;
    const natural = await readTake(take);
    const step = take.sampleRate / listeningRate;
    const changed = Math.abs(placement.tempo - 1) >= leastTempoChange;
    const comparable = changed && Math.min(step, step * placement.tempo) >= 1;
    return {
      utteranceId: take.utteranceId,
      plannedStartMs: placement.startMs,
      placed: needsPreparing(line) ? await this.#readPrepared(line) : emphasise(downsample(natural, step)),
      otherwise: comparable
        ? {
            resampled: () => emphasise(downsample(natural, step * placement.tempo)),
            natural: () => emphasise(downsample(natural, step)),
          }
        : undefined,
    };
  }

  async #readPrepared(line: PlacedTake): Promise<Float32Array> {
    const id = line.take.utteranceId;
    if (!this.#ready.has(id)) await this.#prepareNext(line);
    const path = this.#ready.get(id)!;
    const bytes = await readFile(path);
    await rm(path);
    this.#ready.delete(id);
    const samples = new Float32Array(Math.floor(bytes.length / 2));
    for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(i * 2) / 32_768;
    return emphasise(downsample(samples, mixRate / listeningRate));
  }

  async #prepareNext(line: PlacedTake): Promise<void> {
    const at = this.#queue.indexOf(line);
    const lines = at < 0 ? [line] : this.#queue.splice(at, batch);
    const requests = lines.map((one): TakeRequest => {
      const { path, sampleRate, startSample, endSample, utteranceId } = one.take;
      const outPath = join(this.#ctx.scratch, `${Buffer.from(utteranceId).toString('hex')}.s16`);
      return { path, sampleRate, startSample, endSample, tempo: one.placement.tempo, outPath };
    });
    await prepareTakes(requests, { sampleRate: mixRate }, this.#ctx.tools, this.#ctx.signal);
    for (const [index, one] of lines.entries()) this.#ready.set(one.take.utteranceId, requests[index]!.outPath);
  }
}

function needsPreparing({ placement, take }: PlacedTake): boolean {
  return placement.tempo !== 1 || take.sampleRate < listeningRate;
}

/** The take's sound, silence at its ends left out. */
async function readTake(take: Take): Promise<Float32Array> {
  const bytes = await readFile(take.path).catch((cause: unknown) => {
    throw unreadable(take, cause);
  });
  const sound = readRecording(bytes);
  if (!sound) throw unreadable(take);
  return sound.samples.slice(take.startSample, take.endSample);
}

/** Without the take nothing can be said of its line, least of all that it is missing. */
function unreadable(take: Take, cause?: unknown): DubError {
  return new DubError('INPUT_UNREADABLE', `The take ${take.path} of line ${take.utteranceId} cannot be read.`, {
    hint: 'Run the dub again: kept takes are used again and lost ones are voiced again.',
    cause,
  });
}
