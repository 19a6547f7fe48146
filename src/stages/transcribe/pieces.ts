import { rm } from 'node:fs/promises';
import pLimit from 'p-limit';
import { lengthMs, type Span } from '../../domain/time.js';
import type { Segment, Transcript } from '../../domain/transcript.js';
import { readLevels } from '../../media/levels.js';
import type { AsrReply, AsrRequest, AsrWay } from '../../providers/asr/contract.js';
import { levelBlockMs } from '../../sound/level.js';
import { cutAtPauses, findSpeech } from '../../sound/pauses.js';
import { splitSentences } from '../../subtitles/sentences.js';
import type { StageContext } from '../context.js';
import { mostBytesPerMs, writePiece } from './audio.js';
import { shareTime } from './share-time.js';

/**
 * What a piece should be long: long enough to be understood from its context, short enough that the times of its
 * sentences, shared out by length, stay near the truth. Our choice.
 */
const idealMs = 20_000;
const longestMs = 40_000;

/** Version of what is kept of a piece. */
const pieceVersion = 2;

const usualConcurrency = 4;

/** What pieces need besides the sound. */
export interface PieceOptions {
  /** `name[:model]`. */
  readonly label: string;
  /** Everything that shapes the answers besides the sound. */
  readonly shapedBy: unknown;
  /** Told of the beginning whenever more of it is known for good and more is to come. */
  readonly onDraft?: ((draft: Draft) => void) | undefined;
}

/** The beginning of a transcript whose later pieces are still being recognised: what the whole will begin with, unchanged. */
export interface Draft {
  readonly transcript: Pick<Transcript, 'language' | 'segments'>;
  /** How much of the sound it covers, and how much is to come; milliseconds of what is sent. */
  readonly doneMs: number;
  readonly leftMs: number;
}

/** What is kept of a piece: everything a later run needs instead of asking again. */
type Kept = Pick<AsrReply, 'warnings' | 'units' | 'requestIds'> & {
  readonly language: string;
  readonly text: string;
  /** On the piece's own clock; empty where the reply timed nothing. */
  readonly segments: readonly Segment[];
};

/**
 * Recognises sound piece by piece, for a recogniser that cannot be relied on to give times: it is cut at pauses, long
 * silence is not sent, and each sentence gets its share of the speech in its piece, unless the reply timed it. Pieces run side by side and each reply is kept, so that
 * after a failure only what is missing is asked for again.
 */
export async function transcribePieces(
  speechPath: string,
  request: AsrRequest,
  way: AsrWay,
  options: PieceOptions,
  ctx: StageContext,
): Promise<AsrReply> {
  const powers = await readLevels(speechPath, ctx.tools, ctx.signal);
  const { maxDurationMs = longestMs, maxBytes = Number.POSITIVE_INFINITY, concurrency } = way.limits;
  const most = Math.min(longestMs, maxDurationMs, Math.floor((maxBytes * 0.98) / mostBytesPerMs));
  const pieces = cutAtPauses(powers, levelBlockMs, { idealMs: Math.min(idealMs, most), longestMs: most });
  const tellProgress = progressOver(pieces, ctx);
  const known: (Kept | undefined)[] = pieces.map(() => undefined);
  const replies = await eachOf(pieces, concurrency ?? usualConcurrency, async (piece, index) => {
    const reply = await askOnce(speechPath, piece, request, way, options, ctx);
    known[index] = reply;
    tellProgress(piece);
    const draft = draftOf(pieces, known, powers, request);
    if (draft !== undefined) options.onDraft?.(draft);
    return reply;
  });
  return {
    transcript: joined(pieces, replies, mainLanguage(pieces, replies) ?? request.language ?? 'en', powers),
    warnings: [...new Set(replies.flatMap(({ warnings }) => warnings))],
    units: replies.flatMap(({ units }) => units),
    requestIds: replies.flatMap(({ requestIds }) => requestIds),
  };
}

/** The transcript of these pieces, each with its reply. */
function joined(
  pieces: readonly Span[],
  replies: readonly Kept[],
  language: string,
  powers: Float32Array,
): Draft['transcript'] {
  const cased = replies.some(({ text }) => /\p{Lu}/u.test(text));
  const segments = replies.flatMap((reply, index) => {
    const piece = pieces[index]!;
    if (reply.segments.length > 0) return reply.segments.map((segment) => moved(segment, piece));
    const sentences = splitSentences(reply.text, { language, cased });
    return sentences.length === 0 ? [] : timed(sentences, findSpeech(powers, levelBlockMs, piece));
  });
  return { language, segments: segments.map((segment, index) => ({ ...segment, id: String(index + 1) })) };
}

/**
 * The transcript up to the first piece without a reply; undefined while a later reply may change it: the language that is
 * spoken most, or whether the text has capitals at all where it has small letters.
 */
function draftOf(
  pieces: readonly Span[],
  known: readonly (Kept | undefined)[],
  powers: Float32Array,
  request: AsrRequest,
): Draft | undefined {
  const end = known.indexOf(undefined);
  if (end <= 0) return undefined;
  const replies = known.slice(0, end) as readonly Kept[];
  const text = replies.map((reply) => reply.text).join(' ');
  if (/\p{Ll}/u.test(text) && !/\p{Lu}/u.test(text)) return undefined;
  const language = settledLanguage(pieces, known, request);
  if (language === undefined) return undefined;
  const total = (spans: readonly Span[]) => spans.reduce((sum, span) => sum + lengthMs(span), 0);
  return {
    transcript: joined(pieces, replies, language, powers),
    doneMs: total(pieces.slice(0, end)),
    leftMs: total(pieces.slice(end)),
  };
}

/** The language that no later piece can outvote; of a language that the user named, as the replies write it. */
function settledLanguage(
  pieces: readonly Span[],
  known: readonly (Kept | undefined)[],
  request: AsrRequest,
): string | undefined {
  const answered = pieces.flatMap((piece, index) => (known[index] === undefined ? [] : [piece]));
  const replies = known.filter((reply) => reply !== undefined);
  const [first, second] = spokenLanguages(answered, replies);
  if (first === undefined) return undefined;
  if (request.language !== undefined && second === undefined) return first[0];
  const leftMs = pieces.reduce((sum, piece, index) => sum + (known[index] === undefined ? lengthMs(piece) : 0), 0);
  return first[1] > (second?.[1] ?? 0) + leftMs ? first[0] : undefined;
}

/** Works on all items, `count` at a time. After a failure nothing new is begun, but what is under way ends and is kept. */
async function eachOf<T, R>(
  items: readonly T[],
  count: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const limit = pLimit(count);
  let failed = false;
  const jobs = items.map((item, index) =>
    limit(async () => {
      if (failed) return undefined;
      return work(item, index).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }),
  );
  const ends = await Promise.allSettled(jobs);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value!;
  });
}

async function askOnce(
  speechPath: string,
  piece: Span,
  request: AsrRequest,
  way: AsrWay,
  { label, shapedBy }: PieceOptions,
  ctx: StageContext,
): Promise<Kept> {
  const { reply } = await ctx.buyer.buy({
    stage: 'transcribe',
    provider: label,
    key: { made: 'piece', v: pieceVersion, shapedBy, model: way.model, ...piece },
    estimate: [{ unit: 'second', count: Math.ceil(lengthMs(piece) / 1000), model: way.model }],
    async call(signal): Promise<Kept> {
      const audio = await writePiece(speechPath, piece, way.limits, ctx);
      const { transcript, warnings, units, requestIds } = await way.transcribe({ ...request, audio }, signal);
      await rm(audio.path, { force: true });
      const { language, segments } = transcript;
      const text = segments.map((segment) => segment.text.trim()).join(' ');
      const timed = isTimed(segments, audio.durationMs) ? segments : [];
      return { language, text, segments: timed, warnings, units, requestIds };
    },
  });
  return reply;
}

/** False for a reply whose times are no more than those of the piece: all of its text from its start to its end. */
function isTimed(segments: readonly Segment[], durationMs: number): boolean {
  const [first] = segments;
  if (first === undefined) return false;
  return segments.length > 1 || first.words.length > 0 || first.startMs > 0 || first.endMs < durationMs;
}

/** From a piece's clock to the programme's, and not out of the piece. */
function moved(segment: Segment, { startMs, endMs }: Span): Omit<Segment, 'id'> {
  const onClock = <T extends Span>(span: T): T => ({
    ...span,
    startMs: Math.min(endMs - 1, startMs + span.startMs),
    endMs: Math.min(endMs, startMs + span.endMs),
  });
  return { ...onClock(segment), words: segment.words.map(onClock) };
}

function timed(sentences: readonly string[], speech: readonly Span[]): Omit<Segment, 'id'>[] {
  const spans = shareTime(
    sentences.map((sentence) => sentence.length),
    speech,
  );
  return sentences.map((text, index) => ({ ...spans[index]!, text, words: [] }));
}

/** The language spoken for the longest time. */
function mainLanguage(pieces: readonly Span[], replies: readonly Kept[]): string | undefined {
  return spokenLanguages(pieces, replies)[0]?.[0];
}

/** How long each language is spoken, milliseconds, the longest first. */
function spokenLanguages(pieces: readonly Span[], replies: readonly Kept[]): [string, number][] {
  const spoken = new Map<string, number>();
  for (const [index, { language, text }] of replies.entries())
    if (text !== '') spoken.set(language, (spoken.get(language) ?? 0) + lengthMs(pieces[index]!));
  return [...spoken].sort(([, a], [, b]) => b - a);
}

function progressOver(pieces: readonly Span[], ctx: StageContext): (piece: Span) => void {
  const total = pieces.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  let done = 0;
  return ({ startMs, endMs }) => {
    done += endMs - startMs;
    ctx.emit({ type: 'stage-progress', stage: 'transcribe', done, total });
  };
}
