import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DubError, throwIfAborted } from '../../errors.js';
import type { FromProcess, ToProcess } from './onnx-process.js';

/** The packages that run models, the faster one first. */
const runtimePackages = ['onnxruntime-node', 'onnxruntime-web'] as const;

/**
 * The way to have one. `onnxruntime-node` holds its libraries for processors; its install script would only fetch more, for
 * graphics cards.
 */
const installRuntime = 'npm install -g --ignore-scripts onnxruntime-node';

/** The built file, also when this one runs from its source. */
const program = fileURLToPath(new URL('../../../dist/stages/separate/onnx-process.js', import.meta.url));

/** A model that is loaded, in a process of its own. */
export interface LoadedModel {
  /** @throws PROVIDER_BAD_REPLY when the runtime fails; INTERRUPTED */
  run(
    input: string,
    output: string,
    data: Float32Array,
    dims: number[],
  ): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>;
  /** Ends the process. */
  close(): void;
}

/** The file of an ONNX runtime beside the program, in a folder's `node_modules` or installed globally; undefined for none. */
export function findRuntime(folder: string): string | undefined {
  const node = dirname(process.execPath);
  const homes = [fileURLToPath(import.meta.url), join(folder, 'package.json')];
  // Where `npm install -g` puts packages: beside Node on Windows, below ../lib elsewhere.
  const globals = [join(node, '..', 'lib', 'node_modules'), join(node, 'node_modules')];
  for (const name of runtimePackages) {
    for (const from of [...homes.map((home) => [home, name]), ...globals.map((home) => [home, join(home, name)])]) {
      const path = resolveIn(isAbsolute(from[1]!) ? join(from[0]!, 'x') : from[0]!, from[1]!);
      if (path !== undefined) return path;
    }
  }
  return undefined;
}

function resolveIn(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}

/**
 * The same for a model.
 * @throws ENGINE_MISSING when there is none
 */
export function requireRuntime(path: string, folder: string): string {
  const runtime = findRuntime(folder);
  if (runtime === undefined) {
    throw new DubError(
      'ENGINE_MISSING',
      `The separator's model ${basename(path)} needs ONNX Runtime, which is not here.`,
      {
        hint: `Install it: ${installRuntime} (onnxruntime-web, slower, where there is none for the machine).`,
      },
    );
  }
  return runtime;
}

/**
 * Loads a model in a process of its own.
 * @throws ENGINE_MISSING without a runtime; CONFIG_INVALID when the runtime cannot load the model; INTERRUPTED
 */
export async function loadModel(path: string, folder: string, signal: AbortSignal): Promise<LoadedModel> {
  throwIfAborted(signal);
  const runtime = requireRuntime(path, folder);
  const process = startProcess(signal);
  const answer = await process.ask({ load: { runtime, model: path } });
  if ('failed' in answer) {
    process.close();
    throw new DubError('CONFIG_INVALID', `ONNX Runtime cannot load ${basename(path)}: ${answer.failed}`, {
      hint: 'Try a newer ONNX Runtime, or export the model anew.',
    });
  }
  return {
    async run(input, output, data, dims) {
      const given = await process.ask({ run: { input, output, data, dims } });
      if ('data' in given) return given;
      const why = 'failed' in given ? given.failed : 'no answer';
      throw new DubError('PROVIDER_BAD_REPLY', `ONNX Runtime failed on ${basename(path)}: ${why}`, {
        hint: 'Check the memory of the machine, or let the bed be lowered instead: --separator-fallback duck.',
      });
    },
    close: process.close,
  };
}

function startProcess(signal: AbortSignal) {
  const child = fork(program, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-1000);
  });
  const close = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', close, { once: true });
  let hear: ((answer: FromProcess) => void) | undefined;
  let gone: FromProcess | undefined;
  const end = (why: string) => {
    gone ??= { failed: why };
    hear?.(gone);
  };
  child.on('message', (answer) => hear?.(answer as FromProcess));
  child.once('error', (error) => end(error.message));
  child.once('close', (code, by) => end(`its process ended with ${code ?? by}. ${said.trim()}`.trim()));
  return {
    async ask(message: ToProcess): Promise<FromProcess> {
      // Not a race with the end: a promise that outlives the windows would hold the answers of all of them.
      const answer = await new Promise<FromProcess>((resolve) => {
        hear = resolve;
        if (gone !== undefined) resolve(gone);
        else if (child.connected) child.send(message, () => undefined);
      });
      throwIfAborted(signal);
      return answer;
    },
    close() {
      signal.removeEventListener('abort', close);
      close();
    },
  };
}
