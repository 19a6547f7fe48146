import { readFile, writeFile } from 'node:fs/promises';
import type { Cast, Translation } from '../domain/script.js';
import { hearTake, learnPace, type Pace } from '../domain/spoken/pace.js';
import type { Takes } from '../domain/timeline.js';
import type { StageContext } from '../stages/context.js';
import { hashValue } from '../workspace/hash.js';
import { openTakeLog, type TakeLog } from '../workspace/take-log.js';
import { filmKey, voiceKey } from './keys.js';
import type { TargetWork } from './work.js';

/** How fast each speaker's voice is, by speaker. */
export type Paces = ReadonlyMap<string, Pace>;

/**
 * What earlier runs know of the voices that were cast. Asked once for a film and then kept for it: budgets and wordings
 * follow from it, and a run that is repeated must not choose other words and pay for their voice again.
 */
export async function readPaces(work: TargetWork, casting: Cast, ctx: StageContext): Promise<Paces> {
  const speakers = Object.keys(casting.voices);
  const found = await Promise.all(speakers.map((speaker) => readPace(work, casting.voices[speaker]!, ctx)));
  return new Map(speakers.map((speaker, index) => [speaker, found[index]!]));
}

async function readPace(work: TargetWork, voice: string, ctx: StageContext): Promise<Pace> {
  const key = { made: 'pace', film: filmKey(work.shared.source), voice: voiceOf(work, voice) };
  const { path } = await ctx.keeper.file(key, '.json', async (target) => {
    await writeFile(target, JSON.stringify(learnFrom(await logOf(work, voice).read(), work.language)));
  });
  return JSON.parse(await readFile(path, 'utf8')) as Pace;
}

/** Leaves what the takes measured for later runs. A log that cannot be written costs nothing but that. */
export async function notePaces(work: TargetWork, translation: Translation, takes: Takes): Promise<void> {
  for (const [voice, heard] of heardByVoice(work, translation, takes)) {
    await logOf(work, voice)
      .add(heard)
      .catch(() => undefined);
  }
}

/** Takes at the voice's natural rate: the others say nothing of it. */
function heardByVoice({ language }: TargetWork, translation: Translation, { takes }: Takes) {
  const lines = new Map(translation.lines.map((line) => [line.utteranceId, line]));
  const byVoice = new Map<string, { readonly id: string; readonly figures: readonly number[] }[]>();
  for (const take of takes) {
    const line = lines.get(take.utteranceId);
    if (line === undefined || line.rate !== undefined) continue;
    const { units, pauses, durationMs } = hearTake(line.text, language, take.durationMs);
    const id = hashValue({ path: take.path }).slice(0, 12);
    byVoice.set(take.voice, [...(byVoice.get(take.voice) ?? []), { id, figures: [units, pauses, durationMs] }]);
  }
  return byVoice;
}

function learnFrom(logged: readonly { readonly figures: readonly number[] }[], language: string): Pace {
  const heard = logged.map(({ figures: [units = 0, pauses = 0, durationMs = 0] }) => ({ units, pauses, durationMs }));
  return learnPace(heard, language);
}

function logOf(work: TargetWork, voice: string): TakeLog {
  return openTakeLog(work.job.cache, voiceOf(work, voice));
}

function voiceOf({ output, language }: TargetWork, voice: string) {
  return voiceKey(output.target, language, voice);
}
