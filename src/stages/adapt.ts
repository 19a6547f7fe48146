import pLimit from 'p-limit';
import { findLost, holdsTerm, type MeaningRules, type Term, termsIn } from '../domain/meaning.js';
import type { Script, TranslatedLine, Translation, Utterance } from '../domain/script.js';
import { countUnits } from '../domain/spoken/units.js';
import { DubError, type DubErrorCode } from '../errors.js';
import type { Units } from '../providers/contract.js';
import type {
  Revision,
  TranslationAnswer,
  TranslationLine,
  TranslationProvider,
} from '../providers/translation/contract.js';
import type { StageContext, WantedLine } from './context.js';

/** A line whose take does not fit, as measured. Milliseconds. */
export interface Misfit {
  readonly utteranceId: string;
  readonly spokenMs: number;
  readonly wantedMs: number;
}

/** What `adapt` needs to know besides the lines. */
export interface AdaptOptions {
  /** `name[:model]`. */
  readonly label: string;
  /** What shapes every answer besides the line itself, as for `translate`. */
  readonly shapedBy: unknown;
  /** Terms that a wording must have where its source has them. */
  readonly glossary: readonly Term[];
}

/** What a new wording is measured against: languages and terms. */
export type WordingRules = MeaningRules;

/** Version of what is kept of a reworded line. */
const wordingVersion = 1;

/** Failures after which the lines stay as they are; a dub that fits less well is worth more than none. */
const survivable: ReadonlySet<DubErrorCode> = new Set([
  'PROVIDER_BAD_REPLY',
  'PROVIDER_REFUSED',
  'PROVIDER_TIMEOUT',
  'COST_LIMIT',
]);

/**
 * Asks for other wordings of lines that were spoken and did not fit, with the measured length told.
 * @param provider one whose limits say that it `adapts`
 * @returns the lines that got a wording nearer to what is wanted, by their counted units, which keeps the numbers, units,
 * names and terms of the one before; the others are left out
 */
export async function adapt(
  script: Script,
  translation: Translation,
  misfits: readonly Misfit[],
  provider: TranslationProvider,
  options: AdaptOptions,
  ctx: StageContext,
): Promise<readonly TranslatedLine[]> {
  const wanted = wantedLines(script, translation, misfits, provider, options);
  const rules = { source: script.language, target: translation.language, glossary: options.glossary };
  const limit = pLimit(Math.max(1, provider.limits.concurrency));
  const batches: Reworded[][] = [];
  for (let at = 0; at < wanted.length; at += provider.limits.maxLines) {
    batches.push(wanted.slice(at, at + provider.limits.maxLines));
  }
  const found = await Promise.all(
    batches.map((asked) =>
      limit(async () => {
        const answers = await askFor(asked, rules.source, rules.target, provider, options, ctx);
        return asked.flatMap((line) => nearer(line, answers.get(line.utteranceId), rules));
      }),
    ),
  );
  return found.flat();
}

/** Whether a new wording keeps the numbers, units and names of the one before, and the glossary's terms of the source. */
export function saysAsMuch(original: string, before: string, text: string, rules: WordingRules): boolean {
  const { target, glossary } = rules;
  if (findLost(before, text, { source: target, target, glossary: [] }).length > 0) return false;
  const held = termsIn(original, glossary, rules.source);
  return held.every((term) => holdsTerm(text, term.target));
}

interface Reworded extends WantedLine {
  readonly line: TranslationLine;
  readonly revision: Revision;
}

function wantedLines(
  script: Script,
  translation: Translation,
  misfits: readonly Misfit[],
  provider: TranslationProvider,
  { shapedBy }: AdaptOptions,
): Reworded[] {
  const utterances = new Map(script.utterances.map((utterance) => [utterance.id, utterance]));
  const texts = new Map(translation.lines.map((line) => [line.utteranceId, line.text]));
  return misfits.map(({ utteranceId, spokenMs, wantedMs }) => {
    const utterance = utterances.get(utteranceId)!;
    const revision = { text: texts.get(utteranceId)!, spokenMs, wantedMs };
    const key = {
      ...{ made: 'wording', v: wordingVersion, shapedBy, fingerprint: provider.fingerprint?.() },
      ...{ source: script.language, target: translation.language, text: utterance.text },
      ...{ earlier: revision.text, spokenMs: revision.spokenMs, wantedMs: revision.wantedMs },
    };
    return { utteranceId, key, revision, line: toLine(utterance, revision, translation.language) };
  });
}

/** Units are counted off the measured take: whatever the voice's pace, this line is spoken at it. */
function toLine(utterance: Utterance, revision: Revision, language: string): TranslationLine {
  const { id, text, speaker, startMs, endMs, segmentIds } = utterance;
  const units = Math.max(1, Math.round((countUnits(revision.text, language) * revision.wantedMs) / revision.spokenMs));
  const budget = { durationMs: revision.wantedMs, units };
  return { id, text, speaker, startMs, endMs, segmentIds, budget, revision };
}

type KeptWording = Pick<TranslationAnswer, 'text' | 'wordings'>;

async function askFor(
  lines: readonly Reworded[],
  source: string,
  target: string,
  provider: TranslationProvider,
  { label }: AdaptOptions,
  ctx: StageContext,
): Promise<ReadonlyMap<string, KeptWording>> {
  try {
    const { answers } = await ctx.buyer.buyLines<Reworded, KeptWording>({
      ...{ stage: 'adapt', provider: label, lines, estimate: estimateOf },
      async call(missing, keep, signal) {
        const reply = await provider.translate({ source, target, lines: missing.map(({ line }) => line) }, signal);
        for (const message of reply.warnings) ctx.emit({ type: 'warning', stage: 'adapt', message });
        for (const { id, text, wordings } of reply.lines) {
          const line = missing.find(({ utteranceId }) => utteranceId === id);
          if (line !== undefined) await keep(line, { text, wordings });
        }
        return reply;
      },
    });
    return new Map([...answers].map(([id, { answer }]) => [id, answer]));
  } catch (error) {
    if (!(error instanceof DubError) || !survivable.has(error.code)) throw error;
    const message = `${label} gave no other wordings, so lines that do not fit stay as they are: ${error.message}`;
    ctx.emit({ type: 'warning', stage: 'adapt', message });
    return new Map();
  }
}

/** Tokens are not counted here: what is said twice goes in, and about as much comes out. */
function estimateOf(lines: readonly Reworded[]): Units[] {
  const chars = lines.reduce((sum, { line, revision }) => sum + line.text.length + revision.text.length, 0);
  return [{ unit: 'character', count: chars }];
}

/** The wording nearest to what is wanted, if it is nearer than the one before and says as much. */
function nearer(
  { utteranceId, line, revision }: Reworded,
  answer: KeptWording | undefined,
  rules: WordingRules,
): TranslatedLine[] {
  const before = countUnits(revision.text, rules.target);
  const off = (text: string) =>
    Math.abs(Math.log((countUnits(text, rules.target) * revision.spokenMs) / Math.max(1, before) / revision.wantedMs));
  const wordings = [...new Set([answer?.text ?? '', ...(answer?.wordings ?? [])].map((text) => text.trim()))]
    .filter((text) => text !== '' && off(text) < off(revision.text))
    .filter((text) => saysAsMuch(line.text, revision.text, text, rules))
    .sort((a, b) => off(a) - off(b));
  const text = wordings[0];
  return text === undefined ? [] : [{ utteranceId, text }];
}
