import { DubError } from '../../../errors.js';

/** How a local program is installed, by the program's name. */
const installCommands: Readonly<
  Record<string, { readonly apt?: string; readonly brew?: string; readonly other?: string }>
> = {
  'espeak-ng': { apt: 'espeak-ng', brew: 'espeak-ng' },
  flite: { apt: 'flite', brew: 'flite' },
  pocketsphinx_continuous: { apt: 'pocketsphinx pocketsphinx-en-us', brew: 'cmu-pocketsphinx' },
  pocketsphinx: { apt: 'pocketsphinx pocketsphinx-en-us', brew: 'cmu-pocketsphinx' },
  apertium: { apt: 'apertium apertium-eng-spa' },
  'whisper-cli': { brew: 'whisper-cpp', other: 'build whisper-cli from the ggml-org/whisper.cpp sources (Linux)' },
  piper: { other: '`pipx install piper-tts`, or unpack a release of rhasspy/piper' },
  say: { other: '`say` is part of macOS and exists nowhere else' },
};

/** One sentence with the commands that install a program; for an unknown one, a hint to look at its path. */
export function installHint(program: string): string {
  const commands = installCommands[program];
  if (!commands) return `Check that \`${program}\` is the path of the program and may be executed.`;
  const ways = [
    commands.apt && `\`sudo apt-get install -y ${commands.apt}\` (Debian, Ubuntu)`,
    commands.brew && `\`brew install ${commands.brew}\` (macOS)`,
    commands.other,
  ].filter((way) => way !== undefined);
  return program === 'say' ? `${ways[0]}; choose another engine with --tts.` : `Install it: ${ways.join(', or ')}.`;
}

/** The error for a program that is not there or cannot be started. `name` is the engine's, `program` what was tried. */
export function engineMissing(name: string, program: string, cause?: unknown): DubError {
  const reason = errnoOf(cause) === 'EACCES' ? 'may not be executed' : 'was not found';
  const tried = name === program ? `${name} ${reason}.` : `${name} ${reason} as \`${program}\`.`;
  return new DubError('ENGINE_MISSING', tried, { hint: installHint(name), cause });
}

/** The system's error name (`ENOENT`), undefined when there is none. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
