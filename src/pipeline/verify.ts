import type { Mix } from '../domain/dub.js';
import type { Translation } from '../domain/script.js';
import type { Take, Takes, Timeline } from '../domain/timeline.js';
import type { Transcript } from '../domain/transcript.js';
import { DubError } from '../errors.js';
import { runFfmpeg } from '../media/run.js';
import type { StageContext } from '../stages/context.js';
import { transcribe } from '../stages/transcribe.js';
import { compareHeard, compareMeaning, type UnlikeLine } from '../stages/verify.js';
import { hashFile } from '../workspace/hash.js';
import type { Casting } from './casting/crew.js';
import type { OutputSummary } from './events.js';
import { speakLines } from './fitting/speaking.js';
import type { Verification } from './job.js';
import { glossaryTerms } from './keys.js';
import { countOf } from './readable.js';
import type { TargetWork } from './work.js';

/** What the guard found. */
export type Verified = NonNullable<OutputSummary['verified']>;

/** What is verified: the wordings, where they are spoken, and the finished dub track. */
export interface DubToVerify {
  readonly translation: Translation;
  readonly timeline: Timeline;
  readonly mixed: Mix;
}

/**
 * The meaning guard: what every translation must not lose, and, where there is a recogniser, whether the finished dub is
 * heard as it was written. Offenders are told as `line-doubtful`; nothing is changed.
 */
export async function verifyDub(work: TargetWork, verification: Verification, dub: DubToVerify): Promise<Verified> {
  const { session, language, shared } = work;
  return session.stage(
    { stage: 'verify', language },
    async (ctx) => {
      const rules = { source: shared.script.language, target: language, glossary: glossaryTerms(work.output.target) };
      const lost = compareMeaning(shared.script, dub.translation, rules);
      const unlike = await listenAgain(work, verification, dub, ctx);
      for (const { utteranceId, kind, what } of lost) {
        session.emit({ type: 'line-doubtful', stage: 'verify', language, utteranceId, reason: kind, detail: what });
      }
      for (const { utteranceId, heard, errorRate } of unlike ?? []) {
        const about = { utteranceId, reason: 'heard' as const, detail: heard, errorRate };
        session.emit({ type: 'line-doubtful', stage: 'verify', language, ...about });
      }
      const recogniser = unlike === undefined ? undefined : verification.asr?.label;
      return { value: { recogniser, lost, unlike: unlike ?? [], voicedAgain: 0 }, kept: false };
    },
    describe,
  );
}

/** Voices lines again that were not heard as they were written, once: another reading of the same words. */
export async function voiceAgain(
  work: TargetWork,
  casting: Casting,
  voiced: { readonly translation: Translation; readonly takes: Takes },
  unlike: readonly UnlikeLine[],
): Promise<Takes> {
  const { session, language } = work;
  const ids = new Set(unlike.map(({ utteranceId }) => utteranceId));
  const lines = voiced.translation.lines.filter(({ utteranceId }) => ids.has(utteranceId));
  return session.stage(
    { stage: 'synthesize', language },
    async (ctx) => {
      const again = async function* () {
        for (const line of lines) yield { ...line, reading: (line.reading ?? 1) + 1 };
      };
      const { takes } = await speakLines(work, again(), casting, ctx);
      const byId = new Map(takes.map((take) => [take.utteranceId, take]));
      const replaced = voiced.takes.takes.map((take): Take => byId.get(take.utteranceId) ?? take);
      return { value: { ...voiced.takes, takes: replaced }, kept: false };
    },
    () => `${countOf(lines.length, 'line')} voiced again`,
  );
}

function describe({ recogniser, lost, unlike }: Verified): string {
  const meaning =
    lost.length === 0 ? 'nothing lost in translation' : `${countOf(lost.length, 'thing')} lost in translation`;
  if (recogniser === undefined) return meaning;
  return `${meaning}, ${unlike.length === 0 ? 'every line' : `all but ${countOf(unlike.length, 'line')}`} heard as written`;
}

/** Undefined when there is no recogniser, or when it could not be used: that is told, and costs nothing else. */
async function listenAgain(
  work: TargetWork,
  { asr }: Verification,
  { translation, timeline, mixed }: DubToVerify,
  ctx: StageContext,
): Promise<UnlikeLine[] | undefined> {
  if (asr === undefined) return undefined;
  const { shared, job, language } = work;
  try {
    const sound = { durationMs: shared.source.durationMs, speechPath: await speechTrack(mixed, ctx) };
    const shapedBy = { verified: await hashFile(mixed.path), asr: asr.label, options: asr.options, language };
    const options = { label: asr.label, language, shapedBy };
    const heard = await transcribe(shared.source, sound, asr.provider, job.storage.provider, options, ctx);
    return compareHeard(translation, timeline, heard);
  } catch (error) {
    if (!(error instanceof DubError)) throw error;
    if (error.code === 'INPUT_NO_SPEECH') return compareHeard(translation, timeline, nothing(language, asr.label));
    if (!error.code.startsWith('PROVIDER_')) throw error;
    ctx.emit({ type: 'warning', stage: 'verify', message: `The dub was not heard again: ${error.message}` });
    return undefined;
  }
}

function nothing(language: string, provider: string): Transcript {
  return { language, provider, segments: [] };
}

/** The finished dub track as recognisers want it: one channel, 16 kHz. */
async function speechTrack(mixed: Mix, ctx: StageContext): Promise<string> {
  const key = { made: 'dub-speech', v: 1, mix: await hashFile(mixed.path) };
  const { path } = await ctx.keeper.file(key, '.flac', async (to) => {
    const format = ['-ac', '1', '-ar', '16000', '-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac'];
    const job = {
      purpose: 'decode the finished dub',
      inputs: [{ from: mixed.path }],
      outputs: [{ options: ['-map', '0:a:0', ...format], to }],
    };
    await runFfmpeg(job, ctx.tools, ctx.signal);
  });
  return path;
}
