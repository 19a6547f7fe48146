// What writer and reader of FLAC share: RFC 9639, sections 8 and 9.

/** Samples in every frame but the last, which may have fewer. */
export const frameSamples = 4096;

/** Sample rates with a code of their own in a frame's head (table 9.1.2); for others the stream's head tells. */
export const rateCodes: ReadonlyMap<number, number> = new Map([
  [8000, 4],
  [16_000, 5],
  [22_050, 6],
  [24_000, 7],
  [32_000, 8],
  [44_100, 9],
  [48_000, 10],
  [96_000, 11],
]);

/** What each order of fixed predictor takes of the samples before (table 9.2.5), the nearest first. */
export const fixedPredictors: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

const table8 = crcTable(8, 0x07);
const table16 = crcTable(16, 0x8005);

/** CRC-8 of a frame's head. */
export function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let at = from; at < to; at++) crc = table8[crc ^ bytes[at]!]!;
  return crc;
}

/** CRC-16 of a whole frame. */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let at = from; at < to; at++) crc = ((crc << 8) & 0xffff) ^ table16[(crc >> 8) ^ bytes[at]!]!;
  return crc;
}

function crcTable(bits: number, polynomial: number): Uint16Array {
  const [top, mask] = [1 << (bits - 1), 2 ** bits - 1];
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (bits - 8);
    for (let bit = 0; bit < 8; bit++) crc = ((crc & top) === 0 ? crc << 1 : (crc << 1) ^ polynomial) & mask;
    return crc;
  });
}
