import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { DubError } from '../../errors.js';

/** What a model takes or gives. */
export interface OnnxTensor {
  readonly name: string;
  /** ONNX's number of the element type; 1 is float32. */
  readonly type: number;
  /** One number a dimension, undefined where it is left open. */
  readonly dims: readonly (number | undefined)[];
}

/** What is written about a model in its file. */
export interface OnnxFile {
  readonly path: string;
  /** SHA-256 of the file, hex. */
  readonly hash: string;
  readonly inputs: readonly OnnxTensor[];
  readonly outputs: readonly OnnxTensor[];
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads what a model takes and gives from its file; no runtime is needed for that. Field numbers are those of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 * @throws ENGINE_MISSING when the file is not there; CONFIG_INVALID when it is no model
 */
export async function readOnnxFile(path: string): Promise<OnnxFile> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new DubError('ENGINE_MISSING', `The separator's model ${path} cannot be read (${cause.code}).`, {
      hint: 'Name the file of the model in --separator, for example --separator models/UVR-MDX-NET-Voc_FT.onnx.',
      cause,
    });
  });
  try {
    return { path, hash: createHash('sha256').update(bytes).digest('hex'), ...readModel(bytes) };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new DubError('CONFIG_INVALID', `${basename(path)} is not an ONNX model: ${cause.message}.`, {
      hint: 'Download it again (a page or a pointer saved in place of the file is the usual reason), or export the model to ONNX.',
      cause,
    });
  }
}

const model = { graph: 7, metadata: 14 } as const;
const graph = { initializer: 5, input: 11, output: 12 } as const;
const tensorName = 8;

function readModel(bytes: Buffer): Pick<OnnxFile, 'inputs' | 'outputs' | 'metadata'> {
  const whole = fieldsOf(bytes);
  const body = whole.find(({ number }) => number === model.graph)?.bytes;
  if (body === undefined) throw new RangeError('it holds no graph');
  const parts = fieldsOf(body);
  const of = (number: number) => parts.filter((part) => part.number === number).map((part) => part.bytes);
  // Old models list their weights among the inputs.
  const weights = new Set(of(graph.initializer).map((weight) => textOf(weight, tensorName)));
  const inputs = of(graph.input).map(tensorOf);
  const outputs = of(graph.output).map(tensorOf);
  if (inputs.length === 0 || outputs.length === 0) throw new RangeError('it takes or gives nothing');
  const entries = whole.filter(({ number }) => number === model.metadata);
  return {
    inputs: inputs.filter(({ name }) => !weights.has(name)),
    outputs,
    metadata: new Map(entries.map((entry) => [textOf(entry.bytes, 1), textOf(entry.bytes, 2)])),
  };
}

function tensorOf(bytes: Buffer): OnnxTensor {
  const tensor = inner(inner(bytes, 2), 1);
  const dims = fieldsOf(inner(tensor, 2)).filter(({ number }) => number === 1);
  return {
    name: textOf(bytes, 1),
    type: fieldsOf(tensor).find(({ number }) => number === 1)?.value ?? 0,
    dims: dims.map((dim) => {
      const value = fieldsOf(dim.bytes).find(({ number }) => number === 1)?.value;
      return value !== undefined && value > 0 ? value : undefined;
    }),
  };
}

interface Field {
  readonly number: number;
  /** Of a varint. */
  readonly value: number;
  /** Of a field with a length. */
  readonly bytes: Buffer;
}

const none = Buffer.alloc(0);
const inner = (bytes: Buffer, number: number) =>
  fieldsOf(bytes).find((field) => field.number === number)?.bytes ?? none;
const textOf = (bytes: Buffer, number: number) => inner(bytes, number).toString('utf8');

/** The fields of a protobuf message, their contents unread. Throws RangeError where it is none. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63) throw new RangeError('it is cut off or something else');
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const skip = (length: number) => {
    if (at + length > bytes.length) throw new RangeError('it is cut off or something else');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) fields.push({ number, value: varint(), bytes: none });
    else if (wire === 2) fields.push({ number, value: 0, bytes: skip(varint()) });
    else if (wire === 1 || wire === 5) skip(wire === 1 ? 8 : 4);
    else throw new RangeError('it is cut off or something else');
  }
  return fields;
}
