import { open } from 'node:fs/promises';
import { DubError } from '../../../errors.js';

/** A whole WAV file of 16-bit PCM, as local engines write it. */
export interface Wave {
  readonly sampleRate: number;
  readonly channels: number;
  readonly durationMs: number;
  /** Largest absolute sample, 0…32768. */
  readonly peak: number;
}

/** -60 dBFS: quieter than any engine speaks, louder than the dither some add. */
const silentPeak = 33;
/**
 * Shortest time a letter can take. espeak-ng at its fastest (450 words a minute) takes 27 ms; anything under a third
 * of that has lost most of its text.
 */
const leastMsPerLetter = 8;

/**
 * Reads the bytes an engine wrote and checks that they are a whole recording of the text.
 * @param name the engine's, for messages
 * @throws PROVIDER_BAD_REPLY for no file, an empty or cut one, silence, or far too little sound for the text
 */
export function checkSpeech(bytes: Uint8Array | undefined, text: string, name: string): Wave {
  if (bytes === undefined) throw badReply(`${name} ended well but wrote no sound file.`);
  const wave = readWave(bytes, name);
  if (wave.durationMs === 0) throw badReply(`${name} wrote a sound file without any sound in it.`);
  if (wave.peak < silentPeak) throw badReply(`${name} wrote ${wave.durationMs} ms of silence.`);
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters >= 20 && wave.durationMs < letters * leastMsPerLetter) {
    throw badReply(`${name} wrote only ${wave.durationMs} ms of sound for ${letters} letters: most of it is missing.`);
  }
  return wave;
}

/**
 * Reads a WAV file of 16-bit PCM.
 * @throws PROVIDER_BAD_REPLY when it is none, or is shorter than its header says
 */
export function readWave(bytes: Uint8Array, name: string): Wave {
  if (bytes.length === 0) throw badReply(`${name} wrote an empty sound file.`);
  if (!isWave(bytes)) throw badReply(`What ${name} wrote is no WAV file.`);
  const found = findFormat(bytes);
  const data = findChunk(bytes, 'data');
  if (!found || !data) throw badReply(`The WAV file of ${name} breaks off in its header.`);
  const pcm = found.format === 1 || found.format === extensible;
  if (!pcm || found.bits !== 16 || found.channels === 0 || found.sampleRate === 0) {
    throw badReply(`The WAV file of ${name} is not 16-bit PCM (format ${found.format}, ${found.bits} bits).`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readData(view, data.at, data.size, found, name);
}

/** WAVE_FORMAT_EXTENSIBLE: the format proper follows further on; engines use it for plain PCM only. */
const extensible = 0xfffe;

interface WaveFormat {
  readonly format: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

function findFormat(bytes: Uint8Array): WaveFormat | undefined {
  const chunk = isWave(bytes) ? findChunk(bytes, 'fmt ') : undefined;
  if (!chunk || chunk.at + 16 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + chunk.at, 16);
  return {
    format: view.getUint16(0, true),
    channels: view.getUint16(2, true),
    sampleRate: view.getUint32(4, true),
    bits: view.getUint16(14, true),
  };
}

function isWave(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && tagAt(bytes, 0) === 'RIFF' && tagAt(bytes, 8) === 'WAVE';
}

function findChunk(bytes: Uint8Array, tag: string): { readonly at: number; readonly size: number } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    if (tagAt(bytes, at) === tag) return { at: at + 8, size };
    at += 8 + size + (size % 2);
  }
  return undefined;
}

function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function readData(
  view: DataView,
  at: number,
  size: number,
  format: { readonly sampleRate: number; readonly channels: number },
  name: string,
): Wave {
  const present = view.byteLength - at;
  // An engine that is ended midway leaves the header it began with, which promises more than there is.
  if (size > present) {
    throw badReply(`The WAV file of ${name} is cut short: ${present} of ${size} bytes are there.`);
  }
  let peak = 0;
  for (let offset = at; offset + 1 < at + size; offset += 2) {
    peak = Math.max(peak, Math.abs(view.getInt16(offset, true)));
  }
  const { sampleRate, channels } = format;
  const frames = Math.floor(size / (2 * channels));
  return { sampleRate, channels, durationMs: Math.round((frames * 1000) / sampleRate), peak };
}

/**
 * Checks by its header that a file is 16 kHz mono 16-bit WAV, as recognisers want it.
 * @throws PROVIDER_UNSUPPORTED when it is not; INPUT_UNREADABLE when it cannot be read
 */
export async function requireSpeechWave(path: string, name: string): Promise<void> {
  const head = await readHead(path);
  const wave = findFormat(head);
  if (wave?.bits === 16 && wave.format === 1 && wave.channels === 1 && wave.sampleRate === 16_000) return;
  const is = wave ? `${wave.sampleRate} Hz, ${wave.channels} channels, ${wave.bits} bits` : 'no WAV file';
  throw new DubError('PROVIDER_UNSUPPORTED', `${name} reads 16 kHz mono 16-bit WAV; ${path} is ${is}.`, {
    hint: 'Convert it with `ffmpeg -i FILE -ar 16000 -ac 1 -c:a pcm_s16le OUT.wav`.',
  });
}

async function readHead(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new DubError('INPUT_UNREADABLE', `The speech track ${path} cannot be read.`, {
      hint: 'Run the command again; it is made anew.',
      cause,
    });
  }
}

function badReply(message: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', message, {
    hint: 'Try the line with another voice or another --tts; `dub doctor` checks the engines of this machine.',
  });
}
