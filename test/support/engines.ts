import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The path of a program on PATH; undefined when it is not installed. */
export async function locateProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** The paths of the named programs. @throws Error with the install command when one is missing: no test passes by not running */
export async function requirePrograms<Name extends string>(...names: Name[]): Promise<Record<Name, string>> {
  const paths = await Promise.all(names.map(locateProgram));
  const missing = names.filter((_, index) => paths[index] === undefined);
  if (missing.length > 0) {
    throw new Error(
      `These tests need ${missing.join(', ')}: sudo apt-get install -y ffmpeg espeak-ng flite pocketsphinx ` +
        'pocketsphinx-en-us apertium apertium-eng-spa',
    );
  }
  return Object.fromEntries(names.map((name, index) => [name, paths[index]])) as Record<Name, string>;
}
