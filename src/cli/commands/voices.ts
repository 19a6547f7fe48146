import type { LoadedConfig } from '../../config/config.js';
import { readLanguage } from '../../config/readers.js';
import { languageName, primaryLanguage } from '../../domain/language.js';
import { DubError } from '../../errors.js';
import type { LoadedProvider } from '../../providers/load.js';
import type { Call } from '../call.js';
import { type EngineSurroundings, listEngines, loadEngine } from '../choosing/engines.js';
import { withProviderTools } from '../choosing/provider-tools.js';
import { refuseOperands } from '../operands.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** `dub voices`: the voices of the named tts, or of every tts that is ready here. */
export async function voicesCommand(call: Call): Promise<number> {
  const { own, all } = call.line.calls;
  if (own || call.line.operands[0] === 'delete') return (await import('./own-voices.js')).ownVoicesCommand(call);
  if (all)
    throw new DubError('USAGE', '--all belongs to `dub voices delete`.', { hint: 'Leave it out to list voices.' });
  refuseOperands(
    call,
    'Name an engine with --tts and a language with --lang; `dub voices delete NAME` deletes a cloned voice.',
  );
  const loaded = await call.loadConfig();
  const place = { label: '--lang', folder: call.io.cwd, code: 'USAGE' } as const;
  const { lang } = call.line.calls;
  const language = lang === undefined ? undefined : readLanguage(lang, place);
  return withProviderTools(call.io, async (tools) => {
    const around = { loaded, cwd: call.io.cwd, tools, signal: call.signal };
    const engines = await chooseEngines(loaded, around);
    // One of many that has nothing to list is no reason to list nothing.
    const unlisted = (error: unknown) => {
      if (engines.length > 1 && error instanceof DubError && error.code === 'PROVIDER_UNSUPPORTED') return [];
      throw error;
    };
    const lists = await Promise.all(engines.map((engine) => listVoices(engine, language, around).catch(unlisted)));
    const voices = lists.flat();
    if (call.json) call.printAnswer('voices', { voices });
    else if (voices.length > 0) call.print(renderVoices(voices, call));
    if (voices.length > 0) return 0;
    const cloning = engines.find((engine) => clones(engine, language));
    if (cloning === undefined) throw noVoices(engines, language);
    call.say(`${cloning.label} has no voices of its own: it speaks with those in samples, --voice A=anna.wav.\n`);
    return 0;
  });
}

async function chooseEngines(loaded: LoadedConfig, around: EngineSurroundings): Promise<LoadedProvider<'tts'>[]> {
  const { tts } = loaded.config;
  if (tts !== undefined) {
    const engine = await loadEngine('tts', tts, around);
    const { ready, detail, hint, code } = await engine.provider.ready(around.signal);
    if (!ready) throw new DubError(code ?? 'ENGINE_MISSING', detail, hint === undefined ? {} : { hint });
    return [engine];
  }
  const ready = (await listEngines(around)).filter((engine) => engine.entry.kind === 'tts' && engine.ready);
  return Promise.all(ready.map((engine) => loadEngine('tts', engine.entry.name, around)));
}

function clones({ provider }: LoadedProvider<'tts'>, language: string | undefined): boolean {
  const { sample, languages } = provider.limits;
  if (sample === undefined) return false;
  return language === undefined || languages === 'any' || languages.includes(primaryLanguage(language));
}

interface ListedVoice {
  readonly tts: string;
  readonly name: string;
  readonly languages: readonly string[];
  readonly gender?: string | undefined;
  readonly note?: string | undefined;
}

async function listVoices(
  engine: LoadedProvider<'tts'>,
  language: string | undefined,
  around: EngineSurroundings,
): Promise<ListedVoice[]> {
  const voices = await engine.provider.voices(language, around.signal);
  return voices.map(({ name, languages, gender, note }) => ({ tts: engine.label, name, languages, gender, note }));
}

function renderVoices(voices: readonly ListedVoice[], { outStyle }: Call): string {
  const head = ['tts', 'voice', 'languages', 'gender', 'note'].map(outStyle.bold);
  const rows = voices.map((voice) =>
    [voice.tts, voice.name, voice.languages.join(' '), voice.gender ?? '', voice.note ?? ''].map(visible),
  );
  return renderTable([head, ...rows]);
}

function noVoices(engines: readonly LoadedProvider<'tts'>[], language: string | undefined): DubError {
  const spoken =
    language === undefined ? 'has any voice' : `speaks ${languageName(language) ?? language} (${language})`;
  if (engines.length === 0) {
    return new DubError('ENGINE_MISSING', 'No tts engine is ready on this machine.', {
      hint: '`dub doctor` says what is missing and how to install it.',
    });
  }
  const names = engines.map((engine) => engine.label);
  const who =
    names.length === 1
      ? `${names[0]} has no voice${language === undefined ? '' : ` for ${languageName(language) ?? language} (${language})`}`
      : `None of ${names.join(', ')} ${spoken}`;
  return new DubError('PROVIDER_UNSUPPORTED', `${who}.`, { hint: '`dub providers` lists other engines for --tts.' });
}
