/** Bit rates in kbit/s by index, MPEG-1 layer III and MPEG-2/2.5 layer III (ISO 11172-3, 13818-3). */
const rates = {
  one: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  two: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
} as const;
const sampleRates = [44_100, 48_000, 32_000] as const;

/**
 * Length of an MP3 in milliseconds, counted frame by frame, since the header of a streamed one tells nothing.
 * @returns undefined when there is no frame in it
 */
export function mp3DurationMs(bytes: Uint8Array): number | undefined {
  let seconds = 0;
  for (let at = afterTag(bytes); at + 4 <= bytes.length; ) {
    const frame = readFrame(bytes, at);
    if (frame === undefined) {
      at++;
      continue;
    }
    seconds += frame.seconds;
    at += frame.bytes;
  }
  return seconds === 0 ? undefined : Math.round(seconds * 1000);
}

/** Where an ID3v2 tag ends; its size is written in 7 bits a byte. */
function afterTag(bytes: Uint8Array): number {
  const tagged = bytes.length > 10 && String.fromCharCode(...bytes.subarray(0, 3)) === 'ID3';
  return tagged ? 10 + ((bytes[6]! << 21) | (bytes[7]! << 14) | (bytes[8]! << 7) | bytes[9]!) : 0;
}

function readFrame(bytes: Uint8Array, at: number): { readonly bytes: number; readonly seconds: number } | undefined {
  const [sync, second, third] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
  const version = (second >> 3) & 3;
  if (sync !== 0xff || (second & 0xe0) !== 0xe0 || version === 1 || ((second >> 1) & 3) !== 1) return undefined;
  const kilobits = rates[version === 3 ? 'one' : 'two'][third >> 4];
  const base = sampleRates[(third >> 2) & 3];
  if (!kilobits || base === undefined) return undefined;
  const sampleRate = version === 3 ? base : version === 2 ? base / 2 : base / 4;
  const samples = version === 3 ? 1152 : 576;
  const padding = (third >> 1) & 1;
  return {
    bytes: Math.floor((samples / 8) * ((kilobits * 1000) / sampleRate)) + padding,
    seconds: samples / sampleRate,
  };
}
