import type { LineReading } from '../../domain/dub.js';
import type { Loudness, SourceStream } from '../../domain/source.js';
import { openTrackReader } from '../../media/track-reader.js';
import { workingLayout } from '../../sound/channels.js';
import { LoudnessMeter } from '../../sound/loudness.js';
import type { StageContext } from '../context.js';
import { type FoundLine, findLine, isPartOf, listeningRate, windowOf } from './line-finder.js';
import { ListeningTrack } from './listening-track.js';
import { rounded } from './measure.js';
import { type PlacedTake, TakeLoader } from './take-loader.js';

/** What one pass over the dub track found. */
export interface Listening {
  readonly loudness: Loudness;
  /** When the track's first sample is heard on the programme's clock. */
  readonly startMs: number;
  /** Length of all that was decoded. */
  readonly durationMs: number;
  /** Of the stream, Hz. */
  readonly sampleRate: number;
  /** By utterance; those that were not heard have no times. */
  readonly lines: ReadonlyMap<string, HeardLine>;
}

/** What was heard of one line, on the programme's clock. */
export type HeardLine = Omit<
  LineReading,
  'utteranceId' | 'plannedStartMs' | 'sourceStartMs' | 'levelLufs' | 'leakageDb'
>;

/** Where the dub track is found. */
export interface DubTrack {
  readonly path: string;
  readonly stream: SourceStream;
  /** The programme's start on the file's clock, microseconds. */
  readonly zeroUs: number;
}

/** Loudness and true peak are defined at this rate, and dubs have it. */
const decodeRate = 48_000;
const blockFrames = 48_000;

/**
 * Decodes the dub track once, measures its loudness and looks for each line around its place. Memory is that of the
 * longest line's surroundings, whatever the length of the film.
 */
export async function listen(track: DubTrack, placed: readonly PlacedTake[], ctx: StageContext): Promise<Listening> {
  const channels = track.stream.audio?.channels || 2;
  const layout = workingLayout(track.stream.audio?.layout ?? '', channels) ?? `${channels}c`;
  const format = { sampleRate: decodeRate, channels, layout };
  const reader = openTrackReader(track.path, track.stream.index, format, ctx.tools, ctx.signal);
  try {
    const startMs = ((track.stream.startUs ?? track.zeroUs) - track.zeroUs) / 1000;
    const meter = new LoudnessMeter(format);
    const sound = new ListeningTrack(format, (startMs * listeningRate) / 1000);
    const search = new Search(placed, sound, ctx);
    let frames = 0;
    const room = new Float32Array(blockFrames * channels);
    for (
      let block = await reader.read(blockFrames, room);
      block.length > 0;
      block = await reader.read(blockFrames, room)
    ) {
      frames += block.length / channels;
      meter.push(block);
      sound.push(block);
      await search.go(sound.heardUntil);
    }
    sound.end();
    await search.go(Number.POSITIVE_INFINITY);
    const lines = await search.explained();
    const durationMs = (frames * 1000) / decodeRate;
    const sampleRate = track.stream.audio?.sampleRate || decodeRate;
    return { loudness: meter.result(), startMs, durationMs, sampleRate, lines };
  } finally {
    await reader.close();
  }
}

interface Job {
  readonly line: PlacedTake;
  readonly from: number;
  readonly to: number;
}

interface Finding {
  readonly line: PlacedTake;
  readonly found: FoundLine | undefined;
  readonly nearest: number;
}

/** Looks for lines as soon as their surroundings have been heard. */
class Search {
  readonly #sound: ListeningTrack;
  readonly #ctx: StageContext;
  readonly #loader: TakeLoader;
  readonly #jobs: Job[];
  readonly #keepFrom: number[];
  readonly #findings: Finding[] = [];
  #done = 0;

  constructor(placed: readonly PlacedTake[], sound: ListeningTrack, ctx: StageContext) {
    this.#sound = sound;
    this.#ctx = ctx;
    this.#jobs = placed.map(toJob).sort((a, b) => a.to - b.to);
    this.#keepFrom = earliestOfRest(this.#jobs.map((job) => job.from));
    this.#loader = new TakeLoader(
      this.#jobs.map((job) => job.line),
      ctx,
    );
  }

  async go(heardUntil: number): Promise<void> {
    while (this.#done < this.#jobs.length && this.#jobs[this.#done]!.to <= heardUntil) {
      await this.#find(this.#jobs[this.#done]!);
      this.#done++;
      this.#ctx.emit({ type: 'stage-progress', stage: 'check', done: this.#done, total: this.#jobs.length });
    }
    this.#sound.forgetBefore(this.#keepFrom[this.#done] ?? this.#sound.heardUntil);
  }

  /** All findings, once those that mistake one line for another have been put right. */
  async explained(): Promise<Map<string, HeardLine>> {
    const claims = new Claims(this.#findings, this.#ctx);
    const lines = new Map<string, HeardLine>();
    for (const finding of this.#findings) {
      const mistaken = await claims.belongsToOther(finding);
      const copyAt = mistaken ? undefined : await claims.unexplainedCopy(finding);
      lines.set(finding.line.take.utteranceId, toHeardLine(finding, mistaken, copyAt, this.#sound.fraction));
    }
    return lines;
  }

  async #find({ line, from, to }: Job): Promise<void> {
    const sought = await this.#loader.load(line);
    const { found, nearest } = findLine(this.#sound.slice(from, to), from, sought);
    this.#findings.push({ line, found, nearest });
  }
}

function toJob(line: PlacedTake): Job {
  const { take, placement } = line;
  const naturalMs = ((take.endSample - take.startSample) * 1000) / take.sampleRate;
  const longestMs = naturalMs / Math.min(1, placement.tempo);
  return { line, ...windowOf(placement.startMs, Math.ceil((longestMs * listeningRate) / 1000)) };
}

/** For each position the least of the values from there on: what may still be needed. */
function earliestOfRest(values: readonly number[]): number[] {
  const earliest = [...values];
  for (let i = earliest.length - 2; i >= 0; i--) earliest[i] = Math.min(earliest[i]!, earliest[i + 1]!);
  return earliest;
}

/** One voice saying the same words twice gives the same samples twice: whose is which goes by the plan. */
class Claims {
  readonly #findings: readonly Finding[];
  readonly #loader: TakeLoader;

  constructor(findings: readonly Finding[], ctx: StageContext) {
    this.#findings = findings;
    this.#loader = new TakeLoader([], ctx);
  }

  /** True when what was taken for this line is another one with the same words, in its own place. */
  async belongsToOther(finding: Finding): Promise<boolean> {
    const at = finding.found?.from;
    if (at === undefined) return false;
    const off = Math.abs(at - plannedStart(finding));
    if (off <= sameStart) return false;
    const owner = this.#findings.find(
      (other) => other !== finding && other.found && Math.abs(other.found.from - at) <= sameStart,
    );
    return owner !== undefined && Math.abs(plannedStart(owner) - at) < off && (await this.#says(owner, finding, at));
  }

  /** Where a second copy lies that no other line's words account for. */
  async unexplainedCopy(finding: Finding): Promise<number | undefined> {
    const { found } = finding;
    const at = found?.copyAt;
    if (found === undefined || at === undefined) return undefined;
    const end = at + found.to - found.from;
    for (const other of this.#findings) {
      const beside = other.found && other.found.from - sameStart < end && at < other.found.to;
      if (other !== finding && beside && (await this.#says(other, finding, at))) return undefined;
    }
    return at;
  }

  /** True when the words of `finding` are part of `other` at a place. */
  async #says(other: Finding, finding: Finding, at: number): Promise<boolean> {
    const [whole, part] = [await this.#loader.load(other.line), await this.#loader.load(finding.line)];
    return isPartOf(whole.placed, part.placed, Math.round(at - other.found!.from));
  }
}

/** Starts this near to one another are one: 60 ms. */
const sameStart = (60 * listeningRate) / 1000;

function plannedStart(finding: Finding): number {
  return (finding.line.placement.startMs * listeningRate) / 1000;
}

function toHeardLine(
  { line, found, nearest }: Finding,
  mistaken: boolean,
  copyAt: number | undefined,
  fraction: number,
): HeardLine {
  const likeness = rounded(nearest, 3);
  if (!found || mistaken) return { present: false, likeness, tempo: line.placement.tempo };
  const toMs = (samples: number) => rounded(((samples + fraction) * 1000) / listeningRate, 2);
  const lengthMs = ((found.to - found.from + found.cut) * 1000) / listeningRate;
  const naturalMs = ((line.take.endSample - line.take.startSample) * 1000) / line.take.sampleRate;
  return {
    present: true,
    likeness,
    onsetMs: toMs(found.from),
    endMs: toMs(found.to),
    tempo: rounded(naturalMs / lengthMs, 3),
    fitting: found.fitting,
    copyMs: copyAt === undefined ? undefined : toMs(copyAt),
    cutMs: found.cut === 0 ? undefined : rounded((found.cut * 1000) / listeningRate),
  };
}
