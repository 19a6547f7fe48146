import { type Room, roomsOf } from '../../domain/room.js';
import type { TranslatedLine, Translation } from '../../domain/script.js';
import type { Take, Takes, Timeline } from '../../domain/timeline.js';
import { DubError, type DubErrorCode } from '../../errors.js';
import { align, defaultTiming } from '../../stages/align/index.js';
import { isMendable } from '../../stages/chain.js';
import type { StageContext, StageEvent } from '../../stages/context.js';
import type { Casting } from '../casting/crew.js';
import type { OutputSummary } from '../events.js';
import { countOf } from '../readable.js';
import type { TargetWork } from '../work.js';
import { findMisfits, misfitOf } from './misfits.js';
import { speakByFirst } from './speaking.js';
import { chooseTries, hasOthers, type Try, tryKey } from './tries.js';
import type { Voiced } from './voicing.js';

/** A translation and takes that fit as well as they can be made to, and what was changed for it. */
export interface Fitted extends Voiced {
  readonly adapted: NonNullable<OutputSummary['adapted']>;
}

/**
 * The one loop: align, and give the lines that do not fit another rate or another wording, voice them and align again, at
 * most `adaptRounds` times. What was tried is kept only where it fits better, as measured. The levers in order: the
 * voice's own rate where a little of it is enough, a wording that is there already, a new wording of the translator with
 * the measured length told, and the voice's own rate as far as it goes. A way that was tried is not tried again, so a
 * round in which nothing came out better leads to the next lever.
 */
export async function fitLines(work: TargetWork, casting: Casting, voiced: Voiced): Promise<Fitted> {
  const { job, shared } = work;
  let { translation, takes } = voiced;
  const changed = new Map<string, 'rate' | 'wording'>();
  const failed = new Set<string>();
  let [rounds, tried] = [0, 0];
  for (let round = 1; round <= (job.adaptRounds ?? 2); round++) {
    const timeline = alignLines(work, takes);
    // A line that an earlier run settled has been fitted then: a change elsewhere makes nobody pay for it again.
    const misfits = findMisfits(shared.script, takes, timeline).filter(
      ({ utteranceId }) => !voiced.settled.has(utteranceId) || lineOf(translation, utteranceId)?.byHand === true,
    );
    if (misfits.length === 0) break;
    const kept = await work.session.stage(
      { stage: 'adapt', language: work.language },
      async (ctx) => {
        const tries = await chooseTries(work, casting, { translation, misfits, failed }, ctx);
        const again = await voiceTries(work, casting, tries, ctx);
        return { value: keepBetter(work, { tries, again, takes, round }, ctx), kept: false };
      },
      ({ tried: tries, better }) => {
        const outcome = tries.length === 0 ? 'nothing is left to try' : `${better.length} fit better now`;
        return `round ${round}: ${countOf(misfits.length, 'misfit')}, ${outcome}`;
      },
    );
    if (kept.tried.length === 0) break;
    rounds = round;
    tried += kept.tried.length;
    for (const { line } of kept.tried) failed.add(tryKey(line));
    for (const { line, means } of kept.better) changed.set(line.utteranceId, means);
    translation = withLines(
      translation,
      kept.better.map(({ line }) => line),
    );
    takes = withTakes(
      takes,
      kept.better.map(({ take }) => take),
    );
  }
  const count = (means: 'rate' | 'wording') => [...changed.values()].filter((one) => one === means).length;
  return { ...voiced, translation, takes, adapted: { rounds, rate: count('rate'), wording: count('wording'), tried } };
}

function lineOf({ lines }: Translation, utteranceId: string): TranslatedLine | undefined {
  return lines.find((line) => line.utteranceId === utteranceId);
}

/** Where the takes go as things stand. */
function alignLines({ shared }: TargetWork, takes: Takes): Timeline {
  return align(shared.script, takes, defaultTiming(shared.source.durationMs));
}

/** Failures after which the takes before stay: of single lines, and of the purse. */
const survivable: ReadonlySet<DubErrorCode> = new Set([
  'PROVIDER_REFUSED',
  'PROVIDER_BAD_REPLY',
  'PROVIDER_UNSUPPORTED',
  'COST_LIMIT',
]);

async function voiceTries(
  work: TargetWork,
  casting: Casting,
  tries: readonly Try[],
  ctx: StageContext,
): Promise<ReadonlyMap<string, Take>> {
  if (tries.length === 0) return new Map();
  const asked = tries.map(({ line }) => line);
  // A try that fails is no line that failed, so only warnings and retries are told.
  const emit = (event: StageEvent) => {
    if (event.type === 'warning' || event.type === 'provider-retry') ctx.emit(event);
  };
  try {
    const { takes } = await speakByFirst(work, eachOf(asked), casting, { ...ctx, emit });
    return new Map(takes.map((take) => [take.utteranceId, take]));
  } catch (error) {
    const isSpared = isMendable(error) && hasOthers(work.output.target.tts);
    if (!isSpared && (!(error instanceof DubError) || !survivable.has(error.code))) throw error;
    const message = `Lines that do not fit stay as they are: ${(error as DubError).message}`;
    ctx.emit({ type: 'warning', stage: 'adapt', message });
    return new Map();
  }
}

async function* eachOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

interface Better {
  readonly line: TranslatedLine;
  readonly take: Take;
  readonly means: 'rate' | 'wording';
}

/** A try counts only when its take fits better than the one before. */
function keepBetter(
  work: TargetWork,
  round: {
    readonly tries: readonly Try[];
    readonly again: ReadonlyMap<string, Take>;
    readonly takes: Takes;
    readonly round: number;
  },
  ctx: StageContext,
): { readonly better: Better[]; readonly tried: readonly Try[] } {
  const rooms = roomsOf(work.shared.script);
  const better = round.tries.flatMap(({ line, means, misfit }): Better[] => {
    const take = round.again.get(line.utteranceId);
    const room = rooms.get(line.utteranceId)!;
    const isBetter = take !== undefined && fitsBetter(take.durationMs, misfit.spokenMs, room);
    ctx.emit({
      ...{ type: 'line-adapted', stage: 'adapt', utteranceId: line.utteranceId, round: round.round, means },
      ...{ kept: isBetter, beforeMs: misfit.spokenMs, afterMs: take?.durationMs ?? null, wantedMs: misfit.wantedMs },
    });
    return isBetter ? [{ line, take, means }] : [];
  });
  return { better, tried: round.tries };
}

function fitsBetter(durationMs: number, beforeMs: number, room: Room): boolean {
  return misfitOf(durationMs, room) < misfitOf(beforeMs, room) - 0.01;
}

function withLines(translation: Translation, changed: readonly TranslatedLine[]): Translation {
  const byId = new Map(changed.map((line) => [line.utteranceId, line]));
  return { ...translation, lines: translation.lines.map((line) => byId.get(line.utteranceId) ?? line) };
}

function withTakes(takes: Takes, changed: readonly Take[]): Takes {
  const byId = new Map(changed.map((take) => [take.utteranceId, take]));
  return { ...takes, takes: takes.takes.map((take) => byId.get(take.utteranceId) ?? take) };
}
