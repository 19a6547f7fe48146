/** Reflected ECMA-182 polynomial: CRC-64/XZ. */
const polynomial = 0xc96c5795d7870f42n;
const all = 0xffffffffffffffffn;

const table = Array.from({ length: 256 }, (_, byte) => {
  let value = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n;
  return value;
});

/** CRC-64/XZ as the service writes it: a decimal number. Slow and plain, so that it can check a fast one. */
export function plainCrc64(bytes: Uint8Array): string {
  let crc = all;
  for (const byte of bytes) crc = table[Number((crc ^ BigInt(byte)) & 0xffn)]! ^ (crc >> 8n);
  return String(crc ^ all);
}
