/** What a WAV file holds. */
export interface Wav {
  readonly sampleRate: number;
  readonly channels: number;
  /** Interleaved, -1…1; 16-bit samples keep every bit. */
  readonly samples: Float32Array;
  /** What was wrong with the file and put right, for people. */
  readonly warnings: readonly string[];
  /** Bytes of sound that the header announces: more than are there in a file that is cut, or was streamed. */
  readonly announcedBytes: number;
  readonly presentBytes: number;
}

interface Format {
  readonly kind: 'integer' | 'float';
  readonly channels: number;
  readonly sampleRate: number;
  readonly bytesPerSample: number;
}

interface Chunk {
  readonly id: string;
  readonly size: number;
  /** Offset of its content. */
  readonly at: number;
}

/**
 * Reads a WAV file of integers (8, 16, 24, 32 bits) or floats (32, 64 bits), plain or extensible, RIFF or RF64. Sizes
 * in the header are believed only as far as there are bytes: streamed files carry placeholders such as 0xFFFFFFFF.
 * @returns undefined when the bytes are no WAV file, hold another codec, or end before the sound starts
 */
export function readWav(bytes: Uint8Array): Wav | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || !['RIFF', 'RF64'].includes(nameAt(view, 0)) || nameAt(view, 8) !== 'WAVE') return undefined;
  let format: Format | undefined;
  for (const chunk of chunksOf(view)) {
    if (chunk.id === 'fmt ') format = readFormat(view, chunk);
    if (chunk.id === 'data') return format && readData(view, format, chunk);
  }
  return undefined;
}

/** A 16-bit PCM WAV file of interleaved samples. */
export function writeWav(samples: Int16Array, sampleRate: number, channels: number): Uint8Array {
  const bytes = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(bytes.buffer);
  const name = (at: number, text: string) => bytes.set(new TextEncoder().encode(text), at);
  name(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  name(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  name(36, 'data');
  view.setUint32(40, samples.length * 2, true);
  for (let i = 0; i < samples.length; i++) view.setInt16(44 + i * 2, samples[i]!, true);
  return bytes;
}

/** The mean of all channels. */
export function toMono(wav: Pick<Wav, 'channels' | 'samples'>): Float32Array {
  const { channels, samples } = wav;
  if (channels === 1) return samples;
  const mono = new Float32Array(Math.floor(samples.length / channels));
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[i * channels + channel]!;
    mono[i] = sum / channels;
  }
  return mono;
}

function* chunksOf(view: DataView): Generator<Chunk> {
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    yield { id: nameAt(view, at), size, at: at + 8 };
    at += 8 + size + (size % 2);
  }
}

function nameAt(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

const integerTag = 1;
const floatTag = 3;
const extensibleTag = 0xfffe;

function readFormat(view: DataView, chunk: Chunk): Format | undefined {
  if (chunk.size < 16 || chunk.at + chunk.size > view.byteLength) return undefined;
  const plainTag = view.getUint16(chunk.at, true);
  const extensible = plainTag === extensibleTag && chunk.size >= 26;
  const tag = extensible ? view.getUint16(chunk.at + 24, true) : plainTag;
  const channels = view.getUint16(chunk.at + 2, true);
  const sampleRate = view.getUint32(chunk.at + 4, true);
  const bytesPerSample = Math.ceil(view.getUint16(chunk.at + 14, true) / 8);
  const possible = tag === floatTag ? [4, 8] : tag === integerTag ? [1, 2, 3, 4] : [];
  if (channels === 0 || sampleRate === 0 || !possible.includes(bytesPerSample)) return undefined;
  return { kind: tag === floatTag ? 'float' : 'integer', channels, sampleRate, bytesPerSample };
}

function readData(view: DataView, format: Format, chunk: Chunk): Wav {
  const present = view.byteLength - chunk.at;
  const warnings: string[] = [];
  // Writers that never come back to fill in the size leave 0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 2 000 000 000, …
  const streamed = chunk.size > present || (chunk.size === 0 && present > 0);
  if (streamed) warnings.push(`the header announces ${chunk.size} bytes of sound, ${present} are there`);
  const bytes = streamed ? present : chunk.size;
  const frameBytes = format.channels * format.bytesPerSample;
  if (bytes % frameBytes !== 0) warnings.push('the sound ends in the middle of a sample');
  const samples = new Float32Array(Math.floor(bytes / frameBytes) * format.channels);
  fill(samples, view, chunk.at, format);
  const { sampleRate, channels } = format;
  return { sampleRate, channels, samples, warnings, announcedBytes: chunk.size, presentBytes: present };
}

function fill(samples: Float32Array, view: DataView, from: number, format: Format): void {
  const read = readers[`${format.kind}${format.bytesPerSample}`]!;
  for (let i = 0; i < samples.length; i++) samples[i] = read(view, from + i * format.bytesPerSample);
}

const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  integer1: (view, at) => (view.getUint8(at) - 128) / 128,
  integer2: (view, at) => view.getInt16(at, true) / 32_768,
  integer3: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65_536) / 8_388_608,
  integer4: (view, at) => view.getInt32(at, true) / 2_147_483_648,
  float4: (view, at) => finite(view.getFloat32(at, true)),
  float8: (view, at) => finite(view.getFloat64(at, true)),
};

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
