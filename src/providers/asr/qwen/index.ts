import { DubError } from '../../../errors.js';
import { defineProvider } from '../../define.js';
import { dashscope, dashscopeSecrets } from '../../vendors/dashscope/index.js';
import type { AsrLimits, AsrProvider, AsrWay, AsrWish } from '../contract.js';
import { recogniseFile } from './file.js';
import { type AsrModel, chooseModel, findModel } from './models.js';
import { qwenOptions } from './options.js';
import { largestPieceBytes, longestPieceMs, recognisePiece } from './pieces.js';
import { recogniseTimedPiece } from './timed-pieces.js';

/** 12 hours and 2 GB (qwen-asr-api-reference, 2026). */
const longestFileMs = 12 * 3_600_000;
const largestFileBytes = 2_000_000_000;

/**
 * Recognition on Model Studio. Whole files by a task, with sentence and word times (`qwen3-asr-flash-filetrans`); the
 * same with speakers (`fun-asr`); pieces sent along with the call where nothing can be uploaded (`qwen3-asr-flash`).
 */
export const qwen = defineProvider({
  kind: 'asr',
  name: 'qwen',
  summary: 'Qwen ASR on Alibaba Cloud Model Studio: about 30 languages, word times, speakers by fun-asr',
  options: qwenOptions,
  secrets: dashscopeSecrets,
  modelOption: 'model',
  create(options, tools): AsrProvider {
    const client = dashscope(options, tools);
    const named = options.model === undefined ? undefined : findModel(options.model);

    function wayOf(model: AsrModel): AsrWay {
      const recogniser = { model, client, options, onRetry: tools.onRetry };
      const recognise = recognisers[model.family];
      return {
        model: model.id,
        limits: limitsOf(model, options.concurrency),
        transcribe: (request, signal) => recognise(recogniser, request, signal).catch(withHint),
      };
    }
    const choose = (wish: AsrWish) => wayOf(named ?? chooseModel(wish));
    return {
      host: client.host,
      region: client.region,
      limits: named ? limitsOf(named, options.concurrency) : anyLimits(options.concurrency),
      async ready() {
        return client.ready();
      },
      choose,
      transcribe: (request, signal) =>
        choose({ ...request, canPublish: request.publishAudio !== undefined }).transcribe(request, signal),
    };
  },
});

/** What is known of a connection that broke says nothing of what to do about it. */
function withHint(error: unknown): never {
  if (!(error instanceof DubError) || error.hint !== undefined || error.code === 'INTERRUPTED') throw error;
  const { code, message, retryable, retryAfterMs } = error;
  const hint = 'The same command resumes from what is finished.';
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  throw new DubError(code, message, { hint, retryable, cause: error, ...wait });
}

const recognisers = {
  filetrans: recogniseFile,
  fun: recogniseFile,
  sync: recognisePiece,
  timed: recogniseTimedPiece,
} as const;

function limitsOf(model: AsrModel, concurrency: number): AsrLimits {
  const sync = model.family === 'sync' || model.family === 'timed';
  return {
    languages: [...model.codes.keys()],
    maxDurationMs: sync ? longestPieceMs : longestFileMs,
    maxBytes: sync ? largestPieceBytes : largestFileBytes,
    needsUrl: !sync,
    times: sync ? 'none' : 'word',
    speakers: model.family === 'fun',
    detectsLanguage: true,
    needsAudio: true,
    concurrency,
  };
}

/** What holds before the model is chosen: a language that any of them knows leads to that one. */
function anyLimits(concurrency: number): AsrLimits {
  const file = chooseModel({ canPublish: true });
  const fun = chooseModel({ canPublish: true, speakers: 'auto' });
  const languages = [...new Set([...file.codes.keys(), ...fun.codes.keys()])];
  return { ...limitsOf(file, concurrency), languages, speakers: true };
}
