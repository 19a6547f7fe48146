import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LoadedConfig } from '../../config/config.js';
import { readLanguage } from '../../config/readers.js';
import { DubError } from '../../errors.js';
import type { CastFile } from '../../pipeline/casting/cast-file.js';
import type { Suggestion } from '../../pipeline/casting/edit-cast.js';
import type { Call } from '../call.js';
import { loadEngine } from '../choosing/engines.js';
import { withProviderTools } from '../choosing/provider-tools.js';
import { findTools } from '../media.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** Voices for the speakers of a cast, or of a film that has none yet: there they are found in its script and listened to. */
export async function suggestCast(call: Call, loaded: LoadedConfig, operand: string): Promise<number> {
  const { lang } = call.line.calls;
  if (lang === undefined) throw lacks('the language to be spoken, as --lang es');
  const language = readLanguage(lang, { label: '--lang', folder: call.io.cwd, code: 'USAGE' });
  return withProviderTools(call.io, async (tools) => {
    const speakers = await findSpeakers(call, loaded, resolve(call.io.cwd, operand), tools.scratch);
    const spec = loaded.config.tts ?? Object.values(speakers).find(({ provider }) => provider)?.provider;
    if (spec === undefined) throw lacks('an engine, as --tts qwen');
    const { label, provider } = await loadEngine('tts', spec, { loaded, cwd: call.io.cwd, tools, signal: call.signal });
    const voices = await provider.voices(language, call.signal);
    if (voices.length === 0) {
      throw new DubError('PROVIDER_UNSUPPORTED', `${label} has no voices of its own for ${language}.`, {
        hint: '`dub voices` lists what is ready here; `--voices clone` keeps the speakers’ own.',
      });
    }
    const { suggestVoices } = await import('../../pipeline/casting/edit-cast.js');
    const suggestions = suggestVoices(speakers, voices);
    if (call.json) call.printAnswer('cast-suggestions', { tts: label, language, suggestions });
    else call.print(renderSuggestions(suggestions, call));
    return 0;
  });
}

/** Those of the cast; where there is none, or a script is named, those who are heard in the film. */
async function findSpeakers(
  call: Call,
  { config }: LoadedConfig,
  path: string,
  scratch: string,
): Promise<CastFile['speakers']> {
  const { lookForCast, workFolderOf } = await import('../../pipeline/casting/edit-cast.js');
  const found = config.script === undefined ? await lookForCast(config.work ?? path) : undefined;
  if (found !== undefined) return found.speakers;
  const work = config.work ?? (await workFolderOf(path));
  const left = await leftBehind(work);
  const input = path === work || path.endsWith('.json') ? left.input : path;
  if (input === undefined) throw noFilm(path);
  const { loadProvider } = await import('../../providers/load.js');
  const { hearSpeakers } = await import('../../pipeline/casting/hear-speakers.js');
  const file = config.script ?? left.script;
  const { provider: asr } = await loadProvider('asr', 'subtitles', file === undefined ? {} : { file }, { scratch });
  const tools = { media: await findTools(config), signal: call.signal };
  const language = config.from ?? (config.script === undefined ? left.language : undefined);
  return hearSpeakers({ input, asr, language }, scratch, tools);
}

/** What a run that did not come to its cast has left in a work folder. */
async function leftBehind(work: string) {
  const { readRecord } = await import('../../pipeline/resuming/journal.js');
  const { readArtefact } = await import('../../workspace/folder.js');
  const script = join(work, 'script.srt');
  const found = await stat(script).catch(() => undefined);
  const transcript = await readArtefact<{ readonly language: string }>(work, 'transcribe');
  return {
    input: (await readRecord(work))?.input,
    script: found?.isFile() ? script : undefined,
    language: transcript?.language,
  };
}

function renderSuggestions(suggestions: readonly Suggestion[], { outStyle }: Call): string {
  const head = ['speaker', 'pitch', 'voices, best first'].map(outStyle.bold);
  const rows = suggestions.map(({ speaker, pitchHz, voices }) =>
    [speaker, pitchHz === undefined ? '' : `${pitchHz} Hz`, voices.map(({ name }) => name).join(', ')].map(visible),
  );
  return renderTable([head, ...rows]);
}

function lacks(what: string): DubError {
  return new DubError('USAGE', `\`dub cast suggest\` needs ${what}.`, {
    hint: 'For example: dub cast suggest talk.mp4 --script talk.en.srt --tts qwen --lang es.',
  });
}

function noFilm(path: string): DubError {
  return new DubError('INPUT_UNREADABLE', `There is no cast at ${path}, and no run has noted its film there.`, {
    hint: 'Name the film, and its script with --script if it has no subtitle track: dub cast suggest talk.mp4 --script talk.en.srt --tts qwen --lang es.',
  });
}
