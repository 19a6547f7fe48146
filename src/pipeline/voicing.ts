import type { Cast, TranslatedLine, Translation } from '../domain/script.js';
import { unknownPace } from '../domain/spoken/pace.js';
import type { Takes } from '../domain/timeline.js';
import type { StageContext } from '../stages/context.js';
import { synthesize } from '../stages/synthesize.js';
import { together } from '../stages/together.js';
import { translate } from '../stages/translate.js';
import type { Kept } from '../workspace/folder.js';
import { lineScope, synthesizeKey, translateKey } from './keys.js';
import { LineQueue } from './line-queue.js';
import { notePaces, readPaces } from './paces.js';
import { countOf } from './readable.js';
import { WordingChooser } from './wording-chooser.js';
import type { TargetWork } from './work.js';

/** A translation and a take for each of its lines. */
export interface Voiced {
  readonly translation: Translation;
  readonly takes: Takes;
}

/** Translation and voicing run side by side: a line is voiced as soon as its wording is final. */
export async function translateAndVoice(work: TargetWork, casting: Cast): Promise<Voiced> {
  const given = await translateKey(work.output.target, work.shared.script);
  const earlier = await work.session.folder.kept<Translation>(`translate.${work.language}`, given);
  if (earlier !== undefined) {
    const translation = await tellTranslation(work, async () => ({ value: earlier, kept: true }));
    return { translation, takes: await voiceKept(work, casting, translation) };
  }
  const queue = new LineQueue<TranslatedLine>();
  const [translation, takes] = await together(
    work.session.signal,
    (signal) =>
      tellTranslation(work, (ctx) =>
        work.session.folder.once(`translate.${work.language}`, given, () =>
          translateInto(queue, work, casting, { ...ctx, signal }),
        ),
      ).finally(() => queue.end()),
    (signal) =>
      tellTakes(work, async (ctx) => ({ value: await voice(queue, work, casting, { ...ctx, signal }), kept: false })),
  );
  // Kept now that the whole translation is known, so that the next run need not look at every take.
  await work.session.folder.once(
    takesName(work),
    await synthesizeKey(work.output.target, translation, casting.voices),
    async () => takes,
  );
  await notePaces(work, translation, takes);
  return { translation, takes };
}

async function translateInto(
  queue: LineQueue<TranslatedLine>,
  work: TargetWork,
  casting: Cast,
  ctx: StageContext,
): Promise<Translation> {
  const { provider, label } = work.output.target.translator;
  const shapedBy = await lineScope(work.output.target, work.shared.source);
  const paces = await readPaces(work, casting, ctx);
  const paceOf = (speaker: string) => paces.get(speaker) ?? unknownPace;
  const chooser = new WordingChooser(work.shared.script, work.language, paceOf, (line) => queue.put(line));
  const onLine = (line: TranslatedLine) => chooser.take(line);
  const onFailure = (utteranceId: string) => chooser.skip(utteranceId);
  const options = { target: work.language, label, shapedBy, paceOf, onLine, onFailure };
  return chooser.settle(await translate(work.shared.script, provider, options, ctx));
}

function voiceKept(work: TargetWork, casting: Cast, translation: Translation): Promise<Takes> {
  return tellTakes(work, async (ctx) => {
    const queue = new LineQueue<TranslatedLine>();
    for (const line of translation.lines) queue.put(line);
    queue.end();
    return work.session.folder.once(
      takesName(work),
      await synthesizeKey(work.output.target, translation, casting.voices),
      () => voice(queue, work, casting, ctx),
      (takes) => ctx.buyer.holds(takes.takes.map((take) => take.path)),
    );
  });
}

function takesName({ language }: TargetWork): string {
  return `synthesize.${language}`;
}

function voice(
  lines: AsyncIterable<TranslatedLine>,
  work: TargetWork,
  casting: Cast,
  ctx: StageContext,
): Promise<Takes> {
  const { provider, label } = work.output.target.tts;
  return synthesize(work.shared.script, lines, casting, provider, { language: work.language, label }, ctx);
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
