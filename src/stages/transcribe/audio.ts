import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Span } from '../../domain/time.js';
import { runFfmpeg } from '../../media/run.js';
import type { AsrLimits } from '../../providers/asr/contract.js';
import type { StageContext } from '../context.js';

/** A file of sound on its way to a recogniser. */
export interface AudioFile {
  readonly path: string;
  readonly mediaType: string;
  readonly durationMs: number;
}

/** 16 kHz mono FLAC takes at most 32 bytes a millisecond: it falls back to plain samples. */
export const mostBytesPerMs = 32;

const mono = ['-ac', '1', '-ar', '16000'];

/** How each form of audio is written. MP3 at 48 kb/s is 21.6 MB an hour, FLAC about three times that. */
const forms = {
  flac: { mediaType: 'audio/flac', options: ['-c:a', 'flac', ...mono, '-sample_fmt', 's16'] },
  wav: { mediaType: 'audio/wav', options: ['-c:a', 'pcm_s16le', ...mono] },
  mp3: { mediaType: 'audio/mpeg', options: ['-c:a', 'libmp3lame', '-b:a', '48k', ...mono] },
} as const;

/** The speech track in the form a recogniser wants: as it is, as WAV, or as MP3 when FLAC is over its limit. */
export async function audioFor(
  speechPath: string,
  durationMs: number,
  limits: AsrLimits,
  ctx: StageContext,
): Promise<AudioFile> {
  const { audioFormat } = limits;
  if (audioFormat === 'wav' || audioFormat === 'mp3') return write(speechPath, audioFormat, durationMs, ctx);
  const flac = { path: speechPath, mediaType: forms.flac.mediaType, durationMs };
  const { size } = await stat(speechPath);
  return size <= (limits.maxBytes ?? Number.POSITIVE_INFINITY) ? flac : smaller(flac, ctx);
}

/** The same sound as MP3. */
export function smaller(audio: AudioFile, ctx: StageContext): Promise<AudioFile> {
  return write(audio.path, 'mp3', audio.durationMs, ctx);
}

/** Writes a piece of the speech track into a scratch file. */
export async function writePiece(
  speechPath: string,
  piece: Span,
  limits: AsrLimits,
  ctx: StageContext,
): Promise<AudioFile> {
  const form = limits.audioFormat ?? 'flac';
  const durationMs = piece.endMs - piece.startMs;
  const path = join(ctx.scratch, `piece-${piece.startMs}-${piece.endMs}.${form}`);
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const cut = ['-ss', seconds(piece.startMs), '-t', seconds(durationMs)];
  const output = { options: [...forms[form].options], to: path };
  const job = { purpose: 'cut the speech track', inputs: [{ options: cut, from: speechPath }], outputs: [output] };
  await runFfmpeg(job, ctx.tools, ctx.signal);
  return { path, mediaType: forms[form].mediaType, durationMs };
}

async function write(from: string, form: keyof typeof forms, durationMs: number, ctx: StageContext) {
  const { mediaType, options } = forms[form];
  const path = join(ctx.scratch, `speech.${form}`);
  const outputs = [{ options: [...options], to: path }];
  await runFfmpeg(
    { purpose: `write the speech track as ${form.toUpperCase()}`, inputs: [{ from }], outputs },
    ctx.tools,
    ctx.signal,
  );
  return { path, mediaType, durationMs };
}
