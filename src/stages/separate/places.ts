import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DubError } from '../../errors.js';

/** What stands for the placeholders of a separator's command. */
export interface Places {
  /** The sound, WAV. */
  readonly in: string;
  /** A folder for whatever it writes. */
  readonly out: string;
  /** Files for the two halves, for programs that are told their names. */
  readonly background: string;
  readonly vocals: string;
}

/** Paths in a scratch folder; their names are plain, whatever the film is called. */
export function placeholdersOf(folder: string): Places {
  const path = (name: string) => join(folder, name);
  return { in: path('sound.wav'), out: path('stems'), background: path('background.wav'), vocals: path('vocals.wav') };
}

/** Names that separators give to what is left without the speech: demucs, spleeter, audio-separator and their kin. */
const names = /no[_-]?vocals|accompaniment|instrumental|background|music/i;
const sounds = /\.(wav|flac|mp3|m4a|ogg|opus|aiff?)$/i;

/**
 * The file with the background: the one that was asked for by name, else the one below `{out}` whose name says so.
 * @throws PROVIDER_BAD_REPLY naming what was found instead
 */
export async function findBackground(folder: string, places: Places, program: string): Promise<string> {
  if (await isThere(places.background)) return places.background;
  const found = (await readdir(places.out, { recursive: true }).catch(() => [])).filter((name) => sounds.test(name));
  const match = found.filter((name) => names.test(name)).sort((a, b) => a.length - b.length)[0];
  if (match !== undefined) return join(places.out, match);
  const seen = found.length === 0 ? 'no sound' : found.slice(0, 5).join(', ');
  throw new DubError('PROVIDER_BAD_REPLY', `${program} left no background: ${seen} was found in ${folder}.`, {
    hint: 'Let it write to {background}, or below {out} under a name such as no_vocals.wav, accompaniment.wav or instrumental.wav.',
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.size > 0,
    () => false,
  );
}
