import { DubError } from '../../../errors.js';
import { findSound } from '../../../sound/trim.js';
import { readWav, toMono, writeWav } from '../../../sound/wav.js';
import { expectedMs } from './expected.js';
import { mp3DurationMs } from './mp3.js';

/** Speech that is what was asked for, as far as that can be told. */
export interface JudgedSpeech {
  /** A WAV file has true sizes in its header, whatever it came with. */
  readonly audio: Uint8Array;
  readonly mediaType: string;
  /** Undefined for forms whose length is not known without decoding. */
  readonly durationMs: number | undefined;
}

/** What the answer is measured by. */
export interface SpeechOrder {
  readonly text: string;
  /** How much faster than naturally it was asked for; 1 unless told. */
  readonly rate?: number | undefined;
  /** Who answered, for messages. */
  readonly who: string;
  /** Rate of 16-bit mono PCM without a header, where that was asked for. */
  readonly pcmRate?: number | undefined;
}

/** Header sizes above this are placeholders of a writer that never came back: 2 000 000 000, 0x7FFFF000, 0xFFFFFFFF. */
const largestSize = 0x3000_0000;
const leastMs = 100;
/** A model that samples may go on for ever; five times the usual length is no manner of speaking. */
const runaway = 5;
/** Below this the expected length says too little. */
const surelyMs = 1500;

/**
 * Looks at speech as it came: by its bytes, never by what the header of the answer calls it.
 * @throws PROVIDER_BAD_REPLY, `retryable`, for what is no sound, is cut, silent, far too short or far too long
 */
export function judgeSpeech(bytes: Uint8Array, order: SpeechOrder): JudgedSpeech {
  const form = formOf(bytes);
  if (form === 'audio/wav') return judgeWave(bytes, order);
  if (form !== undefined) return judgeCoded(bytes, form, order);
  if (order.pcmRate !== undefined && bytes.length > 0 && !isText(bytes)) {
    return judgeWave(writeWav(pcmOf(bytes), order.pcmRate, 1), order);
  }
  throw bad(
    order,
    bytes.length === 0
      ? 'nothing'
      : isText(bytes)
        ? `text instead of speech${excerpt(bytes)}`
        : `${bytes.length} bytes that are no sound`,
  );
}

/** The media type of sound by its first bytes; undefined when they begin none that is known. */
export function formOf(bytes: Uint8Array): string | undefined {
  const name = String.fromCharCode(...bytes.subarray(0, 4));
  if (name === 'RIFF' || name === 'RF64') return 'audio/wav';
  if (name === 'OggS') return 'audio/ogg';
  if (name === 'fLaC') return 'audio/flac';
  if (String.fromCharCode(...bytes.subarray(4, 8)) === 'ftyp') return 'audio/mp4';
  const isFrame = bytes.length > 3 && bytes[0] === 0xff && (bytes[1]! & 0xe0) === 0xe0;
  return name.startsWith('ID3') || isFrame ? 'audio/mpeg' : undefined;
}

/** True for a page or a JSON object where sound was due. */
export function isText(bytes: Uint8Array): boolean {
  const first = String.fromCharCode(...bytes.subarray(0, 64)).trimStart();
  return first.startsWith('<') || first.startsWith('{') || first.startsWith('[');
}

function judgeWave(bytes: Uint8Array, order: SpeechOrder): JudgedSpeech {
  const wav = readWav(bytes);
  if (wav === undefined) throw bad(order, 'a WAV file that breaks off in its header or holds no PCM');
  const { announcedBytes, presentBytes } = wav;
  if (announcedBytes <= largestSize && announcedBytes > presentBytes) {
    throw bad(order, `speech that is cut short: ${presentBytes} of ${announcedBytes} bytes are there`);
  }
  const mono = toMono(wav);
  const durationMs = Math.round((mono.length * 1000) / wav.sampleRate);
  refuseLength(durationMs, order);
  const sound = findSound(mono, wav.sampleRate);
  if (sound === undefined) throw bad(order, `${durationMs} ms of silence`);
  refuseShort(Math.round(((sound.endSample - sound.startSample) * 1000) / wav.sampleRate), order);
  const audio = wav.warnings.length === 0 ? bytes : writeWav(toInt16(wav.samples), wav.sampleRate, wav.channels);
  return { audio, mediaType: 'audio/wav', durationMs };
}

function judgeCoded(bytes: Uint8Array, mediaType: string, order: SpeechOrder): JudgedSpeech {
  const durationMs = mediaType === 'audio/mpeg' ? mp3DurationMs(bytes) : undefined;
  if (mediaType === 'audio/mpeg' && durationMs === undefined) throw bad(order, 'an MP3 without any sound in it');
  if (durationMs !== undefined) {
    refuseLength(durationMs, order);
    refuseShort(durationMs, order);
  }
  return { audio: bytes, mediaType, durationMs };
}

function refuseLength(durationMs: number, order: SpeechOrder): void {
  if (durationMs < leastMs) throw bad(order, `${durationMs} ms of sound`);
  const most = (runaway * Math.max(1000, expectedMs(order.text))) / (order.rate ?? 1);
  if (durationMs > most) {
    throw bad(
      order,
      `${seconds(durationMs)} of sound for a text of about ${seconds(expectedMs(order.text))}: it ran away`,
    );
  }
}

function refuseShort(soundMs: number, order: SpeechOrder): void {
  const expected = expectedMs(order.text) / (order.rate ?? 1);
  if (expected < surelyMs || soundMs >= expected / runaway) return;
  throw bad(order, `${seconds(soundMs)} of speech for a text of about ${seconds(expected)}: most of it is missing`);
}

function pcmOf(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => view.getInt16(index * 2, true));
}

/** Samples as 16-bit integers. */
export function toInt16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))));
}

function excerpt(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 400)).replace(/\s+/g, ' ').trim();
  return text.startsWith('<') ? ' (an HTML page)' : `: ${text.slice(0, 200)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function bad({ who }: SpeechOrder, what: string): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `${who} answered with ${what}.`, {
    hint: 'The same command asks for this line again; if it stays so, try another voice or wording.',
    retryable: true,
  });
}
