import type { TranslatedLine, Translation } from '../../domain/script.js';
import { unknownPace } from '../../domain/spoken/pace.js';
import type { Takes } from '../../domain/timeline.js';
import type { StageContext } from '../../stages/context.js';
import { together } from '../../stages/together.js';
import { translate } from '../../stages/translate.js';
import type { Kept } from '../../workspace/folder.js';
import type { Casting } from '../casting/crew.js';
import { lineScope, lineShape, synthesizeKey, translateKey } from '../keys.js';
import { countOf } from '../readable.js';
import { translationEdits } from '../resuming/edits.js';
import { type KnownLines, tellResume } from '../resuming/resume.js';
import { readSettled, settledLines } from '../resuming/settled.js';
import type { TargetWork } from '../work.js';
import { LineQueue } from './line-queue.js';
import { notePaces, readPaces } from './paces.js';
import { speakLines } from './speaking.js';
import { WordingChooser } from './wording-chooser.js';

/** A translation and a take for each of its lines. */
export interface Voiced {
  readonly translation: Translation;
  readonly takes: Takes;
  /** Lines whose wording was settled before this run, by utterance id: nothing is tried to fit them better. */
  readonly settled: ReadonlyMap<string, TranslatedLine>;
}

/** Translation and voicing run side by side: a line is voiced as soon as its wording is final. */
export async function translateAndVoice(work: TargetWork, casting: Casting): Promise<Voiced> {
  const ground = await tellChanges(work, casting);
  const voiced: Omit<Voiced, 'settled'> =
    ground.translation === undefined
      ? await voiceAsTranslated(work, ground)
      : { translation: ground.translation, takes: await voiceKept(work, casting, ground.translation) };
  return { ...voiced, settled: ground.known.settled };
}

/** What voicing starts from. */
interface Ground {
  readonly known: KnownLines;
  /** What shapes the translation. */
  readonly given: unknown;
  /** Undefined when lines have yet to be asked for. */
  readonly translation: Translation | undefined;
}

/** Says what is kept, what will be bought and what has changed. Buys nothing. */
export async function tellChanges(work: TargetWork, casting: Casting): Promise<Ground> {
  const { session, output, language } = work;
  const known = await knownLines(work, casting);
  const given = await translateKey(output.target, work.shared.script, known.edits);
  const earlier = await session.folder.kept<Translation>(`translate.${language}`, given);
  // After a finished run a translation that costs nothing is made first: then it can be said which lines have changed.
  const isFree = known.earlier.length > 0 && output.target.translator.provider.host === undefined;
  const made =
    earlier === undefined && !isFree
      ? undefined
      : await tellTranslation(work, async (ctx) =>
          earlier === undefined
            ? translateInto(new LineQueue(), work, { known, given }, ctx)
            : { value: earlier, kept: true },
        );
  const translation = made && {
    ...made,
    lines: made.lines.map((line) => known.settled.get(line.utteranceId) ?? line),
  };
  await tellResume(work, translation === undefined ? known : { ...known, settled: byUtterance(translation.lines) });
  return { known, given, translation };
}

async function voiceAsTranslated(work: TargetWork, ground: Ground): Promise<Omit<Voiced, 'settled'>> {
  const { casting } = ground.known;
  const queue = new LineQueue<TranslatedLine>();
  const [translation, takes] = await together(
    work.session.signal,
    (signal) =>
      tellTranslation(work, (ctx) => translateInto(queue, work, ground, { ...ctx, signal })).finally(() => queue.end()),
    (signal) =>
      tellTakes(work, async (ctx) => ({
        value: await speakLines(work, queue, casting, { ...ctx, signal }),
        kept: false,
      })),
  );
  // Kept now that the whole translation is known, so that the next run need not look at every take.
  await work.session.folder.once(takesName(work), await synthesizeKey(casting, translation), async () => takes);
  await notePaces(work, casting, translation, takes);
  return { translation, takes };
}

/** What is known of the lines before any is asked for: what a person has worded, and what the last run settled on. */
async function knownLines({ session, shared, output, language }: TargetWork, casting: Casting): Promise<KnownLines> {
  const { script, source } = shared;
  const edits = await translationEdits(script, language, session);
  const shape = await lineShape(output.target, source, session.folder.rounds, casting);
  const earlier = await readSettled(session.folder, language);
  return { casting, shape, edits, earlier, settled: settledLines(script, earlier, edits, shape) };
}

function byUtterance(lines: readonly TranslatedLine[]): ReadonlyMap<string, TranslatedLine> {
  return new Map(lines.map((line) => [line.utteranceId, line]));
}

/** The translation, made when it is not kept; each line goes into the queue as soon as its wording is final. */
function translateInto(
  queue: LineQueue<TranslatedLine>,
  work: TargetWork,
  { known, given }: Pick<Ground, 'known' | 'given'>,
  ctx: StageContext,
): Promise<Kept<Translation>> {
  return work.session.folder.once(`translate.${work.language}`, given, () => translateNow(queue, work, known, ctx));
}

async function translateNow(
  queue: LineQueue<TranslatedLine>,
  work: TargetWork,
  { casting, shape, settled }: KnownLines,
  ctx: StageContext,
): Promise<Translation> {
  const { output, shared, session } = work;
  const { provider, label, others: behind = [] } = output.target.translator;
  const paces = await readPaces(work, casting, ctx);
  const paceOf = (speaker: string) => paces.get(speaker) ?? unknownPace;
  const chooser = new WordingChooser(work.shared.script, work.language, paceOf, (line) => queue.put(line));
  const onLine = (line: TranslatedLine, isSettled: boolean) => chooser.take(line, isSettled);
  const onFailure = (utteranceId: string) => chooser.skip(utteranceId);
  const boughtAhead = shared.boughtAhead?.get(work.language);
  const lines = { shapedBy: shape.scope, termsIn: shape.termsIn, settled, boughtAhead };
  const others = await Promise.all(
    behind.map(async (other) => ({
      ...{ provider: other.provider, label: other.label },
      shapedBy: await lineScope({ translator: other }, shared.source, session.folder.rounds),
    })),
  );
  const options = { target: work.language, label, ...lines, others, paceOf, onLine, onFailure };
  return chooser.settle(await translate(work.shared.script, provider, options, ctx));
}

function voiceKept(work: TargetWork, casting: Casting, translation: Translation): Promise<Takes> {
  return tellTakes(work, async (ctx) => {
    const queue = new LineQueue<TranslatedLine>();
    for (const line of translation.lines) queue.put(line);
    queue.end();
    return work.session.folder.once(
      takesName(work),
      await synthesizeKey(casting, translation),
      () => speakLines(work, queue, casting, ctx),
      (takes) => ctx.buyer.holds(takes.takes.map((take) => take.path)),
    );
  });
}

function takesName({ language }: TargetWork): string {
  return `synthesize.${language}`;
}

function tellTranslation(
  work: TargetWork,
  make: (ctx: StageContext) => Promise<Kept<Translation>>,
): Promise<Translation> {
  return work.session.stage({ stage: 'translate', language: work.language }, make, ({ lines, failures }) =>
    countLines(lines.length, failures.length),
  );
}

function tellTakes(work: TargetWork, make: (ctx: StageContext) => Promise<Kept<Takes>>): Promise<Takes> {
  return work.session.stage({ stage: 'synthesize', language: work.language }, make, ({ takes, failures }) =>
    countLines(takes.length, failures.length),
  );
}

function countLines(done: number, failed: number): string {
  return failed === 0 ? countOf(done, 'line') : `${countOf(done, 'line')}, ${failed} failed`;
}
