import { DubError } from '../../../errors.js';
import type { AsrRequest } from '../contract.js';
import type { AsrModel } from './models.js';

/** What a task is submitted with. */
export interface SubmissionWish {
  readonly url: string;
  /** The model's own code. */
  readonly language: string | undefined;
  readonly speakers: AsrRequest['speakers'];
  readonly context: string | undefined;
  /** The docs show the filter as a JSON string on two pages and as an object on a third. */
  readonly filterAsObject: boolean;
  /** `text` in the schema and in older pages; another sample has it as `corpus: {text}`. */
  readonly contextAs: 'text' | 'corpus';
}

/** The hint for the number of speakers goes from 2 to this. */
export const mostSpeakers = 100;
const fewestSpeakers = 2;

/** Left out, a list of the service's own replaces words by asterisks. */
const noMasking = { system_reserved_filter: false };

/** The body of a submit. `parameters` is always there: without it, workspace hosts accept a task and then fail it. */
export function submission(model: AsrModel, wish: SubmissionWish): object {
  return model.family === 'filetrans' ? filetransBody(model, wish) : funBody(model, wish);
}

function filetransBody(model: AsrModel, { url, language, context, contextAs }: SubmissionWish): object {
  const told = contextAs === 'text' ? { text: context } : { corpus: { text: context } };
  return {
    model: model.id,
    input: { file_url: url },
    parameters: {
      channel_id: [0],
      ...(language === undefined ? {} : { language }),
      // Whatever the language: sentences are then cut at punctuation too, which matters more than the words.
      enable_words: true,
      ...(context === undefined ? {} : told),
    },
  };
}

function funBody(model: AsrModel, { url, language, speakers, context, filterAsObject }: SubmissionWish): object {
  const told = typeof speakers === 'number' ? Math.min(mostSpeakers, Math.max(fewestSpeakers, speakers)) : undefined;
  const diarization = speakers === undefined || speakers === 1 ? {} : { diarization_enabled: true };
  return {
    model: model.id,
    input: { file_urls: [url], ...(context === undefined ? {} : { context }) },
    parameters: {
      channel_id: [0],
      ...(language === undefined ? {} : { language_hints: [language] }),
      ...diarization,
      ...(told === undefined || speakers === 1 ? {} : { speaker_count: told }),
      special_word_filter: filterAsObject ? noMasking : JSON.stringify(noMasking),
    },
  };
}

/** The wish as it may be taken after a refusal of how something in it is written; undefined for other refusals. */
export function writtenOtherwise(wish: SubmissionWish, error: unknown): SubmissionWish | undefined {
  if (filterRefused(error)) return wish.filterAsObject ? undefined : { ...wish, filterAsObject: true };
  if (wish.context === undefined || !contextRefused(error)) return undefined;
  return { ...wish, contextAs: wish.contextAs === 'text' ? 'corpus' : 'text' };
}

function contextRefused(error: unknown): boolean {
  return (
    error instanceof DubError &&
    error.code === 'PROVIDER_REFUSED' &&
    /\b(parameters\.text|corpus)\b/i.test(error.message)
  );
}

/** True when the service took exception to how the filter is written. */
function filterRefused(error: unknown): boolean {
  return error instanceof DubError && error.code === 'PROVIDER_REFUSED' && /special_word_filter/i.test(error.message);
}
