import type { Script, TranslatedLine, Translation } from '../../domain/script.js';
import type { Source } from '../../domain/source.js';
import { unknownPace } from '../../domain/spoken/pace.js';
import { DubError } from '../../errors.js';
import { type Bill, billFor } from '../../pricing/bill.js';
import { addMoney, type Money, noMoney, tidyAmount } from '../../pricing/money.js';
import type { StageContext } from '../../stages/context.js';
import { EnrolledVoices } from '../../stages/synthesize/enrolled-voices.js';
import { synthesize } from '../../stages/synthesize.js';
import { translate } from '../../stages/translate.js';
import { type Casting, castingOf } from '../casting/crew.js';
import { LineQueue } from '../fitting/line-queue.js';
import type { DubJob, Target } from '../job.js';
import { glossaryOf, lineScope } from '../keys.js';
import { assumeScript, growthBetween, lengthsBetween, sampleText, speechShares } from './assumed-script.js';
import type { DryBuyer, WantedCall } from './dry-buyer.js';
import { billedEngine } from './engines.js';
import type { MoneyTerms } from './terms.js';

/** What a stage would cost. */
export interface CostRange {
  readonly least: Money;
  readonly likely: Money;
  readonly most: Money;
  /** False when a part of it has no known price. */
  readonly priced: boolean;
  readonly calls: number;
  /** Answers that are kept and cost nothing. */
  readonly kept: number;
}

/** What is known of a target before its run. */
export interface KnownTarget {
  readonly target: Target;
  /** Undefined when there is none yet: then lines are assumed. */
  readonly script: Script | undefined;
  /** An earlier run's. */
  readonly translation: Translation | undefined;
  readonly casting: Casting;
}

/** Where a plan looks, without buying anything. */
export interface PlanTools {
  readonly job: DubJob;
  readonly source: Source;
  readonly terms: MoneyTerms;
  /** A context whose buyer buys nothing. */
  contextWith(buyer: DryBuyer): StageContext;
  newBuyer(): DryBuyer;
}

/** Lines that are reworded to fit and voiced again, where the translator can: a share of all. */
const again = { likely: 0.03, most: 0.15 } as const;

/** A translation that is answered with one wording a line, in few tokens, costs this share of what is likely. */
const fewTokens = 0.7;

/** What translating and voicing one target would cost: both stages run over their lines with a buyer that buys nothing. */
export async function planTarget(
  known: KnownTarget,
  tools: PlanTools,
): Promise<{ readonly translate: CostRange; readonly synthesize: CostRange }> {
  if (known.script !== undefined) return planLines({ ...known, script: known.script, isAssumed: false }, tools);
  const language = tools.job.sourceLanguage ?? 'en';
  const plans = await Promise.all(
    [speechShares.least, speechShares.likely, speechShares.most].map((share) =>
      planLines({ ...known, script: assumeScript(tools.source.durationMs, language, share), isAssumed: true }, tools),
    ),
  );
  const [least, likely, most] = plans as [Planned, Planned, Planned];
  return {
    translate: spanOf(least.translate, likely.translate, most.translate),
    synthesize: spanOf(least.synthesize, likely.synthesize, most.synthesize),
  };
}

/** What the same would cost by an engine behind the first one, as if that did all of it. */
export async function planTranslatorBehind(known: KnownTarget, translator: Target['translator'], tools: PlanTools) {
  return (await planTarget({ ...known, target: { ...known.target, translator } }, tools)).translate;
}

/** As `planTranslatorBehind`, for voices: of each speaker the engine's own. */
export async function planVoicesBehind(known: KnownTarget, tts: Target['tts'], tools: PlanTools) {
  const speakers = Object.keys(known.casting.cast.members);
  const members = Object.fromEntries(speakers.map((speaker) => [speaker, { provider: tts.label, voice: '' }]));
  const casting = castingOf({ members }, new Map([[tts.label, tts]]));
  return (await planTarget({ ...known, target: { ...known.target, tts }, casting }, tools)).synthesize;
}

/** A target whose lines are known, or assumed to be these. */
interface KnownLines extends KnownTarget {
  readonly script: Script;
  readonly isAssumed: boolean;
}

type Planned = Awaited<ReturnType<typeof planLines>>;

function spanOf(least: CostRange, likely: CostRange, most: CostRange): CostRange {
  return { ...likely, least: least.least, most: most.most };
}

async function planLines(known: KnownLines, tools: PlanTools) {
  const words = await planWords(known, tools);
  const voices = await planVoices(known, words.lines, words.isKnown, tools);
  return { translate: words.cost, synthesize: voices };
}

/** What the translation costs, and the lines to voice: those that are known, and others of the length they may have. */
async function planWords(known: KnownTarget & { readonly script: Script }, tools: PlanTools) {
  const { target, script, translation } = known;
  if (translation !== undefined) {
    const cost = { ...nothing, kept: translation.lines.length };
    return { cost, lines: translation.lines, isKnown: true };
  }
  const buyer = tools.newBuyer();
  const found = new Map<string, TranslatedLine>();
  const options = {
    ...{ target: target.language, label: target.translator.label, paceOf: () => unknownPace },
    ...{ shapedBy: await lineScope(target, tools.source, {}), termsIn: glossaryOf(target), settled: new Map() },
    onLine: (line: TranslatedLine) => void found.set(line.utteranceId, line),
    onFailure: () => undefined,
  };
  await withoutRefusal(translate(script, target.translator.provider, options, tools.contextWith(buyer)));
  const growth = growthBetween(script.language, target.language);
  const lines = script.utterances.map(({ id, text }): TranslatedLine => {
    const guess = sampleText([...text].length * growth, target.language);
    return found.get(id) ?? { utteranceId: id, text: guess };
  });
  const factors = { least: fewTokens, likely: 1, most: 1 + againAtMost(target) };
  return { cost: priceCalls(buyer, factors, tools), lines, isKnown: found.size === script.utterances.length };
}

async function planVoices(
  { target, script, casting, isAssumed }: KnownLines,
  lines: readonly TranslatedLine[],
  isKnown: boolean,
  tools: PlanTools,
): Promise<CostRange> {
  const buyer = tools.newBuyer();
  const ctx = tools.contextWith(buyer);
  const options = { language: target.language };
  const queue = new LineQueue<TranslatedLine>();
  for (const line of isAssumed ? lines : onceEach(lines, script, isKnown)) queue.put(line);
  queue.end();
  await withoutRefusal(synthesize(script, queue, casting, options, ctx));
  if (buyer.wanted.length > 0) await noteVoices(casting, ctx);
  const length = isKnown ? { least: 1, most: 1 } : lengthsBetween(script.language, target.language);
  const rewords = target.translator.provider.limits.adapts === true;
  const likely = rewords && !isKnown ? 1 + again.likely : 1;
  return priceCalls(buyer, { least: length.least, likely, most: length.most * (1 + againAtMost(target)) }, tools);
}

/** What one speaker says twice in the same words is voiced once; words that are only guessed are the same for the same source. */
function onceEach(lines: readonly TranslatedLine[], script: Script, isKnown: boolean): readonly TranslatedLine[] {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const said = new Set<string>();
  return lines.filter(({ utteranceId, text }) => {
    const utterance = utterances.get(utteranceId);
    const words = JSON.stringify([utterance?.speaker, text, isKnown ? '' : utterance?.text]);
    return !said.has(words) && said.add(words);
  });
}

function againAtMost({ translator }: Target): number {
  return translator.provider.limits.adapts ? again.most : 0;
}

/** Voices that a service would make of samples before the first line. */
async function noteVoices({ cast, engines }: Casting, ctx: StageContext): Promise<void> {
  const enrolled = new EnrolledVoices(ctx);
  for (const [speaker, member] of Object.entries(cast.members)) {
    const provider = engines.get(member.provider);
    if (member.sample === undefined || provider?.enrolment === undefined) continue;
    await withoutRefusal(enrolled.nameOf(speaker, member, provider));
  }
}

/** A stage to which nothing is sold ends by saying that it got nothing. */
async function withoutRefusal(stage: Promise<unknown>): Promise<void> {
  await stage.catch((error: unknown) => {
    if (!(error instanceof DubError) || error.code !== 'PROVIDER_REFUSED') throw error;
  });
}

const nothing: CostRange = { least: noMoney, likely: noMoney, most: noMoney, priced: true, calls: 0, kept: 0 };

/** For calls whose price is what they will be billed. */
export const asTheyAre = { least: 1, likely: 1, most: 1 } as const;

/**
 * What the calls that a stage would make come to.
 * @param factors by which what they are estimated at is multiplied
 */
export function priceCalls(
  { wanted, kept }: Pick<DryBuyer, 'wanted' | 'kept'>,
  factors: { readonly least: number; readonly likely: number; readonly most: number },
  { job, terms }: Pick<PlanTools, 'job' | 'terms'>,
): CostRange {
  const bills = (which: 'likely' | 'most') => wanted.map((call) => billCall(call, which, job, terms));
  const likely = bills('likely');
  return {
    least: scaled(likely, factors.least),
    likely: scaled(likely, factors.likely),
    most: scaled(bills('most'), factors.most),
    priced: likely.every(({ priced }) => priced),
    calls: wanted.length,
    kept,
  };
}

function billCall(call: WantedCall, which: 'likely' | 'most', job: DubJob, { prices }: MoneyTerms): Bill {
  return billFor(prices, billedEngine(job, call.stage, call.provider), call[which]);
}

function scaled(bills: readonly Bill[], factor: number): Money {
  const sum = bills.reduce((money, bill) => addMoney(money, bill.money), noMoney);
  return Object.fromEntries(Object.entries(sum).map(([currency, amount]) => [currency, tidyAmount(amount * factor)]));
}
