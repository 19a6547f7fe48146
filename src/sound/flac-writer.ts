import { crc8, crc16, frameSamples, rateCodes } from './flac-frame.js';

/** Partitions of a whole frame's residual: 256 samples each have a Rice parameter of their own. */
const partitionOrder = 4;

/**
 * 16-bit mono samples as FLAC (RFC 9639), compressed without loss by fixed predictors. Speech comes to about half its
 * size; better predictors would save some per cent more and cost several times the time.
 * @param md5 of the samples as 16-bit little-endian bytes, so that other programs can check them; 16 bytes
 */
export function writeFlac(samples: Int16Array, sampleRate: number, md5: Uint8Array): Uint8Array {
  const out = new BitWriter(64 + samples.length * 2.2);
  writeHead(out, samples.length, sampleRate, md5);
  for (let from = 0, frame = 0; from < samples.length; from += frameSamples, frame++) {
    writeFrame(out, samples.subarray(from, from + frameSamples), frame, sampleRate);
  }
  return out.bytes();
}

/** The marker and the one metadata block there must be, STREAMINFO (section 8.2). */
function writeHead(out: BitWriter, length: number, sampleRate: number, md5: Uint8Array): void {
  for (const byte of [0x66, 0x4c, 0x61, 0x43]) out.put(byte, 8);
  out.put(0x80, 8);
  out.put(34, 24);
  out.put(frameSamples, 16);
  out.put(frameSamples, 16);
  // Smallest and largest frame: unknown.
  out.put(0, 24);
  out.put(0, 24);
  out.put(sampleRate, 20);
  out.put(0, 3);
  out.put(15, 5);
  out.put(Math.floor(length / 2 ** 32), 4);
  out.put(length >>> 16, 16);
  out.put(length & 0xffff, 16);
  for (const byte of md5) out.put(byte, 8);
}

function writeFrame(out: BitWriter, samples: Int16Array, number: number, sampleRate: number): void {
  const start = out.length;
  const whole = samples.length === frameSamples;
  out.put(0xfff8, 16);
  out.put(whole ? 12 : 7, 4);
  out.put(rateCodes.get(sampleRate) ?? 0, 4);
  // One channel, 16 bits a sample.
  out.put(0b0000_100_0, 8);
  writeNumber(out, number);
  if (!whole) out.put(samples.length - 1, 16);
  out.put(crc8(out.buffer, start, out.length), 8);
  writeSubframe(out, samples);
  out.align();
  out.put(crc16(out.buffer, start, out.length), 16);
}

/** A frame's number, coded as UTF-8 codes a character (section 9.1.5). */
function writeNumber(out: BitWriter, number: number): void {
  const more = number < 0x80 ? 0 : number < 0x800 ? 1 : number < 0x1_0000 ? 2 : 3;
  if (more === 0) out.put(number, 8);
  else out.put(((0xff << (7 - more)) & 0xff) | (number >> (6 * more)), 8);
  for (let left = more - 1; left >= 0; left--) out.put(0x80 | ((number >> (6 * left)) & 0x3f), 8);
}

function writeSubframe(out: BitWriter, samples: Int16Array): void {
  const first = samples[0]!;
  if (samples.every((sample) => sample === first)) {
    out.put(0, 8);
    out.put(first & 0xffff, 16);
    return;
  }
  const { order, residual } = bestResidual(samples);
  out.put(0b0_001_000_0 | (order << 1), 8);
  for (let i = 0; i < order; i++) out.put(samples[i]! & 0xffff, 16);
  writeResidual(out, residual, order, samples.length);
}

/** What the fixed predictor that fits best leaves over: of each order the residual is the difference of the last one. */
function bestResidual(samples: Int16Array): { readonly order: number; readonly residual: Int32Array } {
  let residual = Int32Array.from(samples);
  let best = { order: 0, residual, size: sizeOf(residual, 0) };
  for (let order = 1; order <= 4 && order < samples.length; order++) {
    const next = new Int32Array(residual.length);
    for (let i = order; i < residual.length; i++) next[i] = residual[i]! - residual[i - 1]!;
    residual = next;
    const size = sizeOf(residual, order);
    if (size < best.size) best = { order, residual, size };
  }
  return best;
}

function sizeOf(residual: Int32Array, order: number): number {
  let sum = 0;
  for (let i = order; i < residual.length; i++) sum += Math.abs(residual[i]!);
  return sum;
}

/** Rice codes with a parameter for each partition (section 9.2.7). */
function writeResidual(out: BitWriter, residual: Int32Array, order: number, length: number): void {
  const partitions = length === frameSamples ? partitionOrder : 0;
  out.put(partitions, 6);
  const size = length >> partitions;
  for (let end = size, from = order; end <= length; from = end, end += size) {
    const parameter = riceParameter(residual, from, end);
    out.put(parameter, 4);
    for (let i = from; i < end; i++) {
      const value = residual[i]!;
      out.putRice(value < 0 ? -2 * value - 1 : 2 * value, parameter);
    }
  }
}

/** The parameter with the fewest bits, at most 14: 15 means something else. */
function riceParameter(residual: Int32Array, from: number, end: number): number {
  let sum = 0;
  for (let i = from; i < end; i++) sum += 2 * Math.abs(residual[i]!);
  const count = end - from;
  let [best, fewest] = [0, Number.POSITIVE_INFINITY];
  for (let parameter = 0; parameter <= 14; parameter++) {
    const bits = count * (parameter + 1) + sum / 2 ** parameter;
    if (bits < fewest) [best, fewest] = [parameter, bits];
  }
  return best;
}

/** Bits into bytes, the highest first. */
class BitWriter {
  buffer: Uint8Array;
  length = 0;
  private held = 0;
  private heldBits = 0;

  constructor(bytes: number) {
    this.buffer = new Uint8Array(Math.ceil(bytes));
  }

  /** @param count at most 24 */
  put(value: number, count: number): void {
    this.held = (this.held << count) | value;
    this.heldBits += count;
    while (this.heldBits >= 8) {
      this.heldBits -= 8;
      this.putByte((this.held >> this.heldBits) & 0xff);
    }
    this.held &= (1 << this.heldBits) - 1;
  }

  /** The value's high part in unary, zeros ended by a one, then its low bits. */
  putRice(value: number, parameter: number): void {
    let zeros = value >>> parameter;
    for (; zeros >= 16; zeros -= 16) this.put(0, 16);
    this.put(1, zeros + 1);
    if (parameter > 0) this.put(value & ((1 << parameter) - 1), parameter);
  }

  align(): void {
    if (this.heldBits > 0) this.put(0, 8 - this.heldBits);
  }

  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  private putByte(byte: number): void {
    if (this.length === this.buffer.length) {
      const larger = new Uint8Array(this.buffer.length * 2 + 64);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer[this.length++] = byte;
  }
}
