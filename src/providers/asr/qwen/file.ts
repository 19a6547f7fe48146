import { DubError } from '../../../errors.js';
import { replyStatus } from '../../../net/facts.js';
import type { ProviderTools } from '../../contract.js';
import { type DashscopeClient, type FinishedTask, taskDeadlineMs } from '../../vendors/dashscope/index.js';
import { requireSoundFile } from '../../vendors/sound-file/read.js';
import type { AsrReply, AsrRequest } from '../contract.js';
import { codeFor } from './language.js';
import type { AsrModel } from './models.js';
import type { QwenOptions } from './options.js';
import { fetchResult, isExpired } from './result.js';
import { isNoSpeech } from './silence.js';
import { mostSpeakers, type SubmissionWish, submission, writtenOtherwise } from './submission.js';
import { readTranscript, settleLanguage } from './transcript.js';
import { type Subtask, type TranscriptFile, taskResult, transcriptionPath } from './wire.js';

/** What recognition of whole files needs. */
export interface FileRecogniser {
  readonly model: AsrModel;
  readonly client: DashscopeClient;
  readonly options: QwenOptions;
  /** Told of a result that is asked for once more. */
  readonly onRetry?: ProviderTools['onRetry'];
}

/** How often a task is asked again for a fresh link when the one it gave leads nowhere. */
const freshLinks = 2;

type Audio = NonNullable<AsrRequest['audio']>;

/** What became of a task. */
type Outcome =
  | { readonly kind: 'heard'; readonly file: TranscriptFile; readonly seconds: number | undefined; readonly ids: Ids }
  | { readonly kind: 'silence'; readonly seconds: number | undefined; readonly ids: Ids }
  /** Failed, cancelled or not known any more: it costs nothing more and brings nothing more. */
  | { readonly kind: 'lost'; readonly error: DubError; readonly ids: Ids };

type Ids = readonly string[];

/**
 * Recognises a whole file by a task: submits it and waits, or asks for the one that an earlier run submitted. A task is
 * submitted a second time only when the first has failed for a reason that may pass.
 */
export async function recogniseFile(
  recogniser: FileRecogniser,
  request: AsrRequest,
  signal: AbortSignal,
): Promise<AsrReply> {
  const { model, options, client } = recogniser;
  const { audio } = request;
  if (!audio) throw new Error('qwen was asked to transcribe without audio');
  const language = codeFor(request.language, model);
  await client.limit(model.id, { requestsPerMinute: options.requestsPerMinute ?? model.requestsPerMinute });
  if (request.pendingJob !== undefined) {
    const earlier = await settleEarlier(recogniser, request.pendingJob, audio, signal);
    if (earlier.kind !== 'lost') return toReply(earlier, recogniser, request, audio);
  }
  for (let submitted = 1; ; submitted++) {
    const task = await submit(recogniser, request, language, signal);
    const outcome = await settle(recogniser, task.taskId, audio, signal);
    const ids = [task.requestId, ...outcome.ids].filter((id) => id !== '');
    if (outcome.kind !== 'lost') return toReply({ ...outcome, ids }, recogniser, request, audio);
    if (!outcome.error.retryable || submitted === 2) throw outcome.error;
  }
}

async function submit(
  { model, client, options }: FileRecogniser,
  request: AsrRequest,
  language: string | undefined,
  signal: AbortSignal,
) {
  if (!request.publishAudio) throw needsStore(model);
  await requireSoundFile(request.audio?.path ?? '');
  const url = await request.publishAudio(model.id, signal);
  const { speakers } = request;
  const { context, contextAs, timeoutMs } = options;
  const onSubmitted = ({ taskId }: { readonly taskId: string }) => request.saveJob?.(taskId);
  const limits = timeoutMs === undefined ? undefined : { totalMs: timeoutMs };
  const send = (wish: SubmissionWish) =>
    client.submit(transcriptionPath, submission(model, wish), signal, { onSubmitted, limits });
  const wish: SubmissionWish = { url, language, speakers, context, contextAs, filterAsObject: false };
  try {
    return await send(wish);
  } catch (error) {
    const other = writtenOtherwise(wish, error);
    if (other === undefined) throw error;
    return send(other);
  }
}

/** A job of an earlier run. Whether an unknown one is answered by a state or by a 404 is not documented: both are read. */
async function settleEarlier(
  recogniser: FileRecogniser,
  taskId: string,
  audio: Audio,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    return await settle(recogniser, taskId, audio, signal);
  } catch (error) {
    if (error instanceof DubError && replyStatus(error) === 404) return { kind: 'lost', error, ids: [] };
    throw error;
  }
}

/** Waits for a task and fetches its result; a link that leads nowhere is asked for again, which costs nothing. */
async function settle(
  { client, options, onRetry }: FileRecogniser,
  taskId: string,
  audio: Audio,
  signal: AbortSignal,
): Promise<Outcome> {
  const deadlineMs = options.timeoutMs ?? taskDeadlineMs(audio.durationMs);
  for (let asked = 0; ; asked++) {
    const task = await client.poll(taskId, taskResult, signal, { deadlineMs });
    const ids = task.requestIds;
    if (task.status !== 'SUCCEEDED') return failedTask(task, client);
    const { output, usage } = task.value;
    const seconds = usage?.seconds ?? usage?.duration ?? undefined;
    const subtask = output.result ?? output.results?.[0];
    const failed = failedSubtask(subtask, ids, client);
    if (failed) return failed === 'silence' ? { kind: 'silence', seconds, ids } : { kind: 'lost', error: failed, ids };
    try {
      return { kind: 'heard', file: await fetchResult(client, linkOf(subtask, taskId), signal), seconds, ids };
    } catch (error) {
      if (!isExpired(error) || asked === freshLinks) throw error;
      onRetry?.({ attempt: asked + 1, waitMs: 0, code: error instanceof DubError ? error.code : 'PROVIDER_BAD_REPLY' });
    }
  }
}

/** Some failures are results: no speech in the sound. Fun-ASR tells them in the sub-task, others in the task. */
function failedTask(task: Exclude<FinishedTask<unknown>, { status: 'SUCCEEDED' }>, client: DashscopeClient): Outcome {
  const ids = task.requestIds;
  if (isNoSpeech(task.code)) return { kind: 'silence', seconds: undefined, ids };
  const read = taskResult.safeParse(task.reply);
  const subtask = read.success ? (read.data.output.results?.[0] ?? read.data.output.result) : undefined;
  const failed = failedSubtask(subtask, ids, client);
  if (failed === 'silence') return { kind: 'silence', seconds: undefined, ids };
  return { kind: 'lost', error: task.code === undefined && failed ? failed : task.error, ids };
}

/** A task counts as succeeded even when its only sub-task has failed. */
function failedSubtask(
  subtask: Subtask | null | undefined,
  ids: Ids,
  client: DashscopeClient,
): DubError | 'silence' | undefined {
  if (isNoSpeech(subtask?.code)) return 'silence';
  const failed = subtask?.subtask_status?.toUpperCase() === 'FAILED' || (subtask?.code && !subtask.transcription_url);
  if (!failed) return undefined;
  return client.taskError(subtask?.code ?? undefined, subtask?.message ?? undefined, ids[0]);
}

function linkOf(subtask: Subtask | null | undefined, taskId: string): string {
  const link = subtask?.transcription_url;
  if (link) return link;
  throw new DubError('PROVIDER_BAD_REPLY', `Task ${taskId} succeeded and names no result.`, {
    hint: 'The same command asks for it again and pays nothing; if it stays so, report it with the task’s id.',
  });
}

function toReply(
  outcome: Exclude<Outcome, { kind: 'lost' }>,
  { model }: FileRecogniser,
  { language, speakers }: AsrRequest,
  { durationMs }: Audio,
): AsrReply {
  const wantsSpeakers = speakers !== undefined && speakers !== 1;
  const canTell = model.family === 'fun';
  const told = !wantsSpeakers || canTell ? [] : [noSpeakers(model)];
  if (canTell && Number(speakers) > mostSpeakers) {
    told.push(`${model.id} tells at most ${mostSpeakers} speakers apart; ${speakers} were asked for.`);
  }
  // Without a figure from the service: what was sent. A file without speech that says nothing was not billed.
  const seconds = outcome.seconds ?? (outcome.kind === 'heard' ? Math.ceil(durationMs / 1000) : 0);
  const notes = {
    units: seconds > 0 ? [{ unit: 'second' as const, count: seconds, model: model.id }] : [],
    requestIds: outcome.ids,
  };
  if (outcome.kind === 'silence') {
    return {
      transcript: { language: settleLanguage(language, undefined, []).language, segments: [] },
      warnings: told,
      ...notes,
    };
  }
  const wish = { durationMs, language, wantsSpeakers: wantsSpeakers && canTell };
  const { warnings, ...transcript } = readTranscript(outcome.file, wish);
  return { transcript, warnings: [...told, ...warnings], ...notes };
}

/** What a person is told when a model that tells no speakers was asked for them. */
export function noSpeakers(model: AsrModel): string {
  return `${model.id} cannot tell speakers apart: all lines are one speaker’s.`;
}

function needsStore(model: AsrModel): DubError {
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `${model.id} fetches the sound from a URL, and there is no store for it.`,
    {
      hint: 'Choose a store with --store (dashscope needs no bucket), or leave the model to dub: --asr qwen.',
    },
  );
}
