import { languageName, primaryLanguage } from '../domain/language.js';
import type { Soundtrack, Source } from '../domain/source.js';
import type { Segment, Transcript } from '../domain/transcript.js';
import { DubError, type DubErrorCode } from '../errors.js';
import { readSubtitleTrack } from '../media/subtitle-track.js';
import type { AsrProvider, AsrReply, AsrRequest, AsrWay, SubtitleTrack } from '../providers/asr/contract.js';
import type { StorageProvider } from '../providers/storage/contract.js';
import type { StageContext } from './context.js';
import { type AudioFile, audioFor } from './transcribe/audio.js';
import { type Draft, transcribePieces } from './transcribe/pieces.js';
import { Publisher } from './transcribe/publisher.js';

/** What `transcribe` needs to know besides the sound. */
export interface TranscribeOptions {
  /** `name[:model]`, for the artefact and for messages. */
  readonly label: string;
  /** BCP 47 of the speech when the user named it. */
  readonly language?: string | undefined;
  /** Number of speakers asked for, `auto`, or undefined for none. */
  readonly speakers?: number | 'auto' | undefined;
  /**
   * Everything that shapes the answer, as plain JSON: jobs under way and pieces that are paid for are found again under
   * it. The sound's path and the options themselves when left out.
   */
  readonly shapedBy?: unknown;
  /** Told, where the sound is recognised piece by piece, of what the transcript will begin with. */
  readonly onDraft?: ((draft: Draft) => void) | undefined;
}

export type { Draft } from './transcribe/pieces.js';

/** What of the soundtrack recognition needs; without a speech track only text can be read. */
export type HeardSound = Pick<Soundtrack, 'durationMs' | 'speechPath'>;

/** Codecs of subtitle tracks that are text; the others are pictures. */
const textSubtitles = new Set(['subrip', 'srt', 'ass', 'ssa', 'webvtt', 'mov_text', 'text', 'subviewer', 'microdvd']);

/**
 * Recognises the speech. Segments are sorted, have a start before their end, and end with the programme unless they lie
 * past it altogether: `segment` leaves those out, and says so.
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
  const wish = { language: options.language, speakers: options.speakers, canPublish: storage.stores };
  const way = provider.choose?.(wish) ?? provider;
  const label = labelOf(way, options);
  refuseBrokenLimits(soundtrack, way, label, options);
  const request: AsrRequest = {
    language: options.language,
    speakers: options.speakers,
    subtitleTracks: textTracks(source),
    readSubtitleTrack: (index, signal) => readSubtitleTrack(source, index, ctx.scratch, ctx.tools, signal),
  };
  const unpublished = () => provider.choose?.({ ...wish, canPublish: false });
  const heard = await hear(way, unpublished, request, soundtrack, storage, options, ctx);
  for (const message of heard.reply.warnings) ctx.emit({ type: 'warning', stage: 'transcribe', message });
  const segments = tidySegments(heard.reply.transcript.segments, soundtrack.durationMs);
  if (!segments.some(({ startMs }) => startMs < soundtrack.durationMs)) {
    throw new DubError('INPUT_NO_SPEECH', `${label} found no speech in ${source.path}.`, {
      hint: 'Check that the right audio track was chosen (--audio-track); `--asr` names another recogniser, `--script` gives the text.',
    });
  }
  return { language: heard.reply.transcript.language, provider: labelOf(heard.way, options), segments };
}

/** `name:model`, the model that was chosen when the user named none. */
function labelOf({ model }: AsrWay, { label }: TranscribeOptions): string {
  return model === undefined || label.includes(':') ? label : `${label}:${model}`;
}

/** Asks the recogniser. When the store refuses the audio, the way without a store is taken where there is one. */
async function hear(
  way: AsrWay,
  unpublished: () => AsrWay | undefined,
  request: AsrRequest,
  soundtrack: HeardSound,
  storage: StorageProvider,
  options: TranscribeOptions,
  ctx: StageContext,
): Promise<{ readonly reply: AsrReply; readonly way: AsrWay }> {
  if (!way.limits.needsAudio) return { reply: await way.transcribe(request, ctx.signal), way };
  const { speechPath, durationMs } = soundtrack;
  if (speechPath === undefined) throw new Error('extract made no speech track for a recogniser that needs one');
  const { onDraft, ...shape } = options;
  const shapedBy = options.shapedBy ?? { speechPath, ...shape };
  const byPieces = (one: AsrWay) =>
    transcribePieces(speechPath, request, one, { label: labelOf(one, options), shapedBy, onDraft }, ctx);
  if (way.limits.times === 'none') return { reply: await byPieces(way), way };
  const audio = await audioFor(speechPath, durationMs, way.limits, ctx);
  const publisher = new Publisher(audio, storage, ctx);
  try {
    return { reply: await buyWhole(way, { ...request, audio }, publisher, options, shapedBy, ctx), way };
  } catch (error) {
    const other = error === publisher.refusal && mayGoOtherwise(error) ? unpublished() : undefined;
    if (other === undefined || other.limits.times !== 'none') throw error;
    const message = `The speech track could not be stored for ${way.model ?? options.label}: ${(error as DubError).message} It is recognised piece by piece by ${other.model ?? options.label} instead; times within a piece are estimates.`;
    ctx.emit({ type: 'warning', stage: 'transcribe', message });
    refuseBrokenLimits(soundtrack, other, labelOf(other, options), options);
    return { reply: await byPieces(other), way: other };
  }
}

/** A store that does not take the file at all; one that is busy or wants another key may take it later. */
function mayGoOtherwise(error: unknown): boolean {
  return error instanceof DubError && (error.code === 'PROVIDER_UNSUPPORTED' || error.code === 'PROVIDER_REFUSED');
}

/** Version of what is kept of a whole recognition. */
const wholeVersion = 1;

/** The reply for the whole sound, kept like everything that was paid for. */
async function buyWhole(
  way: AsrWay,
  request: AsrRequest & { readonly audio: AudioFile },
  publisher: Publisher,
  options: TranscribeOptions,
  shapedBy: unknown,
  ctx: StageContext,
): Promise<AsrReply> {
  const { reply } = await ctx.buyer.buy({
    stage: 'transcribe',
    provider: labelOf(way, options),
    key: { made: 'whole', v: wholeVersion, shapedBy, model: way.model },
    estimate: [{ unit: 'second', count: Math.ceil(request.audio.durationMs / 1000), model: way.model }],
    call: () => hearWhole(way, request, publisher, { stage: 'transcribe', shapedBy, model: way.model }, ctx),
  });
  return reply;
}

/** What is remembered of a job: its id, and what to remove from the store when it has ended. */
interface Job {
  readonly id: string;
  readonly handles: readonly string[];
}

/** One request for the whole sound; its job is remembered, so that a later run asks for it and submits nothing. */
async function hearWhole(
  way: AsrWay,
  request: AsrRequest,
  publisher: Publisher,
  key: unknown,
  ctx: StageContext,
): Promise<AsrReply> {
  const pending = await readJob(key, ctx);
  publisher.handles.push(...(pending?.handles ?? []));
  let underWay = pending !== undefined;
  try {
    const reply = await way.transcribe(
      {
        ...request,
        ...(way.limits.needsUrl ? { publishAudio: publisher.publish.bind(publisher) } : {}),
        pendingJob: pending?.id,
        async saveJob(id) {
          await ctx.jobs?.write(key, JSON.stringify({ id, handles: publisher.handles } satisfies Job));
          underWay = ctx.jobs !== undefined;
        },
      },
      ctx.signal,
    );
    underWay = false;
    return reply;
  } catch (error) {
    // A job that failed for good needs its file no longer; one that may still be at work does.
    if (!mayStillRun(error)) underWay = false;
    throw error;
  } finally {
    if (!underWay) await publisher.removeAll();
  }
}

/** Errors that say nothing of the job itself. */
const elsewhere: ReadonlySet<DubErrorCode> = new Set([
  'INTERRUPTED',
  'PROVIDER_TIMEOUT',
  'PROVIDER_UNREACHABLE',
  'PROVIDER_BUSY',
  'PROVIDER_AUTH',
]);

function mayStillRun(error: unknown): boolean {
  return !(error instanceof DubError) || elsewhere.has(error.code);
}

async function readJob(key: unknown, ctx: StageContext): Promise<Job | undefined> {
  const text = await ctx.jobs?.read(key);
  return text === undefined ? undefined : (JSON.parse(text) as Job);
}

function refuseBrokenLimits(soundtrack: HeardSound, way: AsrWay, label: string, { language }: TranscribeOptions): void {
  const { languages, maxDurationMs, times } = way.limits;
  if (language !== undefined && languages !== 'any' && !languages.includes(primaryLanguage(language))) {
    throw new DubError('PROVIDER_UNSUPPORTED', `${label} does not recognise ${languageName(language) ?? language}.`, {
      hint: `It knows ${languages.join(', ')}. Choose another recogniser with --asr, or hand in the text with --script.`,
    });
  }
  // Without times the sound is cut, and the limit is one of the pieces.
  if (times !== 'none' && maxDurationMs !== undefined && soundtrack.durationMs > maxDurationMs) {
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

/** The subtitle tracks of a file that are text. */
export function textTracks(source: Source): SubtitleTrack[] {
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
      endMs: segment.startMs < durationMs ? Math.min(segment.endMs, durationMs) : segment.endMs,
    }))
    .filter((segment) => segment.endMs > segment.startMs && segment.text.trim() !== '')
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}
