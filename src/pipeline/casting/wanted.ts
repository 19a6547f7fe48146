import { DubError } from '../../errors.js';
import type { WantedMember } from '../../stages/cast/index.js';

/** Everything that is asked for the cast, before the speakers are known. */
export interface Wishes {
  /** By speaker; the first that names one wins. */
  readonly bySpeaker: readonly Readonly<Record<string, WantedMember>>[];
  /** For every speaker whom nobody named. */
  readonly forAll?: WantedMember | undefined;
}

/** What is asked for each speaker of the script. */
export function wantedFor(speakers: readonly string[], wishes: Wishes): Readonly<Record<string, WantedMember>> {
  const wanted: Record<string, WantedMember> = {};
  for (const speaker of speakers) {
    const found = wishes.bySpeaker.flatMap((named) => findSpeaker(named, speaker) ?? [])[0];
    // What was merely noted of a speaker (gender, a note) leaves the choice of the voice to the wish for all.
    const member = found !== undefined && asksForVoice(found) ? found : { ...wishes.forAll, ...found };
    if (member.from !== undefined) wanted[speaker] = member as WantedMember;
  }
  return wanted;
}

function asksForVoice({ voice, sample, clone, provider }: WantedMember): boolean {
  return voice !== undefined || sample !== undefined || clone === true || provider !== undefined;
}

/** Scripts write names in capitals, so a name is the same in either. */
export function findSpeaker<T>(named: Readonly<Record<string, T>>, speaker: string): T | undefined {
  if (Object.hasOwn(named, speaker)) return named[speaker];
  const key = Object.keys(named).find((name) => sameSpeaker(name, speaker));
  return key === undefined ? undefined : named[key];
}

/** Whether two labels mean one speaker. */
export function sameSpeaker(a: string, b: string): boolean {
  return a.toLocaleUpperCase('en') === b.toLocaleUpperCase('en');
}

/** @throws USAGE when `--voice` names somebody who does not speak */
export function refuseUnknownSpeakers(speakers: readonly string[], voices: Readonly<Record<string, unknown>>): void {
  const isKnown = (name: string) => name === '*' || speakers.some((speaker) => sameSpeaker(speaker, name));
  const unknown = Object.keys(voices).find((name) => !isKnown(name));
  if (unknown === undefined) return;
  throw new DubError('USAGE', `--voice names the speaker ${unknown}, but the script has ${speakers.join(', ')}.`, {
    hint: 'Use one of those, or --voice NAME without a speaker for everyone.',
  });
}
