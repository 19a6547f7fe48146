// Writes small ONNX models, a few hundred bytes, by the field numbers of onnx.proto.

/** A dimension: a number, or a name where it is left open. */
export type Dim = number | string;

/** What a model takes or gives: float32. */
export interface ModelTensor {
  readonly name: string;
  readonly dims: readonly Dim[];
}

/** One step of a model. */
export interface ModelNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
}

/** A whole model. Constants are float32, or int64 where so said. */
export interface SmallModel {
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  readonly nodes: readonly ModelNode[];
  readonly floats?: Readonly<Record<string, { readonly dims: readonly number[]; readonly values: readonly number[] }>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of a model for opset 17. */
export function buildOnnx({ inputs, outputs, nodes, floats = {}, metadata = {} }: SmallModel): Buffer {
  const graph = message(
    ...nodes.map((node) => field(1, nodeOf(node))),
    field(2, text('small')),
    ...Object.entries(floats).map(([name, { dims, values }]) => {
      const raw = Buffer.from(Float32Array.from(values).buffer);
      return field(5, message(...dims.map((dim) => number(1, dim)), number(2, 1), field(8, text(name)), field(9, raw)));
    }),
    ...inputs.map((tensor) => field(11, tensorOf(tensor))),
    ...outputs.map((tensor) => field(12, tensorOf(tensor))),
  );
  const notes = Object.entries(metadata).map(([key, value]) =>
    field(14, message(field(1, text(key)), field(2, text(value)))),
  );
  return message(number(1, 8), field(7, graph), field(8, message(number(2, 17))), ...notes);
}

function nodeOf({ op, inputs, outputs, ints = {} }: ModelNode): Buffer {
  const attributes = Object.entries(ints).map(([name, value]) => {
    const body =
      typeof value === 'number'
        ? [number(3, value), number(20, 2)]
        : [...value.map((one) => number(8, one)), number(20, 7)];
    return field(5, message(field(1, text(name)), ...body));
  });
  return message(
    ...inputs.map((name) => field(1, text(name))),
    ...outputs.map((name) => field(2, text(name))),
    field(4, text(op)),
    ...attributes,
  );
}

function tensorOf({ name, dims }: ModelTensor): Buffer {
  const shape = dims.map((dim) => field(1, typeof dim === 'number' ? number(1, dim) : field(2, text(dim))));
  const tensor = message(number(1, 1), field(2, message(...shape)));
  return message(field(1, text(name)), field(2, message(field(1, tensor))));
}

const text = (value: string) => Buffer.from(value);
const message = (...parts: readonly Buffer[]) => Buffer.concat(parts);
const number = (id: number, value: number) => message(varint(id * 8), varint(value));
const field = (id: number, bytes: Buffer) => message(varint(id * 8 + 2), varint(bytes.length), bytes);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** Gives what is in the middle of two channels, the mean of both: the voices where only they are there. */
export function midModel(samples: Dim, output = 'voices'): Buffer {
  const dims = [1, 2, samples];
  return buildOnnx({ inputs: [{ name: 'mix', dims }], outputs: [{ name: output, dims }], nodes: voicesTo(output) });
}

/** The same as Demucs stacks it: three sounds that are not the voices, then the voices. */
export function stackedMidModel(samples: Dim): Buffer {
  const rows = ['none', 'none', 'rest', 'voices'];
  return buildOnnx({
    inputs: [{ name: 'mix', dims: [1, 2, samples] }],
    outputs: [{ name: 'out', dims: [1, 4, 2, samples] }],
    nodes: [
      ...voicesTo('voices'),
      { op: 'Sub', inputs: ['mix', 'voices'], outputs: ['rest'] },
      { op: 'Sub', inputs: ['mix', 'mix'], outputs: ['none'] },
      { op: 'Constant', inputs: [], outputs: ['axes'], ints: { value_ints: [1] } },
      ...rows.map((name, at) => ({ op: 'Unsqueeze', inputs: [name, 'axes'], outputs: [`row${at}`] })),
      { op: 'Concat', inputs: rows.map((_, at) => `row${at}`), outputs: ['out'], ints: { axis: 1 } },
    ],
  });
}

function voicesTo(output: string): ModelNode[] {
  return [
    { op: 'ReduceMean', inputs: ['mix'], outputs: ['mean'], ints: { axes: [1], keepdims: 1 } },
    { op: 'Shape', inputs: ['mix'], outputs: ['size'] },
    { op: 'Expand', inputs: ['mean', 'size'], outputs: [output] },
  ];
}

/** Gives `op` of the sound and itself: `Sub` gives silence, `Div` what is no number where there is silence. */
export function selfModel(op: 'Sub' | 'Div', samples: Dim, output: string): Buffer {
  const dims = [1, 2, samples];
  return buildOnnx({
    inputs: [{ name: 'mix', dims }],
    outputs: [{ name: output, dims }],
    nodes: [
      { op: 'Sub', inputs: ['mix', 'mix'], outputs: ['none'] },
      { op, inputs: ['none', 'none'], outputs: [output] },
    ],
  });
}

/** The same on spectra, shaped as MDX-Net: a 1x1 convolution gives the middle of left and right, or what is beside it. */
export function midSpectrumModel(
  bins: number,
  frames: number,
  gives: 'vocals' | 'background',
  metadata: SmallModel['metadata'] = {},
): Buffer {
  const other = gives === 'vocals' ? 0.5 : -0.5;
  const rows = [0, 1, 2, 3].flatMap((row) =>
    [0, 1, 2, 3].map((from) => (from === row ? 0.5 : from % 2 === row % 2 ? other : 0)),
  );
  return buildOnnx({
    inputs: [{ name: 'input', dims: ['batch', 4, bins, frames] }],
    outputs: [{ name: 'output', dims: ['batch', 4, bins, frames] }],
    nodes: [{ op: 'Conv', inputs: ['input', 'weight'], outputs: ['output'], ints: { kernel_shape: [1, 1] } }],
    floats: { weight: { dims: [4, 4, 1, 1], values: rows } },
    metadata,
  });
}
