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
import type { TtsProvider, TtsReply } from './contract.js';

/** What a decoder finds in a take. */
export interface DecodedSpeech {
  readonly durationMs: number;
  /** Largest absolute sample, 0…1. */
  readonly peak: number;
}

/** A tts provider under test. */
export interface TtsSubject extends FaultHooks<TtsProvider> {
  readonly provider: TtsProvider;
  /** BCP 47 of a language it speaks, and two texts in it; the long one takes at least twice as long to say. */
  readonly language: string;
  readonly shortText: string;
  readonly longText: string;
  /** A language it does not speak; undefined when it speaks any. */
  readonly unspokenLanguage?: string | undefined;
  /** Decodes as the pipeline will, with ffmpeg. */
  decode(audio: Uint8Array, mediaType: string): Promise<DecodedSpeech>;
}

const never = new AbortController().signal;

/** What every tts provider must keep. */
export const ttsConformance: readonly Check<TtsSubject>[] = [
  ...readinessChecks<TtsProvider>(),
  {
    name: 'states limits that can be used',
    safe: true,
    async run({ provider, language }) {
      const { maxChars, concurrency, languages } = provider.limits;
      claim(Number.isInteger(maxChars) && maxChars > 0, `maxChars is ${maxChars}.`);
      claim(Number.isInteger(concurrency) && concurrency > 0, `concurrency is ${concurrency}.`);
      const primary = language.split('-')[0]!;
      claim(languages === 'any' || languages.includes(primary), `languages leaves out ${primary}.`);
    },
  },
  {
    name: 'lists voices for a language it speaks, each once and among all voices',
    safe: true,
    async run({ provider, language }) {
      const voices = (await provider.voices(language, never)).map((voice) => voice.name);
      claim(voices.length > 0, `It lists no voice for ${language}.`);
      claim(new Set(voices).size === voices.length, 'A voice is listed twice.');
      const all = new Set((await provider.voices(undefined, never)).map((voice) => voice.name));
      const missing = voices.find((voice) => !all.has(voice));
      claim(missing === undefined, `${missing} is not among all voices.`);
    },
  },
  {
    name: 'lists no voice for a language it does not speak, and refuses it by name',
    safe: true,
    async run(subject) {
      const language = subject.unspokenLanguage;
      if (language === undefined) throw new CheckSkipped('it speaks any language');
      const listed = await subject.provider.voices(language, never);
      claim(listed.length === 0, `It lists ${listed[0]?.name} for ${language}.`);
      const request = { text: subject.shortText, language, voice: await firstVoice(subject) };
      const error = await expectError(
        subject.provider.synthesize(request, never),
        ['PROVIDER_UNSUPPORTED'],
        `text in ${language}`,
      );
      claim(error.message.includes(language), `The error does not name ${language}: ${error.message}`);
    },
  },
  {
    name: 'fingerprints what shapes the sound, the same every time',
    safe: true,
    async run({ provider }) {
      const [first, second] = [JSON.stringify(provider.fingerprint()), JSON.stringify(provider.fingerprint())];
      claim(first === second, `The fingerprint changes: ${first}, ${second}`);
      await provider.ready(never);
      claim(
        first === JSON.stringify(provider.fingerprint()),
        'The fingerprint depends on whether it was asked if ready.',
      );
    },
  },
  {
    name: 'gives audio that decodes and is not empty',
    safe: true,
    async run(subject) {
      const { durationMs, peak } = await speak(subject, subject.shortText);
      claim(durationMs >= 100, `The take is ${durationMs} ms long.`);
      claim(peak >= 0.01, `The take's peak is ${peak}: silence.`);
    },
  },
  {
    name: 'speaks faster when it is asked to, where it says that it can',
    safe: true,
    async run(subject) {
      const most = subject.provider.limits.rate?.max;
      if (most === undefined || most < 1.1) return;
      const rate = Math.min(1.25, most);
      const plain = await speak(subject, subject.longText);
      const faster = await speak(subject, subject.longText, rate);
      // Pauses and silence at the ends may stay as they are.
      const times = plain.durationMs / faster.durationMs;
      claim(times > 1 + (rate - 1) * 0.5, `Asked for ${rate}, it was ${times.toFixed(2)} times as fast.`);
      claim(times < 1 + (rate - 1) * 1.5, `Asked for ${rate}, it was ${times.toFixed(2)} times as fast.`);
    },
  },
  {
    name: 'speaks text that looks like options, markup and commands',
    safe: false,
    async run(subject) {
      const { shortText } = subject;
      const plain = await speak(subject, shortText);
      const odd = [
        `-- ${shortText}`,
        `-w ${shortText}`,
        `"${shortText}" 'x'`,
        `<b>${shortText}</b>`,
        `[[${shortText}]]`,
      ];
      for (const text of [
        ...odd,
        `${shortText}\n\n${shortText}`,
        `\u0000\u0007${shortText}\u001b[31m`,
        `${shortText} 😀`,
      ]) {
        const { durationMs } = await speak(subject, text);
        const least = plain.durationMs * 0.6;
        claim(
          durationMs >= least,
          `${JSON.stringify(text)} gave ${durationMs} ms where ${Math.round(least)} were due.`,
        );
      }
    },
  },
  {
    name: 'refuses text over its limit, unsent',
    safe: true,
    async run(subject) {
      const text = `${subject.shortText} `
        .repeat(subject.provider.limits.maxChars)
        .slice(0, subject.provider.limits.maxChars + 1);
      const request = { text, language: subject.language, voice: await firstVoice(subject) };
      const error = await expectError(
        subject.provider.synthesize(request, never),
        ['PROVIDER_UNSUPPORTED'],
        'text over the limit',
      );
      const limit = String(subject.provider.limits.maxChars);
      claim(error.message.includes(limit), `The error does not name the limit ${limit}: ${error.message}`);
      const watched = await subject.failing?.('refuse');
      if (!watched?.requests) return;
      const before = await watched.requests();
      await watched.provider.synthesize(request, never).catch(() => {});
      claim((await watched.requests()) === before, 'The text was sent all the same.');
    },
  },
  {
    name: 'refuses text without a word in it',
    safe: true,
    async run(subject) {
      const voice = await firstVoice(subject);
      for (const text of ['', ' \n\t', '…']) {
        const work = subject.provider.synthesize({ text, language: subject.language, voice }, never);
        await expectError(work, ['PROVIDER_REFUSED', 'PROVIDER_UNSUPPORTED'], `the text ${JSON.stringify(text)}`);
      }
    },
  },
  {
    name: 'lists the known voices when one is unknown',
    safe: true,
    async run(subject) {
      const known = await firstVoice(subject);
      const request = { text: subject.shortText, language: subject.language, voice: 'no-such-voice' };
      const work = subject.provider.synthesize(request, never);
      const error = await expectError(work, ['PROVIDER_UNSUPPORTED'], 'an unknown voice');
      claim(error.message.includes('no-such-voice'), `The error does not name the voice: ${error.message}`);
      claim(`${error.message} ${error.hint}`.includes(known), `The error does not list ${known}: ${error.message}`);
    },
  },
  {
    name: 'does not mix two calls at once',
    safe: true,
    async run(subject) {
      const { shortText, longText } = subject;
      const alone = [await speak(subject, shortText), await speak(subject, longText)];
      claim(alone[1]!.durationMs >= 2 * alone[0]!.durationMs, 'The long text is not twice as long as the short one.');
      const together = await Promise.all([
        speak(subject, shortText),
        speak(subject, longText),
        speak(subject, shortText),
      ]);
      for (const [index, like] of [alone[0]!, alone[1]!, alone[0]!].entries()) {
        const ratio = together[index]!.durationMs / like.durationMs;
        claim(ratio > 0.6 && ratio < 1.5, `Call ${index + 1} took ${ratio.toFixed(2)} of its length alone.`);
      }
    },
  },
  {
    name: 'takes sound that is cut short for an error, not for a short take',
    safe: false,
    run: (subject) => endsAt(subject, 'cut', ['PROVIDER_BAD_REPLY', 'PROVIDER_UNREACHABLE']),
  },
  {
    name: 'takes an empty answer for an error',
    safe: false,
    run: (subject) => endsAt(subject, 'empty', ['PROVIDER_BAD_REPLY']),
  },
  {
    name: 'takes silence for an error',
    safe: false,
    run: (subject) => endsAt(subject, 'silent', ['PROVIDER_BAD_REPLY']),
  },
  {
    name: 'takes an answer of another form for an error',
    safe: false,
    run: (subject) => endsAt(subject, 'garbage', ['PROVIDER_BAD_REPLY']),
  },
  ...faultChecks(synthesizeShort),
];

function endsAt(subject: TtsSubject, fault: Fault, codes: Parameters<typeof expectError>[1]): Promise<void> {
  return expectFault(subject, fault, codes, (provider) => synthesizeShort(subject, provider, never));
}

async function speak(subject: TtsSubject, text: string, rate?: number): Promise<DecodedSpeech> {
  const request = { text, language: subject.language, voice: await firstVoice(subject), rate };
  const reply: TtsReply = await subject.provider.synthesize(request, never);
  claim(reply.mediaType.startsWith('audio/'), `The media type is ${reply.mediaType}.`);
  claim(reply.audio.length > 0, 'There is no audio.');
  return subject.decode(reply.audio, reply.mediaType);
}

// The voice is looked up on the sound provider: a faulty one may not get as far as listing any.
async function synthesizeShort(subject: TtsSubject, provider: TtsProvider, signal: AbortSignal): Promise<TtsReply> {
  const { shortText: text, language } = subject;
  return provider.synthesize({ text, language, voice: await firstVoice(subject) }, signal);
}

async function firstVoice({ provider, language }: TtsSubject): Promise<string> {
  const [voice] = await provider.voices(language, never);
  claim(voice !== undefined, `It lists no voice for ${language}.`);
  return voice.name;
}
