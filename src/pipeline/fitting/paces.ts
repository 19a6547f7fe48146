import { readFile, writeFile } from 'node:fs/promises';
import type { CastMember } from '../../domain/cast.js';
import type { Translation } from '../../domain/script.js';
import { hearTake, learnPace, type Pace } from '../../domain/spoken/pace.js';
import type { Take, Takes } from '../../domain/timeline.js';
import type { StageContext } from '../../stages/context.js';
import { hashValue } from '../../workspace/hash.js';
import { openTakeLog } from '../../workspace/take-log.js';
import type { Casting } from '../casting/crew.js';
import { filmKey, voiceKey } from '../keys.js';
import type { TargetWork } from '../work.js';

/** How fast each speaker's voice is, by speaker. */
export type Paces = ReadonlyMap<string, Pace>;

/**
 * What earlier runs know of the voices that were cast. Asked once for a film and then kept for it: budgets and wordings
 * follow from it, and a run that is repeated must not choose other words and pay for their voice again.
 */
export async function readPaces(work: TargetWork, casting: Casting, ctx: StageContext): Promise<Paces> {
  const members = Object.entries(casting.cast.members);
  const found = await Promise.all(members.map(([, member]) => readPace(work, casting, member, ctx)));
  return new Map(members.map(([speaker], index) => [speaker, found[index]!]));
}

async function readPace(work: TargetWork, casting: Casting, member: CastMember, ctx: StageContext): Promise<Pace> {
  const voice = voiceOf(work, casting, member);
  const { path } = await ctx.keeper.file(
    { made: 'pace', film: filmKey(work.shared.source), voice },
    '.json',
    async (target) => {
      const logged = await openTakeLog(work.job.cache, voice).read();
      await writeFile(target, JSON.stringify(learnFrom(logged, work.language)));
    },
  );
  return JSON.parse(await readFile(path, 'utf8')) as Pace;
}

/** Leaves what the takes measured for later runs. A log that cannot be written costs nothing but that. */
export async function notePaces(
  work: TargetWork,
  casting: Casting,
  translation: Translation,
  { takes }: Takes,
): Promise<void> {
  const speakers = new Map(work.shared.script.utterances.map(({ id, speaker }) => [id, speaker]));
  for (const [speaker, member] of Object.entries(casting.cast.members)) {
    const own = takes.filter(({ utteranceId }) => speakers.get(utteranceId) === speaker);
    await openTakeLog(work.job.cache, voiceOf(work, casting, member))
      .add(hear(work, translation, own))
      .catch(() => undefined);
  }
}

/** Takes at the voice's natural rate: the others say nothing of it. */
function hear({ language }: TargetWork, translation: Translation, takes: readonly Take[]) {
  const lines = new Map(translation.lines.map((line) => [line.utteranceId, line]));
  return takes.flatMap((take) => {
    const line = lines.get(take.utteranceId);
    if (line === undefined || line.rate !== undefined) return [];
    const { units, pauses, durationMs } = hearTake(line.text, language, take.durationMs);
    return [{ id: hashValue({ path: take.path }).slice(0, 12), figures: [units, pauses, durationMs] }];
  });
}

function learnFrom(logged: readonly { readonly figures: readonly number[] }[], language: string): Pace {
  const heard = logged.map(({ figures: [units = 0, pauses = 0, durationMs = 0] }) => ({ units, pauses, durationMs }));
  return learnPace(heard, language);
}

function voiceOf({ language }: TargetWork, { crew }: Casting, member: CastMember) {
  return voiceKey(crew.get(member.provider)!, language, member);
}
