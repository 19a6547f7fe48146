import { randomUUID } from 'node:crypto';
import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import { systemClock } from '../../../net/clock.js';
import { replyStatus } from '../../../net/facts.js';
import { readSoundFile } from '../../vendors/sound-file/read.js';
import type { AsrReply, AsrRequest } from '../contract.js';
import { codes, type VolcengineClient, type VolcengineReply } from './client.js';
import type { VolcengineOptions } from './options.js';
import { codeFor, type VolcengineService } from './services.js';
import { lackOf, readSegments } from './transcript.js';
import { resultReply, submitBody } from './wire.js';

/** What recognition needs. */
export interface Recogniser {
  readonly service: VolcengineService;
  readonly client: VolcengineClient;
  readonly options: VolcengineOptions;
}

type Audio = NonNullable<AsrRequest['audio']>;

/**
 * Recognises a whole file. The task's id is the request's own and is saved before the submit, so that a run that is
 * killed in between asks for that task first and pays for nothing twice.
 */
export async function recognise(recogniser: Recogniser, request: AsrRequest, signal: AbortSignal): Promise<AsrReply> {
  const { audio } = request;
  if (!audio) throw new Error('volcengine was asked to transcribe without audio');
  const { service } = recogniser;
  if (service.queryPath === undefined) return recogniseInline(recogniser, request, audio, signal);
  if (request.pendingJob !== undefined) {
    const earlier = await settleEarlier(recogniser, request.pendingJob, audio, signal);
    if (earlier) return toReply(earlier, recogniser, request, audio, request.pendingJob);
  }
  const { id, lost } = await submit(recogniser, request, audio, signal);
  const reply = lost ? await settleEarlier(recogniser, id, audio, signal) : await settle(recogniser, id, audio, signal);
  if (reply === undefined) throw lost;
  return toReply(reply, recogniser, request, audio, id);
}

async function recogniseInline(
  { service, client, options }: Recogniser,
  request: AsrRequest,
  audio: Audio,
  signal: AbortSignal,
): Promise<AsrReply> {
  const data = (await readSoundFile(audio.path)).toString('base64');
  const id = randomUUID();
  const timeoutMs = options.timeoutMs ?? deadlineMs(service, audio);
  const limits = { idleMs: timeoutMs, totalMs: timeoutMs };
  const body = bodyFor({ data }, request, audio, options);
  const reply = await client.call(service.submitPath, service, id, body, signal, { idempotent: 'paid', limits });
  return toReply(reply, { service, client, options }, request, audio, id);
}

/** @returns the task, and the error when it is not known whether the service got it: then the task is asked for */
async function submit(
  { service, client, options }: Recogniser,
  request: AsrRequest,
  audio: Audio,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly lost?: DubError }> {
  if (!request.publishAudio) throw needsStore(service);
  await readSoundFile(audio.path);
  const url = await request.publishAudio(service.resourceId, signal);
  const id = randomUUID();
  await request.saveJob?.(id);
  const { timeoutMs } = options;
  const limits = timeoutMs === undefined ? {} : { limits: { totalMs: timeoutMs, idleMs: timeoutMs } };
  const body = bodyFor({ url }, request, audio, options);
  try {
    await client.call(service.submitPath, service, id, body, signal, { idempotent: 'paid', ...limits });
    return { id };
  } catch (error) {
    if (wasAnswered(error)) throw error;
    return { id, lost: error as DubError };
  }
}

function wasAnswered(error: unknown): boolean {
  return !(error instanceof DubError) || error.code === 'INTERRUPTED' || replyStatus(error) !== undefined;
}

function bodyFor(
  sound: { readonly url: string } | { readonly data: string },
  { language, speakers }: AsrRequest,
  { mediaType }: Audio,
  { words }: VolcengineOptions,
): object {
  return submitBody({
    audio: sound,
    format: mediaType === 'audio/wav' ? 'wav' : 'mp3',
    language: codeFor(language === undefined ? undefined : primaryLanguage(language)),
    speakers: speakers !== undefined && speakers !== 1,
    words,
  });
}

/** A task of an earlier run: undefined when the service never got it or knows it no longer. */
async function settleEarlier(
  recogniser: Recogniser,
  id: string,
  audio: Audio,
  signal: AbortSignal,
): Promise<VolcengineReply | undefined> {
  try {
    return await settle(recogniser, id, audio, signal);
  } catch (error) {
    const unknown = error instanceof DubError && (error.code === 'PROVIDER_REFUSED' || replyStatus(error) === 404);
    if (unknown) return undefined;
    throw error;
  }
}

/** Asks until the task has ended: after 1, 2, 3, 5, 5 … s, as long as the sound warrants. */
async function settle(
  { service, client, options }: Recogniser,
  id: string,
  audio: Audio,
  signal: AbortSignal,
): Promise<VolcengineReply> {
  const until = systemClock.now() + (options.timeoutMs ?? deadlineMs(service, audio));
  const waits = [1, 2, 3, 5].map((times) => times * options.pollMs);
  for (let asked = 0; ; asked++) {
    const reply = await client.call(service.queryPath!, service, id, {}, signal, { idempotent: 'safe' });
    if (reply.code !== codes.working && reply.code !== codes.queued) return reply;
    if (systemClock.now() >= until) throw stillWorking(id, service);
    await systemClock.sleep(waits[Math.min(asked, waits.length - 1)]!, signal);
  }
}

/** Ten minutes and twice the sound's length; idle tasks are promised within a day. */
function deadlineMs({ name }: VolcengineService, { durationMs }: Audio): number {
  return name === 'idle' ? 26 * 3_600_000 : 600_000 + 2 * durationMs;
}

function stillWorking(id: string, { name }: VolcengineService): DubError {
  return new DubError('PROVIDER_TIMEOUT', `Volcengine (${name}) still works on task ${id}.`, {
    hint: 'The task goes on there: the same command asks for it again and pays nothing.',
    retryable: true,
  });
}

function toReply(
  { code, json, logId }: VolcengineReply,
  { service }: Recogniser,
  { language, speakers }: AsrRequest,
  { durationMs }: Audio,
  id: string,
): AsrReply {
  const requestIds = [id, ...(logId === undefined ? [] : [logId])];
  const spoken = language ?? 'zh';
  // Silence has no transcript, and says nothing of its price: taken as not billed.
  if (code === codes.silent)
    return { transcript: { language: spoken, segments: [] }, warnings: [], units: [], requestIds };
  const read = resultReply.safeParse(json);
  if (!read.success) {
    throw new DubError('PROVIDER_BAD_REPLY', `The transcript of Volcengine's task ${id} is not as documented.`, {
      hint: 'The same command asks for it again and pays nothing; if it stays so, report it with the log id.',
      retryable: true,
    });
  }
  const wantsSpeakers = speakers !== undefined && speakers !== 1;
  const segments = readSegments(read.data, durationMs, wantsSpeakers);
  const transcript = { language: language ?? guessLanguage(segments.map(({ text }) => text).join('')), segments };
  const seconds = Math.ceil((read.data.audio_info?.duration ?? durationMs) / 1000);
  return {
    transcript,
    warnings: [...(language === undefined ? [untold(transcript.language)] : []), ...lackOf(transcript, wantsSpeakers)],
    units: [{ unit: 'second', count: seconds, model: service.resourceId }],
    requestIds,
  };
}

/** Told no language it hears Chinese and English only, and their letters differ. */
function guessLanguage(text: string): string {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return han * 3 > text.length ? 'zh' : 'en';
}

function untold(language: string): string {
  return `Volcengine was told no language and hears Chinese or English then (taken for ${language}); name another with --from.`;
}

function needsStore({ name }: VolcengineService): DubError {
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `Volcengine's ${name} service fetches the sound from a URL, and there is no store for it.`,
    {
      hint: 'Choose a store with --store (oss or s3), or take --asr volcengine:flash, which needs none.',
    },
  );
}
