import type { Translation } from '../../domain/script.js';
import type { Takes } from '../../domain/timeline.js';
import type { Transcript } from '../../domain/transcript.js';
import type { FallbackSummary } from '../events.js';
import type { Chosen, DubJob } from '../job.js';
import type { Session } from '../session.js';
import type { TargetWork } from '../work.js';

/** What other engines did than the first that were named: read from the artefacts, so that a later run tells it too. */
export function fallbacksOf(
  { output, shared, language }: TargetWork,
  translation: Translation,
  takes: Takes,
): FallbackSummary[] {
  const { translator, tts } = output.target;
  const words = translation.lines.map(({ utteranceId, provider }) => ({
    utteranceId,
    provider: provider ?? translation.provider,
  }));
  return [
    ...(shared.fallback === undefined ? [] : [shared.fallback]),
    ...byEngine('translate', language, firstOf(translator), words),
    ...byEngine('synthesize', language, firstOf(tts), spokenInstead(tts, takes)),
  ];
}

/** The engine that was named first, whether it can be used here or not. */
function firstOf({ label, unusable = [] }: Chosen<unknown>): string {
  return unusable.find(({ wasFirst }) => wasFirst)?.label ?? label;
}

/** Undefined when the first recogniser did it. */
export function recognisedOtherwise({ asr }: DubJob, { provider }: Transcript): FallbackSummary | undefined {
  const first = firstOf(asr);
  if (nameOf(provider) === nameOf(first)) return undefined;
  return { stage: 'transcribe', from: first, to: provider, utteranceIds: [] };
}

/** Takes of an understudy, and all of them where the engine that was named first cannot be used at all. */
function spokenInstead(tts: TargetWork['output']['target']['tts'], { takes }: Takes): readonly Done[] {
  return firstOf(tts) === tts.label ? takes.filter(({ insteadOf }) => insteadOf !== undefined) : takes;
}

interface Done {
  readonly utteranceId: string;
  readonly provider: string;
}

function byEngine(stage: string, language: string, first: string, done: readonly Done[]): FallbackSummary[] {
  const others = done.filter(({ provider }) => provider !== first);
  return [...new Set(others.map(({ provider }) => provider))].map((to) => ({
    ...{ stage, language, from: first, to },
    utteranceIds: others.filter(({ provider }) => provider === to).map(({ utteranceId }) => utteranceId),
  }));
}

/** A recogniser's artefact names the model that was chosen behind the name. */
function nameOf(label: string): string {
  return label.split(':')[0] ?? label;
}

/** Tells of the engines of a chain that cannot be used here, before anything is done. */
export function tellUnusable(stage: string, chosen: Chosen<unknown>, session: Session, language?: string): void {
  const about = language === undefined ? { stage } : { stage, language };
  for (const { label, code, message, wasFirst } of chosen.unusable ?? []) {
    if (wasFirst)
      session.emit({
        type: 'provider-fallback',
        ...about,
        from: label,
        to: chosen.label,
        code,
        message,
        utteranceIds: [],
      });
    else
      session.emit({
        type: 'warning',
        ...about,
        message: `${label} cannot take over if ${chosen.label} fails: ${message}`,
      });
  }
}
