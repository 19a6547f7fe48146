import { languageName, nativeLanguageName } from '../../domain/language.js';
import type { Source } from '../../domain/source.js';
import { DubError } from '../../errors.js';
import { findFont } from '../../media/fonts.js';
import { requireSpoken } from '../../stages/cast/index.js';
import type { DubJob, Target } from '../job.js';

/**
 * Asks the engines of every target whether they serve its language, before anything is done or paid.
 * @throws PROVIDER_UNSUPPORTED
 */
export async function refuseUnserved(job: DubJob, signal: AbortSignal): Promise<void> {
  for (const target of job.targets) {
    const { label, provider } = target.tts;
    const { language } = target;
    const others = async () =>
      ((await job.enginesSpeaking?.(language)) ?? []).filter((name) => name !== label.split(':')[0]);
    await requireSpoken({ label, provider, language }, signal, others);
    await refuseUnservedPair(target, job.sourceLanguage, signal);
  }
}

/** A source language that recognition has yet to find out cannot be asked about. */
async function refuseUnservedPair(target: Target, source: string | undefined, signal: AbortSignal): Promise<void> {
  const { label } = target.translator;
  if (source === undefined) return;
  for (const { provider } of [target.translator, ...(target.translator.others ?? [])])
    if (await provider.supports(source, target.language, signal)) return;
  const name = (tag: string) => languageName(tag) ?? tag;
  throw new DubError(
    'PROVIDER_UNSUPPORTED',
    `${label} does not translate ${name(source)} to ${name(target.language)} (${source} to ${target.language}).`,
    { hint: 'Choose another translator with --translator, or hand in a translation with --translation.' },
  );
}

/**
 * Refuses subtitles that could not be drawn into the picture, before anything is done or paid: a language's own name is
 * written in the letters it needs.
 * @throws USAGE for an input without a picture; ENGINE_MISSING when no font has the letters
 */
export async function refuseUndrawable(job: DubJob, source: Source, signal: AbortSignal): Promise<void> {
  if (job.subtitles !== 'burn') return;
  if (source.kind === 'audio') {
    throw new DubError('USAGE', `${source.path} has no picture to draw subtitles into.`, {
      hint: 'Deliver them beside the file with --subtitles srt.',
    });
  }
  for (const { language } of job.targets) await findFont(nativeLanguageName(language), language, signal);
}

/**
 * Looks at the separator's model before anything is done or paid, unless the bed may be lowered instead.
 * @throws ENGINE_MISSING or CONFIG_INVALID
 */
export async function refuseUnusableModel({ separator }: DubJob): Promise<void> {
  if (separator === undefined || separator.fallback === 'duck' || !('path' in separator.by)) return;
  const { requireModel } = await import('../../stages/separate/model.js');
  await requireModel(separator.by);
}
