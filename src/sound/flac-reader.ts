import { crc8, crc16, fixedPredictors } from './flac-frame.js';

/** What a FLAC file of 16-bit mono sound holds. */
export interface Flac {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

/** Ten minutes at 48 kHz: a take is never near it, and a header that promises more is not believed. */
const mostSamples = 48_000 * 600;

/**
 * Reads FLAC (RFC 9639) of 16-bit mono sound, with every checksum it has.
 * @returns undefined when the bytes are anything else, or damaged anywhere
 */
export function readFlac(bytes: Uint8Array): Flac | undefined {
  const head = readHead(bytes);
  if (head === undefined) return undefined;
  const samples = new Int16Array(head.length);
  const bits = new BitReader(bytes, head.end);
  try {
    for (let at = 0, frame = 0; at < samples.length; frame++) at += readFrame(bits, samples, at, frame);
  } catch (error) {
    if (error instanceof Damaged) return undefined;
    throw error;
  }
  return bits.at === bytes.length ? { sampleRate: head.sampleRate, samples } : undefined;
}

class Damaged extends Error {}

function readHead(bytes: Uint8Array): { sampleRate: number; length: number; end: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The marker, then STREAMINFO, which comes first.
  if (bytes.length < 42 || view.getUint32(0) !== 0x664c_6143 || (bytes[4]! & 0x7f) !== 0) return undefined;
  const packed = view.getUint32(18);
  const [sampleRate, channels, depth] = [packed >>> 12, ((packed >> 9) & 7) + 1, ((packed >> 4) & 31) + 1];
  const length = (packed & 15) * 2 ** 32 + view.getUint32(22);
  if (channels !== 1 || depth !== 16 || sampleRate === 0 || length > mostSamples) return undefined;
  let at = 4;
  for (let last = false; !last; ) {
    if (at + 4 > bytes.length) return undefined;
    last = (bytes[at]! & 0x80) !== 0;
    at += 4 + (view.getUint32(at) & 0xff_ffff);
  }
  return { sampleRate, length, end: at };
}

/** @returns how many samples it held */
function readFrame(bits: BitReader, samples: Int16Array, at: number, number: number): number {
  const start = bits.at;
  // The sync code, and the blocking strategy with a fixed size.
  if (bits.take(16) !== 0xfff8) throw new Damaged();
  const [sizeCode, rateCode, channels, depth] = [bits.take(4), bits.take(4), bits.take(4), bits.take(4)];
  if (channels !== 0 || (depth !== 0b1000 && depth !== 0)) throw new Damaged();
  if (readNumber(bits) !== number) throw new Damaged();
  const size = readSize(bits, sizeCode);
  if (rateCode >= 12) bits.take(rateCode === 12 ? 8 : 16);
  const headEnd = bits.at;
  if (bits.take(8) !== crc8(bits.bytes, start, headEnd) || at + size > samples.length) throw new Damaged();
  readSubframe(bits, samples.subarray(at, at + size));
  bits.align();
  const end = bits.at;
  if (bits.take(16) !== crc16(bits.bytes, start, end)) throw new Damaged();
  return size;
}

function readNumber(bits: BitReader): number {
  const first = bits.take(8);
  if (first < 0x80) return first;
  const more = Math.clz32(~(first << 24)) - 1;
  if (more < 1 || more > 5) throw new Damaged();
  let number = first & (0x3f >> more);
  for (let left = more; left > 0; left--) number = number * 64 + (bits.take(8) & 0x3f);
  return number;
}

/** Samples of a frame by their code (table 9.1.1). */
function readSize(bits: BitReader, code: number): number {
  if (code === 1) return 192;
  if (code >= 2 && code <= 5) return 144 << code;
  if (code === 6) return bits.take(8) + 1;
  if (code === 7) return bits.take(16) + 1;
  if (code >= 8) return 1 << code;
  throw new Damaged();
}

function readSubframe(bits: BitReader, samples: Int16Array): void {
  const head = bits.take(8);
  const type = head >> 1;
  // A leading one, or samples with bits left out: neither is written for sound like ours.
  if (head >= 0x80 || (head & 1) === 1) throw new Damaged();
  if (type === 0) samples.fill(bits.takeSigned(16));
  else if (type === 1) for (let i = 0; i < samples.length; i++) samples[i] = bits.takeSigned(16);
  else if (type >= 8 && type <= 12) readPredicted(bits, samples, fixedPredictors[type - 8]!);
  else if (type >= 32) readPredicted(bits, samples, type - 31);
  else throw new Damaged();
}

/** @param predictor the factors of a fixed one, or how many the subframe brings along */
function readPredicted(bits: BitReader, samples: Int16Array, predictor: readonly number[] | number): void {
  const order = typeof predictor === 'number' ? predictor : predictor.length;
  if (order > samples.length) throw new Damaged();
  for (let i = 0; i < order; i++) samples[i] = bits.takeSigned(16);
  const { factors, shift } =
    typeof predictor === 'number' ? readFactors(bits, order) : { factors: predictor, shift: 1 };
  const residual = readResidual(bits, order, samples.length);
  for (let i = order; i < samples.length; i++) {
    let sum = 0;
    for (let back = 0; back < order; back++) sum += factors[back]! * samples[i - 1 - back]!;
    samples[i] = residual[i]! + (shift === 1 ? sum : Math.floor(sum / shift));
  }
}

function readFactors(bits: BitReader, order: number): { factors: number[]; shift: number } {
  const precision = bits.take(4) + 1;
  const places = bits.take(5);
  if (precision === 16 || places > 15) throw new Damaged();
  return { factors: Array.from({ length: order }, () => bits.takeSigned(precision)), shift: 2 ** places };
}

/** What the predictor left over, from the sample after its first ones. */
function readResidual(bits: BitReader, order: number, length: number): Int32Array {
  const residual = new Int32Array(length);
  const method = bits.take(2);
  if (method > 1) throw new Damaged();
  const [width, unpacked] = method === 0 ? ([4, 15] as const) : ([5, 31] as const);
  const partitions = bits.take(4);
  const size = length >> partitions;
  if (size << partitions !== length || size < order) throw new Damaged();
  for (let end = size, i = order; end <= length; end += size) {
    const parameter = bits.take(width);
    if (parameter !== unpacked) for (; i < end; i++) residual[i] = bits.takeRice(parameter);
    else for (const depth = bits.take(5); i < end; i++) residual[i] = depth === 0 ? 0 : bits.takeSigned(depth);
  }
  return residual;
}

/** Bits out of bytes, the highest first. */
class BitReader {
  private held = 0;
  private heldBits = 0;
  private next: number;

  constructor(
    readonly bytes: Uint8Array,
    from: number,
  ) {
    this.next = from;
  }

  /** Where the next whole byte lies. */
  get at(): number {
    return this.next - (this.heldBits >> 3);
  }

  /** @param count at most 24 */
  take(count: number): number {
    if (this.heldBits < count) this.fill();
    if (this.heldBits < count) throw new Damaged();
    this.heldBits -= count;
    return (this.held >>> this.heldBits) & ((1 << count) - 1);
  }

  takeSigned(count: number): number {
    if (count > 24) return this.takeSigned(count - 16) * 65_536 + this.take(16);
    const value = this.take(count);
    return value >= 2 ** (count - 1) ? value - 2 ** count : value;
  }

  /** @param parameter at most 24: more is for samples wider than ours */
  takeRice(parameter: number): number {
    let high = 0;
    for (;;) {
      if (this.heldBits <= 24) this.fill();
      if (this.heldBits === 0 || parameter > 24) throw new Damaged();
      const zeros = Math.clz32(this.held << (32 - this.heldBits));
      if (zeros < this.heldBits) {
        high += zeros;
        this.heldBits -= zeros + 1;
        break;
      }
      high += this.heldBits;
      this.heldBits = 0;
    }
    if (high >> 20 !== 0) throw new Damaged();
    const value = parameter === 0 ? high : (high << parameter) | this.take(parameter);
    return (value >>> 1) ^ -(value & 1);
  }

  align(): void {
    this.heldBits -= this.heldBits % 8;
  }

  private fill(): void {
    while (this.heldBits <= 24 && this.next < this.bytes.length) {
      this.held = (this.held << 8) | this.bytes[this.next++]!;
      this.heldBits += 8;
    }
  }
}
