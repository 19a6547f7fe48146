import { spawnSync } from 'node:child_process';
import { DubError } from '../../../errors.js';
import { observeEngine } from './engine.js';
import { engineEnvironment } from './environment.js';
import { SharedAnswer } from './shared.js';

/** How a program is asked who it is. */
export interface EngineProbe {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Finds the version in what it prints (stdout, then stderr); undefined when this is another program. */
  version(printed: string): string | undefined;
}

/** Longest time a program may take to say its version. */
const probeLimitMs = 3000;

const found = new Map<string, SharedAnswer<string>>();
const foundNow = new Map<string, string>();

/**
 * Asks a program for its version; the answer is kept for the life of this process, a failure is not.
 * @throws ENGINE_MISSING when it is not there, does not answer in 3 s, or is another program of the same name
 */
export function detectEngine(probe: EngineProbe, signal: AbortSignal): Promise<string> {
  const key = keyOf(probe);
  const asked = found.get(key) ?? new SharedAnswer((stop) => askVersion(probe, stop));
  found.set(key, asked);
  return asked.get(signal);
}

/**
 * The version as `detectEngine` gives it, without waiting for promises: for `fingerprint`, which must not depend on
 * whether the engine was looked for before. `unknown` when it cannot be found.
 */
export function engineVersionNow(probe: EngineProbe): string {
  const key = keyOf(probe);
  const known = foundNow.get(key);
  if (known !== undefined) return known;
  const { stdout, stderr } = spawnSync(probe.program, [...probe.args], {
    timeout: probeLimitMs,
    input: '',
    env: engineEnvironment(process.env, process.platform),
    windowsHide: true,
    encoding: 'utf8',
  });
  const version = probe.version(`${stdout ?? ''}\n${stderr ?? ''}`) ?? 'unknown';
  if (version !== 'unknown') foundNow.set(key, version);
  return version;
}

async function askVersion(probe: EngineProbe, signal: AbortSignal): Promise<string> {
  const run = { name: probe.name, program: probe.program, args: probe.args, timeoutMs: probeLimitMs };
  const exit = await observeEngine(run, signal).catch((error: unknown) => {
    if (error instanceof DubError && ['ENGINE_MISSING', 'INTERRUPTED'].includes(error.code)) throw error;
    throw impostor(probe, error);
  });
  const version = probe.version(`${exit.stdout.toString('utf8')}\n${exit.stderr}`);
  if (version === undefined) throw impostor(probe, undefined);
  foundNow.set(keyOf(probe), version);
  return version;
}

function impostor(probe: EngineProbe, cause: unknown): DubError {
  const asked = [probe.program, ...probe.args].join(' ');
  return new DubError('ENGINE_MISSING', `\`${asked}\` does not answer like ${probe.name}.`, {
    hint: `Name the right program with the option \`binary\` of ${probe.name}.`,
    cause,
  });
}

function keyOf(probe: EngineProbe): string {
  return JSON.stringify([probe.name, probe.program, ...probe.args]);
}
