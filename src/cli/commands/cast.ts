import { resolve } from 'node:path';
import { readLanguage } from '../../config/readers.js';
import { DubError } from '../../errors.js';
import type { FoundCast } from '../../pipeline/casting/edit-cast.js';
import type { Call } from '../call.js';
import { loadEngine } from '../choosing/engines.js';
import { withProviderTools } from '../choosing/provider-tools.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** `dub cast show|set|suggest <work folder, input or cast file>`. */
export async function castCommand(call: Call): Promise<number> {
  const [verb = '', operand, ...rest] = call.line.operands;
  if (!['show', 'set', 'suggest'].includes(verb))
    throw usage(`\`dub cast\` needs show, set or suggest, not \`${verb}\`.`);
  if (operand === undefined) throw usage(`\`dub cast ${verb}\` needs a work folder, an input or a cast file.`);
  if (verb !== 'set' && rest.length > 0)
    throw usage(`\`dub cast ${verb}\` does not know what to do with \`${rest[0]}\`.`);
  const { config } = await call.loadConfig();
  const { findCast } = await import('../../pipeline/casting/edit-cast.js');
  const found = await findCast(resolve(call.io.cwd, config.work ?? operand));
  if (verb === 'suggest') return suggest(call, found);
  return show(call, verb === 'set' ? await change(found, rest, config.tts) : found);
}

async function change(found: FoundCast, wishes: readonly string[], tts: string | undefined): Promise<FoundCast> {
  if (wishes.length === 0) throw usage('`dub cast set` needs what is to change, as SPEAKER=VOICE.');
  const changes = wishes.map((wish) => {
    const [, speaker, voice] = /^([^=]+)=(.+)$/s.exec(wish) ?? [];
    if (speaker === undefined || voice === undefined) throw usage(`\`${wish}\` is not of the form SPEAKER=VOICE.`);
    return { speaker: speaker.trim(), voice: voice.trim() };
  });
  const { changeCast } = await import('../../pipeline/casting/edit-cast.js');
  return changeCast(found, changes, tts);
}

function show(call: Call, { path, speakers }: FoundCast): number {
  if (call.json) {
    call.printJson({ v: 1, type: 'cast', path, speakers });
    return 0;
  }
  const head = ['speaker', 'engine', 'voice', 'gender', 'pitch', 'note'].map(call.outStyle.bold);
  const rows = Object.entries(speakers).map(([speaker, { provider, voice, sample, gender, pitchHz, note }]) => {
    const named =
      typeof voice === 'string'
        ? voice
        : Object.entries(voice ?? {})
            .map((pair) => pair.join(': '))
            .join(', ');
    const times = sample && 'times' in sample ? ` (${(sample.times ?? []).join(', ')})` : '';
    const shown = sample === undefined ? named : `cloned from ${sample.file ?? 'the film'}${times}`;
    const pitch = pitchHz === undefined ? '' : `${pitchHz} Hz`;
    return [speaker, provider ?? '', shown, gender ?? '', pitch, note ?? ''].map(visible);
  });
  call.print(renderTable([head, ...rows]));
  return 0;
}

async function suggest(call: Call, found: FoundCast): Promise<number> {
  const loaded = await call.loadConfig();
  const { lang } = call.line.calls;
  const place = { label: '--lang', folder: call.io.cwd, code: 'USAGE' } as const;
  if (lang === undefined) throw usage('`dub cast suggest` needs the language to be spoken, as --lang es.');
  const language = readLanguage(lang, place);
  const spec = loaded.config.tts ?? Object.values(found.speakers).find(({ provider }) => provider)?.provider;
  if (spec === undefined) throw usage('`dub cast suggest` needs an engine, as --tts qwen.');
  return withProviderTools(call.io, async (tools) => {
    const { label, provider } = await loadEngine('tts', spec, { loaded, cwd: call.io.cwd, tools, signal: call.signal });
    const voices = await provider.voices(language, call.signal);
    if (voices.length === 0) {
      throw new DubError('PROVIDER_UNSUPPORTED', `${label} has no voices of its own for ${language}.`, {
        hint: '`dub voices` lists what is ready here; `--voices clone` keeps the speakers’ own.',
      });
    }
    const { suggestVoices } = await import('../../pipeline/casting/edit-cast.js');
    const suggestions = suggestVoices(found, voices);
    if (call.json) call.printJson({ v: 1, type: 'cast-suggestions', tts: label, language, suggestions });
    else {
      const head = ['speaker', 'pitch', 'voices, best first'].map(call.outStyle.bold);
      const rows = suggestions.map(({ speaker, pitchHz, voices: fitting }) =>
        [speaker, pitchHz === undefined ? '' : `${pitchHz} Hz`, fitting.map(({ name }) => name).join(', ')].map(
          visible,
        ),
      );
      call.print(renderTable([head, ...rows]));
    }
    return 0;
  });
}

function usage(message: string): DubError {
  return new DubError('USAGE', message, {
    hint: 'For example: dub cast show talk.dub, or dub cast set talk.dub A=Cherry, or dub cast suggest talk.dub --tts qwen --lang es.',
  });
}
