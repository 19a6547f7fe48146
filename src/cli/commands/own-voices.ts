import { isOurs } from '../../domain/cast.js';
import { nearestNames } from '../../domain/nearest.js';
import { DubError } from '../../errors.js';
import type { KeptVoices, OwnVoice } from '../../providers/tts/contract.js';
import type { Call } from '../call.js';
import { loadEngine } from '../choosing/engines.js';
import { withProviderTools } from '../choosing/provider-tools.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** The engine that keeps cloned voices when none is named. */
const usualEngine = 'qwen';

interface Keeper {
  readonly label: string;
  readonly kept: KeptVoices;
}

/** `dub voices --own` lists the account's cloned voices; `dub voices delete NAME…|--all` deletes some of them. */
export async function ownVoicesCommand(call: Call): Promise<number> {
  const [verb, ...names] = call.line.operands;
  const { own, all } = call.line.calls;
  if (own && verb !== undefined) throw usage('--own lists voices, and takes no names.');
  if (verb === 'delete' && !all && names.length === 0)
    throw usage('`dub voices delete` needs the name of a voice, or --all.');
  if (all && names.length > 0) throw usage('--all stands for every voice, so it takes no names.');
  const loaded = await call.loadConfig();
  return withProviderTools(call.io, async (tools) => {
    const spec = loaded.config.tts ?? usualEngine;
    const { label, provider } = await loadEngine('tts', spec, { loaded, cwd: call.io.cwd, tools, signal: call.signal });
    const kept = provider.enrolment ?? provider.uploads;
    if (kept === undefined) throw keepsNone(label);
    const { ready, detail, hint, code } = await provider.ready(call.signal);
    if (!ready) throw new DubError(code ?? 'PROVIDER_AUTH', detail, hint === undefined ? {} : { hint });
    const keeper = { label, kept };
    return own ? list(call, keeper) : remove(call, keeper, all ? undefined : names);
  });
}

async function list(call: Call, { label, kept }: Keeper): Promise<number> {
  const voices = await kept.list(call.signal);
  if (call.json) call.printAnswer('own-voices', { tts: label, voices });
  else if (voices.length > 0) call.print(renderVoices(voices, call));
  else call.say(`${label} keeps no cloned voices.\n`);
  return 0;
}

/** Asks first what is there: a name with a typing error must not pass for one that is gone already. */
async function remove(call: Call, { label, kept }: Keeper, names: readonly string[] | undefined): Promise<number> {
  const known = (await kept.list(call.signal)).map(({ voice }) => voice);
  const chosen = names ?? known.filter(isOurs);
  const unknown = chosen.find((voice) => !known.includes(voice));
  if (unknown !== undefined) throw unknownVoice(unknown, known, label);
  for (const voice of chosen) {
    await kept.delete(voice, call.signal);
    if (!call.json) call.print(`${voice}\n`);
  }
  if (call.json) call.printAnswer('voices-deleted', { tts: label, voices: chosen });
  else if (chosen.length === 0) call.say(`There is no voice at ${label} that dub has made.\n`);
  return 0;
}

function renderVoices(voices: readonly OwnVoice[], { outStyle }: Call): string {
  const head = ['voice', 'made'].map(outStyle.bold);
  const rows = voices.map(({ voice, createdAt }) => [voice, createdAt ?? ''].map(visible));
  return renderTable([head, ...rows]);
}

function unknownVoice(name: string, known: readonly string[], label: string): DubError {
  const near = nearestNames(name, known);
  return new DubError('USAGE', `There is no cloned voice ${name} at ${label}; nothing was deleted.`, {
    hint: near.length > 0 ? `Near ones: ${near.join(', ')}.` : '`dub voices --own` lists those that are there.',
  });
}

function keepsNone(label: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', `${label} keeps no cloned voices.`, {
    hint: 'Model Studio does (--tts qwen, --tts cosyvoice), and so does vLLM-Omni (--tts indextts).',
  });
}

function usage(message: string): DubError {
  return new DubError('USAGE', message, {
    hint: 'Write `dub voices --own` to see them, and `dub voices delete NAME` or `dub voices delete --all`.',
  });
}
