/** Reflected polynomial of ECMA-182 (0x42F0E1EBA9EA3693), in two halves. */
const highPolynomial = 0xc96c5795;
const lowPolynomial = 0xd7870f42;

/** Eight tables of 256: `table[8 * …]` steps over eight bytes at once. */
const slices = 8;
const high = new Uint32Array(slices * 256);
const low = new Uint32Array(slices * 256);
fillTables();

/**
 * CRC-64/XZ (ECMA-182 reflected, all ones before and after), which OSS answers as `x-oss-hash-crc64ecma`. Bytes are
 * added in order, in chunks of any size. The check value of `123456789` is 11051210869376104954.
 */
export class Crc64 {
  private high = 0xffffffff;
  private low = 0xffffffff;

  /** Adds bytes. */
  update(bytes: Uint8Array): this {
    let hi = this.high;
    let lo = this.low;
    const whole = bytes.length - (bytes.length % slices);
    let at = 0;
    for (; at < whole; at += slices) {
      const a = lo ^ word(bytes, at);
      const b = hi ^ word(bytes, at + 4);
      // The first byte has the longest way to go: seven more bytes follow it.
      const i0 = 1792 + (a & 255);
      const i1 = 1536 + ((a >>> 8) & 255);
      const i2 = 1280 + ((a >>> 16) & 255);
      const i3 = 1024 + (a >>> 24);
      const i4 = 768 + (b & 255);
      const i5 = 512 + ((b >>> 8) & 255);
      const i6 = 256 + ((b >>> 16) & 255);
      const i7 = b >>> 24;
      hi = high[i0]! ^ high[i1]! ^ high[i2]! ^ high[i3]! ^ high[i4]! ^ high[i5]! ^ high[i6]! ^ high[i7]!;
      lo = low[i0]! ^ low[i1]! ^ low[i2]! ^ low[i3]! ^ low[i4]! ^ low[i5]! ^ low[i6]! ^ low[i7]!;
    }
    for (; at < bytes.length; at++) {
      const index = (lo ^ bytes[at]!) & 255;
      lo = ((lo >>> 8) | (hi << 24)) ^ low[index]!;
      hi = (hi >>> 8) ^ high[index]!;
    }
    this.high = hi >>> 0;
    this.low = lo >>> 0;
    return this;
  }

  /** The CRC of all bytes so far, in decimal as the service writes it. */
  value(): string {
    return String((BigInt(~this.high >>> 0) << 32n) | BigInt(~this.low >>> 0));
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let [hi, lo] = [0, byte];
    for (let bit = 0; bit < 8; bit++) {
      const odd = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (odd) [hi, lo] = [hi ^ highPolynomial, lo ^ lowPolynomial];
    }
    high[byte] = hi;
    low[byte] = lo;
  }
  for (let at = 256; at < slices * 256; at++) {
    const [hi, lo] = [high[at - 256]!, low[at - 256]!];
    const index = lo & 255;
    low[at] = ((lo >>> 8) | (hi << 24)) ^ low[index]!;
    high[at] = (hi >>> 8) ^ high[index]!;
  }
}
