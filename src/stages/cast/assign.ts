import type { VoiceGender } from '../../domain/cast.js';
import type { Voice } from '../../providers/tts/contract.js';

/**
 * Between the pitch of most men, 85 to 155 Hz, and that of most women, 165 to 255 Hz (Titze, Principles of Voice
 * Production): a median in between tells nothing.
 */
const highestMaleHz = 155;
const lowestFemaleHz = 165;

/** What a speaker's pitch makes the voice taken for; undefined between the ranges and where none was measured. */
export function genderOfPitch(pitchHz: number | undefined): VoiceGender | undefined {
  if (pitchHz === undefined) return undefined;
  if (pitchHz <= highestMaleHz) return 'male';
  return pitchHz >= lowestFemaleHz ? 'female' : undefined;
}

/** A speaker nobody has cast. */
export interface Uncast {
  readonly speaker: string;
  readonly gender?: VoiceGender | undefined;
}

/**
 * Gives each speaker a voice in order: the best free one of the same gender, else the best free one, and only when all
 * are taken one that somebody else has too.
 * @param voices best first, at least one
 * @param taken names of voices that others speak with
 */
export function assignVoices(
  speakers: readonly Uncast[],
  voices: readonly Voice[],
  taken: ReadonlySet<string>,
): ReadonlyMap<string, Voice> {
  const used = new Map(voices.map((voice) => [voice.name, taken.has(voice.name) ? 1 : 0]));
  const given = new Map<string, Voice>();
  for (const { speaker, gender } of speakers) {
    const least = Math.min(...used.values());
    const free = voices.filter((voice) => used.get(voice.name) === least);
    const fitting = free.find((voice) => gender !== undefined && voice.gender === gender);
    const voice = fitting ?? free.find((one) => one.gender === undefined || gender === undefined) ?? free[0]!;
    used.set(voice.name, least + 1);
    given.set(speaker, voice);
  }
  return given;
}
