import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import { defineProvider } from '../../define.js';
import type { AsrLimits, AsrProvider, AsrWay, AsrWish } from '../contract.js';
import { volcengineClient } from './client.js';
import { volcengineOptions, volcengineSecrets } from './options.js';
import { recognise } from './recognise.js';
import { languages, services, type VolcengineService } from './services.js';

/** Recorded-file recognition of Volcengine (Doubao): by a URL from a store, or inside one call (`flash`). */
export const volcengine = defineProvider({
  kind: 'asr',
  name: 'volcengine',
  summary: 'Volcengine (Doubao) recognition of recorded files: word times, speakers, with or without a store',
  options: volcengineOptions,
  secrets: volcengineSecrets,
  modelOption: 'model',
  create(options, tools): AsrProvider {
    const client = volcengineClient(options, tools);

    function wayOf(service: VolcengineService): AsrWay {
      return {
        model: service.name,
        limits: limitsOf(service),
        async transcribe(request, signal) {
          const { language } = request;
          if (language !== undefined && !languages.includes(primaryLanguage(language))) throw unknownLanguage(language);
          return recognise({ service, client, options }, request, signal).catch(withHint);
        },
      };
    }
    // Without a store only the call that brings the sound along is left.
    const choose = ({ canPublish }: AsrWish) => wayOf(services[options.model ?? (canPublish ? 'standard' : 'flash')]);
    return {
      host: client.host,
      limits: limitsOf(services[options.model ?? 'standard']),
      async ready() {
        if (client.missing) return { ready: false, detail: 'no key', hint: client.missing };
        return { ready: true, detail: `key set, ${client.host}` };
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
  const { code, message, retryable } = error;
  throw new DubError(code, message, { hint: resumesHint, retryable, cause: error });
}

const resumesHint = 'The same command asks for a task that was submitted before it pays for another.';

function limitsOf({ queryPath, maxBytes, maxDurationMs }: VolcengineService): AsrLimits {
  return {
    ...{ languages, needsUrl: queryPath !== undefined, times: 'word', speakers: true },
    // It finds out between Chinese and English only.
    ...{ detectsLanguage: false, needsAudio: true, audioFormat: 'mp3', maxBytes, maxDurationMs },
  };
}

function unknownLanguage(language: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', `Volcengine does not recognise ${language}.`, {
    hint: `It knows ${languages.join(', ')}. Choose another recogniser with --asr.`,
  });
}
