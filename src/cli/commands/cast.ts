import { resolve } from 'node:path';
import { DubError } from '../../errors.js';
import type { FoundCast } from '../../pipeline/casting/edit-cast.js';
import type { Call } from '../call.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** `dub cast show|set|suggest <work folder, input or cast file>`; a suggestion needs no cast. */
export async function castCommand(call: Call): Promise<number> {
  const [verb = '', operand, ...rest] = call.line.operands;
  if (!['show', 'set', 'suggest'].includes(verb))
    throw usage(`\`dub cast\` needs show, set or suggest, not \`${verb}\`.`);
  if (operand === undefined) throw usage(`\`dub cast ${verb}\` needs a work folder, an input or a cast file.`);
  if (verb !== 'set' && rest.length > 0)
    throw usage(`\`dub cast ${verb}\` does not know what to do with \`${rest[0]}\`.`);
  const loaded = await call.loadConfig();
  const { config } = loaded;
  if (verb === 'suggest') return (await import('./cast-suggest.js')).suggestCast(call, loaded, operand);
  const { findCast } = await import('../../pipeline/casting/edit-cast.js');
  const found = await findCast(resolve(call.io.cwd, config.work ?? operand));
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
    call.printAnswer('cast', { path, speakers });
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

function usage(message: string): DubError {
  return new DubError('USAGE', message, {
    hint: 'For example: dub cast show talk.dub, or dub cast set talk.dub A=Cherry, or dub cast suggest talk.dub --tts qwen --lang es.',
  });
}
