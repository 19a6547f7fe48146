/** Mono 16-bit sound. */
export interface Speech {
  readonly sampleRate: number;
  readonly samples: Int16Array;
  /** Bytes that a believable header promised and that are not there; 0 for a whole recording. */
  readonly missingBytes: number;
}

/** What the docs say comes, and what streams without a header are in. */
export const usualRate = 24_000;

/**
 * Sizes above this are placeholders of a writer that never came back to fill them in (0, 0x7FFFFFFF, 0xFFFFFFFF, about
 * 2^31 measured on result links): no answer has five hours of sound.
 */
const largestSize = 0x3000_0000;

/** Reads a WAV file of 16-bit PCM, whatever sizes its header states; undefined when it is none. */
export function readSpeech(bytes: Uint8Array): Speech | undefined {
  const head = readHead(bytes);
  if (head === undefined) return undefined;
  const present = bytes.length - head.dataAt;
  const believable = head.dataSize > 0 && head.dataSize <= largestSize;
  const missingBytes = believable ? Math.max(0, head.dataSize - present) : 0;
  const size = believable ? Math.min(head.dataSize, present) : present;
  const samples = mono(bytes.subarray(head.dataAt, head.dataAt + size), head.channels);
  return { sampleRate: head.sampleRate, samples, missingBytes };
}

/**
 * Joins the chunks of a stream: the first was measured to begin with a WAV header, which the docs do not mention, and
 * any may end in the middle of a sample.
 */
export function joinChunks(chunks: readonly Uint8Array[]): Speech {
  const bytes = Buffer.concat(chunks.map((chunk, index) => (index === 0 ? chunk : withoutHead(chunk))));
  // A head may state the size of its own chunk only: in a stream everything behind it is sound.
  const head = readHead(bytes);
  const { sampleRate, channels, dataAt } = head ?? { sampleRate: usualRate, channels: 1, dataAt: 0 };
  return { sampleRate, samples: mono(bytes.subarray(dataAt), channels), missingBytes: 0 };
}

/**
 * One recording after another with these pauses between them: what silence there is at a joint is made as long as the
 * pause, and never is anything louder than -50 dBFS cut away.
 * @param parts all of one sample rate; `pauseMs` of the last is not used
 */
export function joinSpeech(parts: readonly { readonly speech: Speech; readonly pauseMs: number }[]): Speech {
  const { sampleRate } = parts[0]!.speech;
  const kept: Int16Array[] = [];
  for (const [index, { speech, pauseMs }] of parts.entries()) {
    const [start, end] = soundOf(speech);
    const from = index === 0 ? 0 : start;
    const to = index === parts.length - 1 ? speech.samples.length : end;
    kept.push(speech.samples.subarray(from, Math.max(from, to)));
    if (index < parts.length - 1) kept.push(new Int16Array(Math.round((pauseMs * sampleRate) / 1000)));
  }
  const samples = new Int16Array(kept.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of kept) {
    samples.set(part, at);
    at += part.length;
  }
  return { sampleRate, samples, missingBytes: 0 };
}

/** A WAV file whose header tells the truth. */
export function toWave({ sampleRate, samples }: Speech): Uint8Array {
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(sampleRate * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(samples.length * 2, 40);
  for (const [index, sample] of samples.entries()) bytes.writeInt16LE(sample, 44 + index * 2);
  return bytes;
}

/** Length in milliseconds. */
export function durationOf({ samples, sampleRate }: Speech): number {
  return Math.round((samples.length * 1000) / sampleRate);
}

/** -60 dBFS: quieter than any voice speaks. */
const silentPeak = 33;
const quietPeak = 104;
/** Kept around the sound at a joint, so that no soft consonant is shaved. */
const marginMs = 15;

/**
 * What is wrong with a recording of a text, in words that follow `the answer`; undefined when it is whole.
 * @param leastMs the shortest time in which the text can be said
 */
export function faultOf(speech: Speech, leastMs: number): string | undefined {
  const durationMs = durationOf(speech);
  if (speech.missingBytes > 0) return `is cut short: ${speech.missingBytes} bytes of its sound are missing`;
  if (durationMs === 0) return 'has no sound in it';
  if (speech.samples.every((sample) => Math.abs(sample) < silentPeak)) return `is ${durationMs} ms of silence`;
  if (durationMs < leastMs) {
    return `is ${durationMs} ms long where its text takes ${Math.round(leastMs)} ms at least: most of it is missing`;
  }
  return undefined;
}

/** Where the sound of a recording begins and ends, with a margin, in samples. */
function soundOf({ samples, sampleRate }: Speech): [start: number, end: number] {
  const margin = Math.round((marginMs * sampleRate) / 1000);
  let start = 0;
  while (start < samples.length && Math.abs(samples[start]!) < quietPeak) start++;
  let end = samples.length;
  while (end > start && Math.abs(samples[end - 1]!) < quietPeak) end--;
  return [Math.max(0, start - margin), Math.min(samples.length, end + margin)];
}

interface Head {
  readonly channels: number;
  readonly sampleRate: number;
  readonly dataAt: number;
  readonly dataSize: number;
}

function isWave(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && nameAt(bytes, 0) === 'RIFF' && nameAt(bytes, 8) === 'WAVE';
}

function readHead(bytes: Uint8Array): Head | undefined {
  if (!isWave(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: { readonly channels: number; readonly sampleRate: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const name = nameAt(bytes, at);
    if (name === 'fmt ' && at + 24 <= bytes.length) format = readFormat(view, at + 8);
    if (name === 'data') return format && { ...format, dataAt: at + 8, dataSize: size };
    at += 8 + size + (size % 2);
  }
  return undefined;
}

const extensible = 0xfffe;

/** Undefined for anything but 16-bit PCM. */
function readFormat(view: DataView, at: number): { channels: number; sampleRate: number } | undefined {
  const [tag, channels] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
  const [sampleRate, bits] = [view.getUint32(at + 4, true), view.getUint16(at + 14, true)];
  const fits = (tag === 1 || tag === extensible) && bits === 16 && channels > 0 && sampleRate > 0;
  return fits ? { channels, sampleRate } : undefined;
}

function withoutHead(chunk: Uint8Array): Uint8Array {
  const head = readHead(chunk);
  return head === undefined ? chunk : chunk.subarray(head.dataAt);
}

/** Samples of interleaved 16-bit PCM, channels averaged; half a sample at the end is left out. */
function mono(bytes: Uint8Array, channels: number): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int16Array(Math.floor(bytes.length / (2 * channels)));
  for (let index = 0; index < samples.length; index++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += view.getInt16((index * channels + channel) * 2, true);
    samples[index] = Math.round(sum / channels);
  }
  return samples;
}

function nameAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
