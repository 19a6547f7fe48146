import { languageName } from '../domain/language.js';
import { DubError } from '../errors.js';
import { requireSpoken } from '../stages/cast.js';
import type { DubJob, Target } from './job.js';

/**
 * Asks the engines of every target whether they serve its language, before anything is done or paid.
 * @throws PROVIDER_UNSUPPORTED
 */
export async function refuseUnserved(job: DubJob, signal: AbortSignal): Promise<void> {
  for (const target of job.targets) {
    const { label, provider } = target.tts;
    await requireSpoken(provider, { language: target.language, label }, signal);
    await refuseUnservedPair(target, job.sourceLanguage, signal);
  }
}

/** A source language that recognition has yet to find out cannot be asked about. */
async function refuseUnservedPair(target: Target, source: string | undefined, signal: AbortSignal): Promise<void> {
  const { label, provider } = target.translator;
  if (source === undefined || (await provider.supports(source, target.language, signal))) return;
  const name = (tag: string) => languageName(tag) ?? tag;
  throw new DubError(
    'PROVIDER_UNSUPPORTED',
    `${label} does not translate ${name(source)} to ${name(target.language)} (${source} to ${target.language}).`,
    { hint: 'Choose another translator with --translator, or hand in a translation with --translation.' },
  );
}
