import type { Utterance } from '../../domain/script.js';
import { lengthMs, overlapMs } from '../../domain/time.js';
import { costUnit, endCost, onsetCost, tempoCosts } from './cost.js';

/** Wordings of one line by the length that is predicted for each, from the shortest to the fullest. */
export interface WordingLengths {
  readonly utteranceId: string;
  /** Milliseconds, at least one. */
  readonly predictedMs: readonly number[];
}

/** Which wording of a line is taken. */
export interface WordingChoice {
  readonly utteranceId: string;
  readonly index: number;
}

/** How the plan may move lines. */
export interface PlanningOptions {
  readonly maxTempo: number;
  /** Least silence between two lines that may not overlap. */
  readonly minGapMs: number;
  /** Starts and lengths are multiples of this; 50 unless told. */
  readonly gridMs?: number | undefined;
}

/** A line may start so much before its source, and is looked for so much after it unless the lines before push it. */
const earliestMs = 300;
const latestMs = 1500;

/** A wording that leaves its source more silent than this is short, and costs as much as a late line. */
const fullShare = 0.85;
const shortWeight = 12;

/** A fuller wording says more: so little for each that any gain in time outweighs it. */
const wordingWeight = 0.05;

/** One way to have got here: where the lines so far end, what that cost, and the choices that led to it. */
interface State {
  readonly end: number;
  readonly cost: number;
  readonly last: Step | undefined;
}

interface Step {
  readonly utteranceId: string;
  readonly index: number;
  readonly before: Step | undefined;
  /** How many steps led to it, itself among them. */
  readonly depth: number;
}

/**
 * Picks one wording for every line so that the whole film costs least, by the costs that `align` places takes with and
 * one for leaving the source's speech unfilled. Exact on its grid: dynamic programming over the lines in order, where the
 * only thing of the past that matters is when the last line ends.
 *
 * A choice is told as soon as nothing that may still come can change it: when all ways that are left agree on it. Long
 * pauses make them agree at once, since every end before the pause is as good as another.
 */
export class WordingPlanner {
  private readonly gridMs: number;
  private readonly gap: number;
  private states: readonly State[] = [{ end: Number.NEGATIVE_INFINITY, cost: 0, last: undefined }];
  private lastTold: Step | undefined;
  private index = 0;

  /** @param utterances in order; every one is then added or skipped, in that order */
  constructor(
    private readonly utterances: readonly Utterance[],
    private readonly options: PlanningOptions,
  ) {
    this.gridMs = options.gridMs ?? 50;
    this.gap = Math.ceil(options.minGapMs / this.gridMs);
  }

  /** The next line; undefined when it has no wording and is left out. @returns choices that are final now, in order */
  add(line: WordingLengths | undefined): WordingChoice[] {
    const utterance = this.utterances[this.index]!;
    const next = this.utterances[this.index + 1];
    this.index++;
    if (line !== undefined) this.states = this.extend(utterance, line);
    this.states = withoutWorse(this.states, next === undefined ? Number.POSITIVE_INFINITY : this.readyFor(next));
    return this.tell(sharedBy(this.states.map(({ last }) => last)));
  }

  /** No more lines come. @returns the choices that were not final before */
  end(): WordingChoice[] {
    return this.tell(cheapestOf(this.states).last);
  }

  /** Ends up to this are all the same to the next line. */
  private readyFor(next: Utterance): number {
    return Math.max(0, this.cells(next.startMs - earliestMs)) - this.gap;
  }

  private extend(utterance: Utterance, line: WordingLengths): State[] {
    const previous = this.utterances[this.index - 2];
    const isFree =
      previous !== undefined && previous.speaker !== utterance.speaker && overlapMs(previous, utterance) > 0;
    return isFree ? this.beside(utterance, line) : this.after(utterance, line);
  }

  /** The line waits for the end of all before it. */
  private after(utterance: Utterance, line: WordingLengths): State[] {
    const found = new Map<number, State>();
    for (const way of this.waysOf(utterance, line, this.states[0]!.end + this.gap)) {
      // States end later the cheaper they are: the last one that is over is the best.
      const state = this.states.findLast(({ end }) => end + this.gap <= way.start)!;
      keepCheaper(found, way.end, state.cost + way.cost, () => stepTo(line, way.index, state.last));
    }
    return [...found.values()];
  }

  /** The line is spoken over the one before, as in the source; what comes after them waits for both. */
  private beside(utterance: Utterance, line: WordingLengths): State[] {
    const alone = new Map<number, State>();
    for (const way of this.waysOf(utterance, line, Number.NEGATIVE_INFINITY)) {
      keepCheaper(alone, way.end, way.cost, () => stepTo(line, way.index, undefined));
    }
    const found = new Map<number, State>();
    for (const state of this.states) {
      for (const own of withoutWorse([...alone.values()], Number.NEGATIVE_INFINITY)) {
        const end = Math.max(own.end, state.end);
        keepCheaper(found, end, own.cost + state.cost, () => stepTo(line, own.last!.index, state.last));
      }
    }
    return [...found.values()];
  }

  /** Every start from `from` on and every end that each wording can have, with what that costs. */
  private *waysOf(utterance: Utterance, line: WordingLengths, from: number) {
    const first = Math.max(from, this.cells(utterance.startMs - earliestMs), 0);
    const last = Math.max(first, this.cells(utterance.startMs + latestMs));
    for (const [index, predictedMs] of line.predictedMs.entries()) {
      const fuller = line.predictedMs.length - 1 - index;
      const wording = costUnit * (unfilledCost(predictedMs, utterance) + wordingWeight * fuller);
      const lengths = tempoCosts(predictedMs, this.options.maxTempo, this.gridMs);
      const natural = lengths.length - 1;
      const least = Math.min(natural, Math.ceil(predictedMs / this.options.maxTempo / this.gridMs));
      for (let start = first; start <= last; start++) {
        const begun = wording + onsetCost(start * this.gridMs - utterance.startMs);
        for (let length = least; length <= natural; length++) {
          const end = start + length;
          const cost = begun + lengths[natural - length]! + endCost(end * this.gridMs - utterance.endMs);
          yield { index, start, end, cost };
        }
      }
    }
  }

  private cells(ms: number): number {
    return Math.floor(ms / this.gridMs);
  }

  private tell(step: Step | undefined): WordingChoice[] {
    const told: WordingChoice[] = [];
    for (let at = step; at !== undefined && at !== this.lastTold; at = at.before) {
      told.push({ utteranceId: at.utteranceId, index: at.index });
    }
    if (step !== undefined) this.lastTold = step;
    return told.reverse();
  }
}

/** What a wording costs by itself, in units: the source's speech that it leaves unfilled. */
function unfilledCost(predictedMs: number, utterance: Utterance): number {
  const wantedMs = lengthMs(utterance) * fullShare;
  return shortWeight * Math.max(0, 1 - predictedMs / Math.max(1, wantedMs)) ** 2;
}

function stepTo({ utteranceId }: WordingLengths, index: number, before: Step | undefined): Step {
  return { utteranceId, index, before, depth: (before?.depth ?? 0) + 1 };
}

function keepCheaper(found: Map<number, State>, end: number, cost: number, last: () => Step): void {
  const other = found.get(end);
  if (other === undefined || cost < other.cost) found.set(end, { end, cost, last: last() });
}

/** Without states that end later than another and cost no less; of ends up to `ready` only the cheapest counts. */
function withoutWorse(states: readonly State[], ready: number): State[] {
  const sorted = states
    .map((state) => ({ ...state, end: Math.max(state.end, ready) }))
    .sort((a, b) => a.end - b.end || a.cost - b.cost);
  const kept: State[] = [];
  for (const state of sorted) if (kept.length === 0 || state.cost < kept.at(-1)!.cost) kept.push(state);
  return kept;
}

function cheapestOf(states: readonly State[]): State {
  return states.reduce((best, state) => (state.cost < best.cost ? state : best));
}

/** The last step that all ways have in common. */
function sharedBy(steps: readonly (Step | undefined)[]): Step | undefined {
  let ways = new Set(steps);
  while (ways.size > 1) {
    const deepest = Math.max(...[...ways].map((step) => step?.depth ?? 0));
    ways = new Set([...ways].map((step) => (step?.depth === deepest ? step.before : step)));
  }
  return [...ways][0];
}
