import { pathToFileURL } from 'node:url';

/** What the process is told: first which runtime and model, then windows. */
export type ToProcess =
  | { readonly load: { readonly runtime: string; readonly model: string } }
  | {
      readonly run: {
        readonly input: string;
        readonly output: string;
        readonly data: Float32Array;
        readonly dims: number[];
      };
    };

/** What it answers to each. */
export type FromProcess =
  | { readonly loaded: true }
  | { readonly data: Float32Array; readonly dims: readonly number[] }
  | { readonly failed: string };

/** As much of ONNX Runtime's JavaScript API as is used: https://onnxruntime.ai/docs/api/js/. */
interface Runtime {
  readonly InferenceSession: { create(path: string, options: object): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Tensor;
}
interface Session {
  run(feeds: Record<string, Tensor>, fetches: readonly string[]): Promise<Record<string, Tensor>>;
}
interface Tensor {
  readonly data: unknown;
  readonly dims: readonly number[];
}

// A runtime computes for seconds without a pause, and takes its whole process with it when it breaks: so it has one of
// its own, which goes when its parent does.
let runtime: Runtime | undefined;
let session: Session | undefined;

process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole group; the parent decides.
process.on('SIGINT', () => undefined);
process.on('message', (message: ToProcess) => {
  const work = 'load' in message ? load(message.load) : run(message.run);
  work.catch((error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) })).then(answer);
});

function answer(message: FromProcess): void {
  process.send?.(message);
}

async function load({ runtime: path, model }: { runtime: string; model: string }): Promise<FromProcess> {
  const loaded = (await import(pathToFileURL(path).href)) as Partial<Runtime> & { readonly default: Runtime };
  runtime = loaded.InferenceSession === undefined ? loaded.default : (loaded as Runtime);
  session = await runtime.InferenceSession.create(model, { logSeverityLevel: 3 });
  return { loaded: true };
}

async function run(given: { input: string; output: string; data: Float32Array; dims: number[] }): Promise<FromProcess> {
  const tensor = new runtime!.Tensor('float32', given.data, given.dims);
  const results = await session!.run({ [given.input]: tensor }, [given.output]);
  const { data, dims } = results[given.output]!;
  return { data: Float32Array.from(data as Float32Array), dims };
}
