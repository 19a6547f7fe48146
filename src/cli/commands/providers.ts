import type { LoadedConfig } from '../../config/config.js';
import { nearestName } from '../../domain/nearest.js';
import { DubError, exitNumbers } from '../../errors.js';
import type { ProviderKind } from '../../providers/contract.js';
import type { TtsProvider } from '../../providers/tts/contract.js';
import type { Call } from '../call.js';
import { type EngineSurroundings, type ListedEngine, listEngines, loadEngine } from '../choosing/engines.js';
import { withProviderTools } from '../choosing/provider-tools.js';
import { findTools } from '../media.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** `dub providers`: every engine that ships; `dub providers check KIND:NAME`: tries one out. */
export async function providersCommand(call: Call): Promise<number> {
  const { operands } = call.line;
  const loaded = await call.loadConfig();
  return withProviderTools(call.io, (tools) => {
    const around = { loaded, cwd: call.io.cwd, tools, signal: call.signal };
    if (operands.length === 0) return list(call, around);
    if (operands[0] === 'check' && operands.length === 2) return check(call, operands[1]!, around);
    throw new DubError('USAGE', `\`dub providers\` does not know what to do with \`${operands.join(' ')}\`.`, {
      hint: 'Call it alone, or as: dub providers check tts:espeak-ng',
    });
  });
}

async function list(call: Call, around: EngineSurroundings): Promise<number> {
  const engines = await listEngines(around);
  if (call.json) {
    const providers = engines.map(({ entry, ready, detail, hint }) => ({
      kind: entry.kind,
      name: entry.name,
      summary: entry.summary,
      offline: entry.offline,
      rough: entry.rough,
      ready,
      detail,
      hint,
    }));
    call.printAnswer('providers', { providers });
  } else call.print(renderEngines(engines, call));
  return 0;
}

function renderEngines(engines: readonly ListedEngine[], { outStyle }: Call): string {
  const head = ['provider', 'offline', 'quality', 'ready', 'what it is'].map(outStyle.bold);
  const rows = engines.flatMap(({ entry, name, ready, detail, hint }) => [
    [
      name,
      entry.offline ? 'yes' : 'no',
      entry.rough ? outStyle.yellow('rough') : 'good',
      ready ? outStyle.green('yes') : outStyle.yellow('no'),
      entry.summary,
    ],
    ['', '', '', '', outStyle.dim(visible(ready ? detail : (hint ?? detail)))],
  ]);
  return renderTable([head, ...rows]);
}

const kinds: Readonly<Record<string, ProviderKind>> = {
  asr: 'asr',
  translation: 'translation',
  translator: 'translation',
  tts: 'tts',
  storage: 'storage',
  store: 'storage',
};

async function check(call: Call, named: string, around: EngineSurroundings): Promise<number> {
  const [, word = '', spec = ''] = /^([^:]+):(.+)$/.exec(named) ?? [];
  const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
  if (kind === undefined) {
    const near = nearestName(word || named, Object.keys(kinds));
    throw new DubError('USAGE', `\`${named}\` does not name a provider.`, {
      hint: `Write KIND:NAME, for example ${near ?? 'tts'}:${spec || 'espeak-ng'}; kinds are asr, translator, tts and store.`,
    });
  }
  return tryOut(call, kind, spec, around);
}

async function tryOut<Kind extends ProviderKind>(
  call: Call,
  kind: Kind,
  spec: string,
  around: EngineSurroundings,
): Promise<number> {
  const engine = await loadEngine(kind, spec, trustEveryone(around));
  const { ready, detail, hint, code } = await engine.provider.ready(around.signal);
  if (!ready) {
    const usual = engine.offline === false ? 'PROVIDER_AUTH' : 'ENGINE_MISSING';
    throw new DubError(
      code ?? usual,
      `${kind}:${engine.label} is not ready: ${detail}`,
      hint === undefined ? {} : { hint },
    );
  }
  const checks = kind === 'tts' ? await tryVoice(engine.provider as TtsProvider, around) : [];
  if (call.json) call.printAnswer('provider', { kind, name: engine.label, ready, detail, checks });
  else call.print(`${kind}:${engine.label} is ready: ${visible(detail)}\n${renderChecks(checks, call)}`);
  return checks.some((check) => check.outcome === 'failed') ? exitNumbers.PROVIDER_UNSUPPORTED : 0;
}

/** Only voices can be tried without a recording, a script or a bucket of the user's. */
async function tryVoice(provider: TtsProvider, { loaded, signal }: EngineSurroundings): Promise<TriedCheck[]> {
  const { tryVoices } = await import('../../pipeline/engines/try-provider.js');
  const results = await tryVoices(provider, undefined, await findTools(loaded.config), signal);
  return results.map(({ name, outcome, reason }) => ({ name, outcome, reason }));
}

interface TriedCheck {
  readonly name: string;
  readonly outcome: string;
  readonly reason?: string | undefined;
}

function renderChecks(checks: readonly TriedCheck[], { outStyle }: Call): string {
  if (checks.length === 0) return '';
  const colour = (outcome: string) =>
    outcome === 'failed' ? outStyle.red(outcome) : outcome === 'passed' ? outStyle.green(outcome) : outcome;
  const tried = checks.filter((check) => check.outcome !== 'skipped');
  const rows = tried.map(({ name, outcome, reason }) => [colour(outcome), visible(name), visible(reason ?? '')]);
  return `${renderTable(rows)}${checks.length - tried.length} more are for stand-ins that can fail, in the tests.\n`;
}

/** What is named on the command line is trusted, whatever a found config file says of the same kind. */
function trustEveryone(around: EngineSurroundings): EngineSurroundings {
  const trusted = { from: 'flag', name: 'providers check', trusted: true } as const;
  const origins: LoadedConfig['origins'] = {
    ...around.loaded.origins,
    asr: trusted,
    translator: trusted,
    tts: trusted,
    store: trusted,
  };
  return { ...around, loaded: { ...around.loaded, origins } };
}
