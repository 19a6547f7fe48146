import { join } from 'node:path';
import { languageName, primaryLanguage } from '../domain/language.js';
import type { Soundtrack, Source } from '../domain/source.js';
import type { Segment, Transcript } from '../domain/transcript.js';
import { DubError } from '../errors.js';
import { runFfmpeg } from '../media/run.js';
import { readSubtitleTrack } from '../media/subtitle-track.js';
import type { AsrProvider, AsrRequest, SubtitleTrack } from '../providers/asr/contract.js';
import type { StorageProvider } from '../providers/storage/contract.js';
import type { StageContext } from './context.js';

/** What `transcribe` needs to know besides the sound. */
export interface TranscribeOptions {
  /** `name[:model]`, for the artefact and for messages. */
  readonly label: string;
  /** BCP 47 of the speech when the user named it. */
  readonly language?: string | undefined;
}

/** What of the soundtrack recognition needs; without a speech track only text can be read. */
export type HeardSound = Pick<Soundtrack, 'durationMs' | 'speechPath'>;

/** Codecs of subtitle tracks that are text; the others are pictures. */
const textSubtitles = new Set(['subrip', 'srt', 'ass', 'ssa', 'webvtt', 'mov_text', 'text', 'subviewer', 'microdvd']);

/**
 * Recognises the speech. Segments are sorted, kept inside the programme, and have a start before their end.
 * @throws INPUT_NO_SPEECH when nothing was recognised; PROVIDER_UNSUPPORTED for limits the input breaks
 */
export async function transcribe(
  source: Source,
  soundtrack: HeardSound,
  provider: AsrProvider,
  storage: StorageProvider,
  options: TranscribeOptions,
  ctx: StageContext,
): Promise<Transcript> {
  refuseBrokenLimits(soundtrack, provider, options);
  const audio = provider.limits.needsAudio ? await audioFor(soundtrack, provider, ctx) : undefined;
  const stored = audio && provider.limits.needsUrl ? await upload(audio, storage, options, ctx) : undefined;
  const request: AsrRequest = {
    audio,
    url: stored?.url,
    language: options.language,
    subtitleTracks: textTracks(source),
    readSubtitleTrack: (index, signal) => readSubtitleTrack(source, index, ctx.scratch, ctx.tools, signal),
  };
  const reply = await provider.transcribe(request, ctx.signal).finally(async () => {
    if (stored) await storage.remove(stored.handle, ctx.signal);
  });
  for (const message of reply.warnings) ctx.emit({ type: 'warning', stage: 'transcribe', message });
  const segments = tidySegments(reply.transcript.segments, soundtrack.durationMs);
  if (segments.length === 0) {
    throw new DubError('INPUT_NO_SPEECH', `${options.label} found no speech in ${source.path}.`, {
      hint: 'Check that the right audio track was chosen; `--asr` names another recogniser, `--script` gives it the text.',
    });
  }
  return { language: reply.transcript.language, provider: options.label, segments };
}

function refuseBrokenLimits(soundtrack: HeardSound, provider: AsrProvider, options: TranscribeOptions): void {
  const { languages, maxDurationMs } = provider.limits;
  const { language, label } = options;
  if (language !== undefined && languages !== 'any' && !languages.includes(primaryLanguage(language))) {
    throw new DubError('PROVIDER_UNSUPPORTED', `${label} does not recognise ${languageName(language) ?? language}.`, {
      hint: `It knows ${languages.join(', ')}. Choose another recogniser with --asr, or hand in the text with --script.`,
    });
  }
  if (maxDurationMs !== undefined && soundtrack.durationMs > maxDurationMs) {
    const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`;
    throw new DubError(
      'PROVIDER_UNSUPPORTED',
      `${label} takes at most ${minutes(maxDurationMs)} of sound; this is ${minutes(soundtrack.durationMs)}.`,
      {
        hint: 'Choose another recogniser with --asr, or hand in the text with --script.',
      },
    );
  }
}

async function audioFor(
  soundtrack: HeardSound,
  provider: AsrProvider,
  ctx: StageContext,
): Promise<AsrRequest['audio']> {
  const { durationMs, speechPath } = soundtrack;
  if (speechPath === undefined) throw new Error('extract made no speech track for a recogniser that needs one');
  if (provider.limits.audioFormat !== 'wav') return { path: speechPath, mediaType: 'audio/flac', durationMs };
  const path = join(ctx.scratch, 'speech.wav');
  const job = {
    purpose: 'write the speech track as WAV',
    inputs: [{ from: speechPath }],
    outputs: [{ options: ['-c:a', 'pcm_s16le', '-ac', '1', '-ar', '16000'], to: path }],
  };
  await runFfmpeg(job, ctx.tools, ctx.signal);
  return { path, mediaType: 'audio/wav', durationMs };
}

async function upload(
  audio: NonNullable<AsrRequest['audio']>,
  storage: StorageProvider,
  options: TranscribeOptions,
  ctx: StageContext,
) {
  const model = options.label.slice(options.label.indexOf(':') + 1);
  return storage.put(audio.path, { mediaType: audio.mediaType, forModel: model }, ctx.signal);
}

function textTracks(source: Source): SubtitleTrack[] {
  return source.streams
    .filter((stream) => stream.type === 'subtitle' && textSubtitles.has(stream.codec))
    .map(({ index, language, codec }) => ({ index, language, codec }));
}

/** Recognisers and hand-made subtitles give segments past the end, reversed or out of order. */
function tidySegments(segments: readonly Segment[], durationMs: number): Segment[] {
  return segments
    .map((segment) => ({
      ...segment,
      startMs: Math.max(0, segment.startMs),
      endMs: Math.min(segment.endMs, durationMs),
    }))
    .filter((segment) => segment.endMs > segment.startMs && segment.text.trim() !== '')
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}
