import type { Script } from '../../domain/script.js';
import type { DubJob, PlannedStage } from '../job.js';
import { countOf } from '../readable.js';
import { charactersPerSecond, englishCharactersPerSecond, lengthsBetween, speechShares } from './assumed-script.js';

/** What a plan's figures rest on, in sentences; nothing when nothing is to be paid. */
export function basisOf(
  stages: readonly PlannedStage[],
  script: Script | undefined,
  job: DubJob,
  durationMs: number,
): string[] {
  const paid = stages.filter(({ range }) => range !== undefined && range.calls > 0);
  if (paid.length === 0) return [];
  const translates = paid.some(({ stage }) => stage === 'translate');
  return [
    ...(script === undefined ? assumedLines(job, durationMs) : knownLines(script, translates)),
    ...(paid.some(({ stage }) => stage === 'transcribe')
      ? ['Recognition by the seconds of the film; at least half of them, where only speech is billed.']
      : []),
    ...(translates
      ? [
          'Translation by its own prompts at 3.8 characters a token, Chinese at one; at most three wordings of every line, and half of the lines asked for again.',
          ...lengthsAssumed(script?.language ?? job.sourceLanguage ?? 'en', job),
        ]
      : []),
    ...(paid.some(({ provider }) => provider !== undefined)
      ? [
          'At least: nothing is asked twice. At most: 15 % of the lines are reworded to fit and voiced again, likely 3 %.',
        ]
      : []),
  ];
}

function lengthsAssumed(source: string, { targets }: DubJob): string[] {
  return targets.map(({ language }) => {
    const { least, most } = lengthsBetween(source, language);
    return `A translation into ${language} is taken to be ${least} to ${most} times as long as is usual there.`;
  });
}

function knownLines({ utterances }: Script, translates: boolean): string[] {
  const characters = utterances.reduce((sum, { text }) => sum + [...text].length, 0);
  const known = `${countOf(utterances.length, 'line')} and ${countOf(characters, 'character')} of the script are known`;
  return [translates ? `${known}, their translation is not.` : `${known}, and so is what is to be voiced.`];
}

function assumedLines({ targets, sourceLanguage }: DubJob, durationMs: number): string[] {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const minutes = (durationMs / 60_000).toFixed(1);
  const { least, likely, most } = speechShares;
  const words = Math.round((englishCharactersPerSecond / 5.8) * 60);
  const source = charactersPerSecond(sourceLanguage ?? 'en').toFixed(1);
  const voices = targets.map(({ language }) => `${charactersPerSecond(language).toFixed(1)} of ${language}`).join(', ');
  return [
    `No script is known: somebody is taken to speak for ${percent(least)} to ${percent(most)} of the ${minutes} minutes, likely ${percent(likely)}.`,
    `Speech is taken to be ${source} characters a second (${words} English words a minute), voiced as ${voices}.`,
  ];
}
