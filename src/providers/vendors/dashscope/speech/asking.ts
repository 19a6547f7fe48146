import { DubError } from '../../../../errors.js';
import { systemClock } from '../../../../net/clock.js';
import type { Download } from '../../../../net/http.js';
import type { Classify } from '../../../../net/judge.js';
import type { DashscopeClient } from '../client.js';
import { type SpeechUsage, speechEvent, speechReply } from './reply.js';
import { faultOf, joinChunks, readSpeech, type Speech } from './sound.js';

/** One answer, its sound whole and checked. */
export interface Spoken {
  readonly speech: Speech;
  readonly usage: SpeechUsage;
  readonly requestIds: readonly string[];
}

/** How one request is made. */
export interface Asking {
  /** Of the interface that the model is called by. */
  readonly path: string;
  readonly body: object;
  /** The shortest time in which the text can be said. */
  readonly leastMs: number;
  readonly stream: boolean;
  readonly timeoutMs: number;
}

/** Asks for one piece of speech, and pays for it once: what fails after the answer is tried again with the same link. */
export async function askForSpeech(client: DashscopeClient, asking: Asking, signal: AbortSignal): Promise<Spoken> {
  const answer = await (asking.stream ? askForStream : askForFile)(client, asking, signal);
  const leastMs = Math.max(asking.leastMs, 0.6 * audioMsOf(answer.usage));
  const { usage, requestIds } = answer;
  const told = requestIds[0] === undefined ? '' : ` (request ${requestIds[0]})`;
  if (answer.chunks.length > 0) {
    const speech = joinChunks(answer.chunks);
    const fault = answer.cut ? 'breaks off before its end' : faultOf(speech, leastMs);
    if (fault === undefined) return { speech, usage, requestIds };
    if (!answer.url) throw badAnswer(`The speech of DashScope ${fault}${told}.`);
  }
  if (!answer.url) throw badAnswer(`The answer of DashScope has neither speech nor a link to it${told}.`);
  return { speech: await fetchSpeech(client, answer.url, told, leastMs, asking, signal), usage, requestIds };
}

interface Answer {
  readonly url: string | undefined;
  readonly chunks: readonly Uint8Array[];
  /** True when a stream ended without saying so. */
  readonly cut: boolean;
  readonly usage: SpeechUsage;
  readonly requestIds: readonly string[];
}

/** An answer is made in whole before its first byte comes: nothing may be heard for as long as it takes. */
function limitsOf({ timeoutMs }: Asking) {
  return { idleMs: timeoutMs, totalMs: timeoutMs };
}

async function askForFile(client: DashscopeClient, asking: Asking, signal: AbortSignal): Promise<Answer> {
  const reply = await client.post(asking.path, asking.body, speechReply, signal, { limits: limitsOf(asking) });
  const { audio } = reply.value.output;
  const chunks = audio.data ? [decoded(audio.data)] : [];
  return { url: audio.url ?? undefined, chunks, cut: false, usage: reply.value.usage, requestIds: reply.requestIds };
}

async function askForStream(client: DashscopeClient, asking: Asking, signal: AbortSignal): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  const requestIds = new Set<string>();
  let [url, usage, ended]: [string | undefined, SpeechUsage, boolean] = [undefined, undefined, false];
  const events = client.stream(asking.path, asking.body, speechEvent, signal, { limits: limitsOf(asking) });
  for await (const { value, requestIds: ids } of events) {
    for (const id of ids) requestIds.add(id);
    const audio = value.output?.audio;
    if (audio?.data) chunks.push(decoded(audio.data));
    if (audio?.url) url = audio.url;
    // The count grows from event to event where middle ones have it at all.
    if (value.usage?.characters || value.usage?.output_tokens) usage = value.usage;
    if (value.output?.finish_reason === 'stop') ended = true;
  }
  return { url, chunks, cut: !ended && url === undefined, usage, requestIds: [...requestIds] };
}

const downloads = 3;

/** The sound behind a link; a damaged one is fetched again, since the speech is there and paid for. */
async function fetchSpeech(
  client: DashscopeClient,
  url: string,
  told: string,
  leastMs: number,
  asking: Asking,
  signal: AbortSignal,
): Promise<Speech> {
  for (let made = 1; ; made++) {
    const { bytes, mediaType } = await follow(client, url, asking, signal);
    const speech = readSpeech(bytes);
    const found = speech === undefined ? noSound(bytes, mediaType) : faultOf(speech, leastMs);
    if (speech !== undefined && found === undefined) return speech;
    if (made === downloads) throw badAnswer(`The speech that DashScope links to ${found}${told} (${made} downloads).`);
    await systemClock.sleep(100 * made, signal);
  }
}

async function follow(client: DashscopeClient, url: string, asking: Asking, signal: AbortSignal): Promise<Download> {
  const retry = { attempts: 4, baseMs: 500 };
  const limits = limitsOf(asking);
  const maxBytes = 128 * 1_048_576;
  try {
    return await client.download(url, { signal, maxBytes, limits, retry, classify: classifyLink });
  } catch (error) {
    if (error instanceof DubError && error.code === 'PROVIDER_BAD_REPLY') throw badAnswer(error.message, error);
    throw error;
  }
}

/** A refused link is no refused account: the answer goes to this one line. */
const classifyLink: Classify = (status, _headers, { text }) => {
  if (status < 400 || status >= 500 || status === 429 || status === 408) return undefined;
  const tag = (name: string) => new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(text)?.[1];
  const why = [tag('Code'), tag('Message')].filter((part) => part !== undefined).join(': ');
  const error = badAnswer(`The link to the finished speech is refused (${[status, why].filter(Boolean).join(' ')}).`);
  return { error, retryable: true };
};

function noSound(bytes: Uint8Array, mediaType: string): string {
  return bytes.length === 0 ? 'is empty' : `is no WAV file (${mediaType}, ${bytes.length} bytes)`;
}

/** Legacy models count 50 tokens for a second of sound; 0 for the others. */
function audioMsOf(usage: SpeechUsage): number {
  return (usage?.output_tokens_details?.audio_tokens ?? 0) * 20;
}

function decoded(base64: string): Uint8Array {
  return Buffer.from(base64, 'base64');
}

function badAnswer(message: string, cause?: unknown): DubError {
  return new DubError('PROVIDER_BAD_REPLY', message, {
    cause,
    hint: 'Run the same command again: only this line is asked for. If it stays so, try another voice or model.',
    retryable: true,
  });
}
