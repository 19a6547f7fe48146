import type { Segment } from '../../domain/transcript.js';
import {
  type Check,
  CheckSkipped,
  claim,
  expectError,
  expectFault,
  type Fault,
  type FaultHooks,
  faultChecks,
  readinessChecks,
} from '../conformance.js';
import type { AsrProvider, AsrReply, AsrRequest } from './contract.js';

/** Something to recognise, and what is said in it. */
export interface AsrSample {
  readonly request: Omit<AsrRequest, 'language'>;
  /** The words spoken, lower case, without punctuation; empty for silence. */
  readonly words: readonly string[];
  readonly durationMs: number;
}

/** An asr provider under test. */
export interface AsrSubject extends FaultHooks<AsrProvider> {
  readonly provider: AsrProvider;
  /** BCP 47 of the samples. */
  readonly language: string;
  /** Two samples with hardly a word in common. */
  readonly speech: AsrSample;
  readonly otherSpeech: AsrSample;
  /** Undefined when the provider reads no sound. */
  readonly silence?: AsrSample | undefined;
  /** A language it does not know; undefined when it knows any. */
  readonly unknownLanguage?: string | undefined;
  /** Share of the words that must be found, 0.9 for a good recogniser. */
  readonly leastRecall: number;
}

const never = new AbortController().signal;

/** What every asr provider must keep. */
export const asrConformance: readonly Check<AsrSubject>[] = [
  ...readinessChecks<AsrProvider>(),
  {
    name: 'recognises most of the words',
    safe: true,
    async run(subject) {
      const { transcript } = await listen(subject, subject.speech);
      const recall = recallOf(transcript.segments, subject.speech.words);
      claim(
        recall >= subject.leastRecall,
        `It found ${percent(recall)} of the words, ${percent(subject.leastRecall)} are due.`,
      );
      claim(transcript.language.startsWith(subject.language.split('-')[0]!), `It says ${transcript.language}.`);
    },
  },
  {
    name: 'times segments and words in order, inside the sound',
    safe: true,
    async run(subject) {
      const { transcript } = await listen(subject, subject.speech);
      checkTimes(transcript.segments, subject.speech.durationMs);
      const timesWords = transcript.segments.every((segment) => segment.words.length > 0);
      claim(subject.provider.limits.times !== 'word' || timesWords, 'It promises word times and gives a segment none.');
    },
  },
  {
    name: 'gives each segment an id of its own',
    safe: true,
    async run(subject) {
      const { transcript } = await listen(subject, subject.speech);
      const ids = transcript.segments.map((segment) => segment.id);
      claim(new Set(ids).size === ids.length, `Ids come twice: ${ids.join(', ')}`);
    },
  },
  {
    name: 'finds no speech in silence, and says so without an error',
    safe: true,
    async run(subject) {
      if (!subject.silence) throw new CheckSkipped('it reads no sound');
      const { transcript } = await listen(subject, subject.silence);
      const heard = transcript.segments.map((segment) => segment.text).join(' ');
      claim(transcript.segments.length === 0, `It heard ${JSON.stringify(heard)}.`);
    },
  },
  {
    name: 'warns when it was asked for speakers and can tell none',
    safe: true,
    async run(subject) {
      if (subject.provider.limits.speakers) throw new CheckSkipped('it can tell speakers');
      const request = { ...subject.speech.request, language: subject.language, speakers: 'auto' as const };
      const { warnings } = await subject.provider.transcribe(request, never);
      claim(
        warnings.some((warning) => /speaker/i.test(warning)),
        'It says nothing about it.',
      );
    },
  },
  {
    name: 'refuses a language it does not know, by name',
    safe: true,
    async run(subject) {
      const language = subject.unknownLanguage;
      if (language === undefined) throw new CheckSkipped('it knows any language');
      const work = subject.provider.transcribe({ ...subject.speech.request, language }, never);
      const error = await expectError(work, ['PROVIDER_UNSUPPORTED'], `speech in ${language}`);
      claim(error.message.includes(language), `The error does not name ${language}: ${error.message}`);
    },
  },
  {
    name: 'refuses sound that is not there',
    safe: false,
    async run(subject) {
      const { audio } = subject.speech.request;
      if (!audio) throw new CheckSkipped('it reads no sound');
      const request = { ...subject.speech.request, audio: { ...audio, path: `${audio.path}.gone` } };
      const work = subject.provider.transcribe({ ...request, language: subject.language }, never);
      await expectError(work, ['INPUT_UNREADABLE', 'PROVIDER_REFUSED'], 'a path without a file');
    },
  },
  {
    name: 'does not mix two calls at once',
    safe: true,
    async run(subject) {
      const [one, two] = await Promise.all([listen(subject, subject.speech), listen(subject, subject.otherSpeech)]);
      for (const [reply, mine, other] of [
        [one, subject.speech, subject.otherSpeech],
        [two, subject.otherSpeech, subject.speech],
      ] as const) {
        const own = recallOf(reply.transcript.segments, mine.words);
        const others = recallOf(reply.transcript.segments, other.words);
        claim(own > others, `A call heard ${percent(others)} of the other's words and ${percent(own)} of its own.`);
      }
    },
  },
  {
    name: 'takes a reply that breaks off for an error, not for a short transcript',
    safe: false,
    run: (subject) => endsAt(subject, 'cut', ['PROVIDER_BAD_REPLY', 'PROVIDER_UNREACHABLE', 'INPUT_UNREADABLE']),
  },
  {
    name: 'takes an empty reply for an error',
    safe: false,
    run: (subject) => endsAt(subject, 'empty', ['PROVIDER_BAD_REPLY', 'INPUT_UNREADABLE']),
  },
  {
    name: 'takes a reply of another form for an error',
    safe: false,
    run: (subject) => endsAt(subject, 'garbage', ['PROVIDER_BAD_REPLY', 'INPUT_UNREADABLE']),
  },
  ...faultChecks(transcribeSpeech),
];

function endsAt(subject: AsrSubject, fault: Fault, codes: Parameters<typeof expectError>[1]): Promise<void> {
  return expectFault(subject, fault, codes, (provider) => transcribeSpeech(subject, provider, never));
}

function transcribeSpeech(subject: AsrSubject, provider: AsrProvider, signal: AbortSignal): Promise<AsrReply> {
  return provider.transcribe({ ...subject.speech.request, language: subject.language }, signal);
}

function listen(subject: AsrSubject, sample: AsrSample): Promise<AsrReply> {
  return subject.provider.transcribe({ ...sample.request, language: subject.language }, never);
}

function checkTimes(segments: readonly Segment[], durationMs: number): void {
  let lastStart = 0;
  for (const segment of segments) {
    const { startMs, endMs, words, text } = segment;
    const where = `the segment ${JSON.stringify(text.slice(0, 30))} (${startMs} to ${endMs} ms)`;
    claim(Number.isInteger(startMs) && Number.isInteger(endMs), `${where} has no whole milliseconds.`);
    claim(
      startMs >= 0 && endMs > startMs && endMs <= durationMs + 100,
      `${where} leaves the sound of ${durationMs} ms.`,
    );
    claim(startMs >= lastStart, `${where} starts before the one before it.`);
    claim(text.trim() !== '', `${where} has no text.`);
    lastStart = startMs;
    let lastWord = startMs;
    for (const word of words) {
      claim(
        word.startMs >= lastWord && word.endMs > word.startMs && word.endMs <= endMs + 1,
        `${where}: the word ${word.text} (${word.startMs} to ${word.endMs} ms) is out of place.`,
      );
      lastWord = word.startMs;
    }
  }
}

/** Share of the expected words that were heard, each counted as often as it comes. */
function recallOf(segments: readonly Segment[], expected: readonly string[]): number {
  const heard = segments.flatMap((segment) => segment.text.toLowerCase().match(/[\p{L}\p{N}'’]+/gu) ?? []);
  let found = 0;
  for (const word of expected) {
    const at = heard.indexOf(word);
    if (at < 0) continue;
    heard.splice(at, 1);
    found++;
  }
  return expected.length === 0 ? 1 : found / expected.length;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
