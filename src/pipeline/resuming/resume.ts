import type { Script, TranslatedLine, Utterance } from '../../domain/script.js';
import { unknownPace } from '../../domain/spoken/pace.js';
import { lengthMs } from '../../domain/time.js';
import { addMoney, type Money } from '../../pricing/money.js';
import type { Units } from '../../providers/contract.js';
import { keptTakes } from '../../stages/synthesize.js';
import { keptTranslations } from '../../stages/translate.js';
import { type Casting, voiceNames } from '../casting/crew.js';
import type { RunEventBody } from '../events.js';
import type { TargetWork } from '../work.js';
import type { LineEdit } from './edits.js';
import type { LineShape, SettledLine } from './settled.js';

/** What is known of a target's lines before any of them is asked for. */
export interface KnownLines {
  readonly casting: Casting;
  readonly shape: LineShape;
  /** Lines whose wording is final, by utterance id. */
  readonly settled: ReadonlyMap<string, TranslatedLine>;
  readonly edits: ReadonlyMap<string, LineEdit>;
  /** What the last run settled on. */
  readonly earlier: readonly SettledLine[];
}

/** Says what is kept and what will be bought, and which lines have changed since the last run. Nothing on a first run. */
export async function tellResume(work: TargetWork, known: KnownLines): Promise<void> {
  const { session, language } = work;
  const { script } = work.shared;
  const survey = await surveyLines(work, known);
  const isFirst = known.earlier.length === 0 && survey.voiced.size === 0 && survey.translated.size === 0;
  if (isFirst) return;
  const toTranslate = script.utterances.filter(({ id }) => !survey.translated.has(id));
  const toVoice = script.utterances.filter(({ id }) => !survey.voiced.has(id));
  const wordsOf = ({ id, text }: Utterance) => known.settled.get(id)?.text ?? text;
  session.emit({
    type: 'resume',
    language,
    lines: script.utterances.length,
    translate: { lines: toTranslate.length, characters: charactersOf(toTranslate.map(({ text }) => text)) },
    voice: {
      lines: toVoice.length,
      characters: charactersOf(toVoice.map(wordsOf)),
      seconds: Math.round(toVoice.reduce((sum, line) => sum + lengthMs(line), 0) / 1000),
    },
    money: priceOf(work, known, toTranslate, toVoice),
    changes: changedLines(script, known, survey),
  });
}

interface Survey {
  /** Ids of lines whose translation costs nothing more. */
  readonly translated: ReadonlySet<string>;
  /** Ids of lines whose take is kept. */
  readonly voiced: ReadonlySet<string>;
}

async function surveyLines({ shared, output, language, session }: TargetWork, known: KnownLines): Promise<Survey> {
  const { translator } = output.target;
  const { settled, casting, shape } = known;
  const options = { target: language, shapedBy: shape.scope, termsIn: shape.termsIn, paceOf: () => unknownPace };
  const kept = await keptTranslations(shared.script, translator.provider, options, session.kept);
  const voiced = await keptTakes(shared.script, [...settled.values()], casting, { language }, session.kept);
  return { translated: new Set([...settled.keys(), ...kept]), voiced };
}

type Change = Extract<RunEventBody, { type: 'resume' }>['changes'][number];

/** Lines that are not as the last run left them. */
function changedLines({ utterances }: Script, known: KnownLines, { voiced }: Survey): Change[] {
  if (known.earlier.length === 0) return [];
  const earlier = new Map(known.earlier.map((line) => [line.startMs, line]));
  const voices = voiceNames(known.casting.cast);
  const changes = utterances.flatMap((utterance): Change[] => {
    const { id, startMs, speaker, text: source } = utterance;
    const was = earlier.get(startMs);
    const now = known.settled.get(id);
    const edit = known.edits.get(id);
    const voice = voices[speaker];
    earlier.delete(startMs);
    const same = was !== undefined && now?.text === was.line.text && source === was.source && voice === was.voice;
    if (same && voiced.has(id)) return [];
    return [
      {
        ...{ utteranceId: id, startMs, source, byHand: now?.byHand === true },
        ...(was !== undefined && was.source !== source ? { sourceWas: was.source } : {}),
        ...(was === undefined ? {} : { was: was.line.text }),
        ...(now === undefined ? {} : { now: now.text }),
        ...(edit === undefined || edit.machine === '' ? {} : { machine: edit.machine }),
        ...(voice === was?.voice ? {} : { voice }),
      },
    ];
  });
  const gone = [...earlier.values()].map(({ startMs, source, line }): Change => {
    return { utteranceId: line.utteranceId, startMs, source, was: line.text, byHand: false, gone: true };
  });
  return [...changes, ...gone].sort((a, b) => a.startMs - b.startMs);
}

/** @returns null when a price is unknown */
function priceOf(
  work: TargetWork,
  known: KnownLines,
  toTranslate: readonly Utterance[],
  toVoice: readonly Utterance[],
): Money | null {
  const { label } = work.output.target.translator;
  const words = { stage: 'translate', provider: label };
  const sums = [
    ...(toTranslate.length === 0 ? [] : [work.session.estimate(words, estimateTranslation(work, toTranslate))]),
    ...estimateVoices(work, known, toVoice),
  ];
  return sums.reduce<Money | null>(
    (sum, more) => (sum === null || more === undefined ? null : addMoney(sum, more)),
    {},
  );
}

function estimateTranslation({ output, shared, language }: TargetWork, lines: readonly Utterance[]): readonly Units[] {
  const request = {
    ...{ source: shared.script.language, target: language },
    lines: lines.map(({ id, text, speaker, startMs, endMs, segmentIds, slot }) => ({
      ...{ id, text, speaker, startMs, endMs, segmentIds, budget: { durationMs: lengthMs(slot) } },
    })),
  };
  const { provider } = output.target.translator;
  return (
    provider.estimate?.(request).likely ?? [{ unit: 'character', count: charactersOf(lines.map(({ text }) => text)) }]
  );
}

/** What each engine's lines come to; undefined for one whose price is unknown. */
function estimateVoices(
  { language, session }: TargetWork,
  { settled, casting: { cast, engines } }: KnownLines,
  lines: readonly Utterance[],
): (Money | undefined)[] {
  const units = new Map<string, Units[]>();
  for (const { id, text, speaker } of lines) {
    const { provider, voice, sample } = cast.members[speaker]!;
    const request = { text: settled.get(id)?.text ?? text, language, voice, sample };
    const likely = engines.get(provider)?.estimate?.(request).likely;
    const usual: Units[] = [{ unit: 'character', count: charactersOf([request.text]) }];
    units.set(provider, [...(units.get(provider) ?? []), ...(likely ?? usual)]);
  }
  return [...units].map(([provider, own]) => session.estimate({ stage: 'synthesize', provider }, own));
}

function charactersOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + [...text].length, 0);
}
