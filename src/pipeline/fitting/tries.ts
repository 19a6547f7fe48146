import { type Room, roomsOf } from '../../domain/room.js';
import type { TranslatedLine, Translation, Utterance } from '../../domain/script.js';
import { countUnits } from '../../domain/spoken/units.js';
import type { TtsLimits } from '../../providers/tts/contract.js';
import { adapt, type Misfit, saysAsMuch, type WordingRules } from '../../stages/adapt.js';
import { isMendable } from '../../stages/chain.js';
import type { StageContext } from '../../stages/context.js';
import type { Casting } from '../casting/crew.js';
import type { Chosen } from '../job.js';
import { glossaryTerms, lineScope } from '../keys.js';
import type { TargetWork } from '../work.js';

/** A line in the way it is to be tried. */
export interface Try {
  readonly line: TranslatedLine;
  readonly means: 'rate' | 'wording';
  readonly misfit: Misfit;
}

/** What a round starts from. */
interface Round {
  readonly translation: Translation;
  readonly misfits: readonly Misfit[];
  /** Keys of the ways that were tried in earlier rounds. */
  readonly failed: ReadonlySet<string>;
}

/** A misfit with all that the levers look at. */
interface Case {
  readonly misfit: Misfit;
  readonly line: TranslatedLine;
  readonly utterance: Utterance;
  readonly room: Room;
  /** Of the engine that speaks it, which may be the cast's for this speaker alone; undefined when it has no rate. */
  readonly rates: TtsLimits['rate'];
}

/** Further than this from its own rate a voice changes its manner. */
const easyRates = { min: 0.9, max: 1.25 };

/** A line so much shorter than what the slowest rate fills is not worth a take: it would drawl and fall silent all the same. */
const worthSlowing = 0.8;

/** A wording within this of what is wanted, as a logarithm, is worth a take. */
const nearEnough = 0.2;

/** The same for the same way of speaking a line. */
export function tryKey({ utteranceId, text, rate = 1 }: TranslatedLine): string {
  return JSON.stringify([utteranceId, rate, text]);
}

/** True where other engines can take over. */
export function hasOthers({ others = [] }: Chosen<unknown>): boolean {
  return others.length > 0;
}

/** For each misfit the gentlest way that is enough and was not tried; the translator is asked for what has none. */
export async function chooseTries(
  work: TargetWork,
  casting: Casting,
  { translation, misfits, failed }: Round,
  ctx: StageContext,
): Promise<Try[]> {
  const rules = {
    source: work.shared.script.language,
    target: work.language,
    glossary: glossaryTerms(work.output.target),
  };
  const fresh = (one: Try | undefined) => (one === undefined || failed.has(tryKey(one.line)) ? undefined : one);
  const cases = casesOf(work, casting, translation, misfits);
  const gentle = cases.map((one) => fresh(byRate(one, false)) ?? fresh(byWording(one, rules)));
  const left = cases.filter((_, index) => gentle[index] === undefined);
  const reworded = await askAnew(
    work,
    translation,
    left.filter(({ line }) => line.byHand !== true),
    rules,
    ctx,
  );
  const last = left.map((one) => {
    const line = reworded.get(one.misfit.utteranceId);
    return fresh(line && { line, means: 'wording', misfit: one.misfit }) ?? fresh(byRate(one, true));
  });
  return [...gentle, ...last].filter((one) => one !== undefined);
}

function casesOf(
  { shared: { script } }: TargetWork,
  { cast, engines }: Casting,
  translation: Translation,
  misfits: readonly Misfit[],
): Case[] {
  const rooms = roomsOf(script);
  const lines = new Map(translation.lines.map((line) => [line.utteranceId, line]));
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  return misfits.map((misfit) => {
    const id = misfit.utteranceId;
    const utterance = utterances.get(id)!;
    const rates = engines.get(cast.members[utterance.speaker]!.provider)!.limits.rate;
    return { misfit, line: lines.get(id)!, utterance, room: rooms.get(id)!, rates };
  });
}

async function askAnew(
  work: TargetWork,
  translation: Translation,
  cases: readonly Case[],
  rules: WordingRules,
  ctx: StageContext,
): Promise<ReadonlyMap<string, TranslatedLine>> {
  const { translator } = work.output.target;
  if (cases.length === 0 || !translator.provider.limits.adapts) return new Map();
  const shapedBy = await lineScope(work.output.target, work.shared.source, work.session.folder.rounds);
  const options = { label: translator.label, shapedBy, glossary: rules.glossary };
  try {
    const lines = await adapt(
      work.shared.script,
      translation,
      cases.map(atNaturalRate),
      translator.provider,
      options,
      ctx,
    );
    return new Map(lines.map((line) => [line.utteranceId, line]));
  } catch (error) {
    // Where others can take over, a dub does not end because the first engine rewords nothing more.
    if (!isMendable(error) || !hasOthers(translator)) throw error;
    return new Map();
  }
}

/** A new wording is spoken at the voice's natural rate, whatever the rate of the take that was measured. */
function atNaturalRate({ misfit, line: { rate = 1 } }: Case): Misfit {
  return { ...misfit, spokenMs: Math.round(misfit.spokenMs * rate) };
}

/** The voice's own rate; undefined when it has none, or when more than an easy one is needed and that is not asked for. */
function byRate({ misfit, line, room: { mostMs, leastMs }, rates }: Case, asFarAsItGoes: boolean): Try | undefined {
  if (rates === undefined) return undefined;
  const now = line.rate ?? 1;
  const wantedMs = misfit.spokenMs > mostMs ? mostMs : leastMs;
  const needed = (now * misfit.spokenMs) / wantedMs;
  const [least, most] = [Math.max(easyRates.min, rates.min), Math.min(easyRates.max, rates.max)];
  if (!asFarAsItGoes && (needed < least || needed > most)) return undefined;
  if (needed < least * worthSlowing) return undefined;
  // Rounded away from 1, so that the rate asked for is enough.
  const rate = Math.min(most, Math.max(least, needed > 1 ? Math.ceil(needed * 50) / 50 : Math.floor(needed * 50) / 50));
  if (Math.abs(rate / now - 1) < 0.015) return undefined;
  return { line: { ...line, rate }, means: 'rate', misfit };
}

/** Another wording that came with the first; undefined when none is nearer to what is wanted and says as much. */
function byWording(one: Case, rules: WordingRules): Try | undefined {
  const { misfit, line, utterance } = one;
  if (line.byHand) return undefined;
  const { spokenMs, wantedMs } = atNaturalRate(one);
  const perUnit = spokenMs / Math.max(1, countUnits(line.text, rules.target));
  const off = (text: string) => Math.abs(Math.log((countUnits(text, rules.target) * perUnit) / wantedMs));
  const near = (line.wordings ?? [])
    .filter((text) => text !== line.text && off(text) < Math.min(off(line.text), nearEnough))
    .filter((text) => saysAsMuch(utterance.text, line.text, text, rules));
  const text = near.sort((a, b) => off(a) - off(b))[0];
  const { utteranceId, wordings } = line;
  return text === undefined ? undefined : { line: { utteranceId, text, wordings }, means: 'wording', misfit };
}
