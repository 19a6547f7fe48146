import { type Room, roomsOf } from '../../domain/room.js';
import type { TranslatedLine, Translation } from '../../domain/script.js';
import { countUnits } from '../../domain/spoken/units.js';
import type { Take, Takes, Timeline } from '../../domain/timeline.js';
import { DubError, type DubErrorCode } from '../../errors.js';
import { adapt, type Misfit } from '../../stages/adapt.js';
import { align, defaultTiming } from '../../stages/align/index.js';
import { isMendable } from '../../stages/chain.js';
import type { StageContext, StageEvent } from '../../stages/context.js';
import type { Casting } from '../casting/crew.js';
import type { OutputSummary } from '../events.js';
import type { Chosen } from '../job.js';
import { lineScope } from '../keys.js';
import { countOf } from '../readable.js';
import type { TargetWork } from '../work.js';
import { findMisfits, misfitOf } from './misfits.js';
import { speakByFirst } from './speaking.js';
import type { Voiced } from './voicing.js';

/** A translation and takes that fit as well as they can be made to, and what was changed for it. */
export interface Fitted extends Voiced {
  readonly adapted: NonNullable<OutputSummary['adapted']>;
}

/**
 * The one loop: align, and give the lines that do not fit another rate or another wording, voice them and align again, at
 * most `adaptRounds` times. What was tried is kept only where it fits better, as measured. The levers in order: the
 * voice's own rate where a little of it is enough, a wording that is there already, a new wording of the translator with
 * the measured length told, and the voice's own rate as far as it goes.
 */
export async function fitLines(work: TargetWork, casting: Casting, voiced: Voiced): Promise<Fitted> {
  const { job, shared } = work;
  let { translation, takes } = voiced;
  const changed = new Map<string, 'rate' | 'wording'>();
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
        const tries = await chooseTries(work, casting, translation, misfits, ctx);
        const again = await voiceTries(work, casting, tries, ctx);
        return { value: keepBetter(work, { tries, again, takes, round }, ctx), kept: false };
      },
      (outcome) => `round ${round}: ${countOf(misfits.length, 'misfit')}, ${outcome.better.length} fit better now`,
    );
    if (kept.tried > 0) rounds = round;
    tried += kept.tried;
    for (const { line, means } of kept.better) changed.set(line.utteranceId, means);
    if (kept.better.length === 0) break;
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

/** A line in the way it is to be tried. */
interface Try {
  readonly line: TranslatedLine;
  readonly means: 'rate' | 'wording';
  readonly misfit: Misfit;
}

/** Further than this from its own rate a voice changes its manner. */
const easyRates = { min: 0.9, max: 1.25 };

/** A line so much shorter than what the slowest rate fills is not worth a take: it would drawl and fall silent all the same. */
const worthSlowing = 0.8;

async function chooseTries(
  work: TargetWork,
  casting: Casting,
  translation: Translation,
  misfits: readonly Misfit[],
  ctx: StageContext,
): Promise<Try[]> {
  const { translator } = work.output.target;
  const lines = new Map(translation.lines.map((line) => [line.utteranceId, line]));
  const first = misfits.map(
    (misfit) =>
      byRate(work, casting, lines.get(misfit.utteranceId)!, misfit, false) ??
      byWording(work, lines.get(misfit.utteranceId)!, misfit),
  );
  const left = misfits.filter(
    ({ utteranceId }, index) => first[index] === undefined && lines.get(utteranceId)!.byHand !== true,
  );
  const scope = await lineScope(work.output.target, work.shared.source, work.session.folder.rounds);
  const reworded =
    left.length === 0 || !translator.provider.limits.adapts
      ? []
      : await adapt(
          work.shared.script,
          translation,
          left.map((misfit) => atNaturalRate(misfit, lines.get(misfit.utteranceId)!)),
          translator.provider,
          { label: translator.label, shapedBy: scope },
          ctx,
        ).catch((error: unknown) => {
          // Where others can take over, a dub does not end because the first engine rewords nothing more.
          if (!isMendable(error) || !hasOthers(translator)) throw error;
          return [];
        });
  const byHand = misfits.filter(
    ({ utteranceId }, index) => first[index] === undefined && lines.get(utteranceId)!.byHand === true,
  );
  const rest = [...left, ...byHand].map((misfit): Try | undefined => {
    const line = reworded.find(({ utteranceId }) => utteranceId === misfit.utteranceId);
    return line
      ? { line, means: 'wording', misfit }
      : byRate(work, casting, lines.get(misfit.utteranceId)!, misfit, true);
  });
  return [...first, ...rest].filter((one) => one !== undefined);
}

/** A new wording is spoken at the voice's natural rate, whatever the rate of the take that was measured. */
function atNaturalRate(misfit: Misfit, { rate = 1 }: TranslatedLine): Misfit {
  return { ...misfit, spokenMs: Math.round(misfit.spokenMs * rate) };
}

function hasOthers({ others = [] }: Chosen<unknown>): boolean {
  return others.length > 0;
}

/** The voice's own rate; undefined when it has none, or when more than an easy one is needed and that is not asked for. */
function byRate(
  work: TargetWork,
  casting: Casting,
  line: TranslatedLine,
  misfit: Misfit,
  asFarAsItGoes: boolean,
): Try | undefined {
  const limits = ratesOf(work, casting, line);
  if (limits === undefined) return undefined;
  const now = line.rate ?? 1;
  const { mostMs, leastMs } = roomsOf(work.shared.script).get(misfit.utteranceId)!;
  const wantedMs = misfit.spokenMs > mostMs ? mostMs : leastMs;
  const needed = (now * misfit.spokenMs) / wantedMs;
  const [least, most] = [Math.max(easyRates.min, limits.min), Math.min(easyRates.max, limits.max)];
  if (!asFarAsItGoes && (needed < least || needed > most)) return undefined;
  if (needed < least * worthSlowing) return undefined;
  // Rounded away from 1, so that the rate asked for is enough.
  const rate = Math.min(most, Math.max(least, needed > 1 ? Math.ceil(needed * 50) / 50 : Math.floor(needed * 50) / 50));
  if (Math.abs(rate / now - 1) < 0.015) return undefined;
  return { line: { ...line, rate }, means: 'rate', misfit };
}

/** How far the engine that speaks the line, which may be the cast's for this speaker alone, can change its rate. */
function ratesOf({ shared }: TargetWork, { cast, engines }: Casting, { utteranceId }: TranslatedLine) {
  const { speaker } = shared.script.utterances.find(({ id }) => id === utteranceId)!;
  return engines.get(cast.members[speaker]!.provider)!.limits.rate;
}

/** Another wording that came with the first; undefined when none is nearer to what is wanted. */
function byWording({ language }: TargetWork, line: TranslatedLine, misfit: Misfit): Try | undefined {
  if (line.byHand) return undefined;
  const { spokenMs, wantedMs } = atNaturalRate(misfit, line);
  const perUnit = spokenMs / Math.max(1, countUnits(line.text, language));
  const off = (text: string) => Math.abs(Math.log((countUnits(text, language) * perUnit) / wantedMs));
  const near = (line.wordings ?? []).filter(
    (text) => text !== line.text && off(text) < Math.min(off(line.text), nearEnough),
  );
  const text = near.sort((a, b) => off(a) - off(b))[0];
  return text === undefined
    ? undefined
    : { line: { utteranceId: line.utteranceId, text, wordings: line.wordings }, means: 'wording', misfit };
}

/** A wording within this of what is wanted, as a logarithm, is worth a take. */
const nearEnough = 0.2;

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
): { readonly better: Better[]; readonly tried: number } {
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
  return { better, tried: round.tries.length };
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
