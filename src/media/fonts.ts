import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { primaryLanguage } from '../domain/language.js';
import { DubError } from '../errors.js';

const run = promisify(execFile);

/** Scripts whose letters few fonts have, and Debian's package for them. */
const packages: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u, 'fonts-noto-cjk'],
  [/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u, 'fonts-dejavu-core'],
  [/./su, 'fonts-noto-core'],
];

/**
 * A font of this machine for a text: its family as fontconfig names it. Where no single font has all letters, libass
 * takes the rest from others, so it is enough that some font has each.
 * @throws ENGINE_MISSING naming the letters that no font has and the package that brings them
 */
export async function findFont(text: string, language: string, signal: AbortSignal): Promise<string> {
  const letters = lettersOf(text);
  const missing = await lackingOf(letters, signal);
  if (missing.length > 0) throw noFont(missing, language);
  const whole = await familiesWith(letters, signal);
  const preferred = await fontconfig(
    'fc-match',
    ['-s', '--format', '%{family[0]}\n', `sans:lang=${primaryLanguage(language)}`],
    signal,
  );
  return preferred.find((family) => whole.has(family)) ?? [...whole][0] ?? preferred[0] ?? 'sans';
}

/** What a font must have of a text; spaces, marks without a width and pictures (libass has no colours) aside. */
function lettersOf(text: string): string[] {
  return [...new Set(text)].filter((letter) => !/[\s\p{C}\p{M}\p{Extended_Pictographic}]/u.test(letter));
}

/** Letters that no font has: asked for all at once, then for halves, so that one rare letter is found in few questions. */
async function lackingOf(letters: readonly string[], signal: AbortSignal): Promise<string[]> {
  if (letters.length === 0 || (await familiesWith(letters, signal)).size > 0) return [];
  if (letters.length === 1) return [letters[0]!];
  const middle = Math.ceil(letters.length / 2);
  const halves = [letters.slice(0, middle), letters.slice(middle)];
  return (await Promise.all(halves.map((half) => lackingOf(half, signal)))).flat();
}

async function familiesWith(letters: readonly string[], signal: AbortSignal): Promise<Set<string>> {
  const charset = letters.map((letter) => letter.codePointAt(0)!.toString(16)).join(' ');
  const pattern = charset === '' ? ':' : `:charset=${charset}`;
  return new Set(await fontconfig('fc-list', ['--format', '%{family[0]}\n', pattern], signal));
}

async function fontconfig(program: string, args: readonly string[], signal: AbortSignal): Promise<string[]> {
  const { stdout } = await run(program, args, { signal, maxBuffer: 16 << 20 }).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new DubError(
      'ENGINE_MISSING',
      `${program} is needed to find a font for burnt-in subtitles, and is not here.`,
      {
        hint: 'Install it: sudo apt-get install -y fontconfig (macOS: brew install fontconfig). Or deliver subtitles with --subtitles soft.',
        cause,
      },
    );
  });
  return stdout.split('\n').filter((line) => line !== '');
}

function noFont(missing: readonly string[], language: string): DubError {
  const shown = missing.slice(0, 12).join(' ');
  const name = packages.find(([script]) => script.test(missing[0]!))![1];
  return new DubError(
    'ENGINE_MISSING',
    `No font on this machine has these letters of the ${language} subtitles: ${shown}`,
    {
      hint: `Install some: sudo apt-get install -y ${name}. Or deliver subtitles with --subtitles soft.`,
    },
  );
}
