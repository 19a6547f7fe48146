import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseLanguage, primaryLanguage, sameLanguage } from '../../../domain/language.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { engineVersionNow } from '../../vendors/local/detect.js';
import { runEngine } from '../../vendors/local/engine.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import { withScratchFolder } from '../../vendors/local/scratch.js';
import { SharedAnswer } from '../../vendors/local/shared.js';
import { readOutput, textToSpeak, unknownVoice, unspokenLanguage } from '../../vendors/local/speech.js';
import { checkSpeech } from '../../vendors/local/wave.js';
import type { TtsLimits, TtsProvider, TtsRequest, Voice } from '../contract.js';
import { readVoiceList } from './voices.js';

const name = 'say';

/** Words per minute within which voices stay voices. */
const slowest = 80;
const fastest = 500;

const sayOptions = z.strictObject({
  /** Program name or path. */
  binary: z.string().min(1).default('say'),
  /** Words per minute; the voice's own when left out. */
  rate: z.number().int().min(slowest).max(fastest).optional(),
  timeoutMs: z.number().int().positive().default(60_000),
});

type SayOptions = z.output<typeof sayOptions>;

/** The voices of macOS, 22 050 Hz mono. */
export const say = defineProvider({
  kind: 'tts',
  name,
  summary: 'say: the voices of macOS, on this machine',
  options: sayOptions,
  create: (options, tools): TtsProvider => new Say(options, tools.scratch),
});

class Say implements TtsProvider {
  readonly limits: TtsLimits;
  private readonly list = new SharedAnswer((signal) => this.askVoices(signal));

  constructor(
    private readonly options: SayOptions,
    private readonly scratch: string,
  ) {
    // Relative to a voice's own rate nothing can be asked: say does not tell it.
    const rate = options.rate === undefined ? undefined : { min: slowest / options.rate, max: fastest / options.rate };
    this.limits = { maxChars: 5000, languages: 'any', concurrency: 2, rate };
  }

  ready(signal: AbortSignal) {
    return readinessOf(async () => `say with ${(await this.list.get(signal)).length} voices`);
  }

  async voices(language: string | undefined, signal: AbortSignal): Promise<readonly Voice[]> {
    const all = await this.list.get(signal);
    if (language === undefined) return all;
    const wanted = parseLanguage(language) ?? language;
    const region = (voice: Voice) => (voice.languages.includes(wanted) ? 0 : 1);
    const fitting = all.filter((voice) => voice.languages.some((tag) => sameLanguage(tag, wanted)));
    return fitting.sort((a, b) => region(a) - region(b));
  }

  fingerprint() {
    // say has no version of its own: its voices come and change with macOS.
    const system = { name: 'macOS', program: 'sw_vers', args: ['-productVersion'] };
    const version = engineVersionNow({ ...system, version: (printed) => /\d+(\.\d+)*/.exec(printed)?.[0] });
    return { version, rate: this.options.rate ?? 'own' };
  }

  async synthesize(request: TtsRequest, signal: AbortSignal) {
    const text = textToSpeak({ engine: name, text: request.text, maxChars: this.limits.maxChars });
    const warnings = await this.checkVoice(request, signal);
    const audio = await withScratchFolder(this.scratch, signal, (folder) => this.speak(folder, text, request, signal));
    checkSpeech(audio, text, name);
    return { ...noNotes, audio: audio!, mediaType: 'audio/wav', warnings };
  }

  // From a file: with a terminal as input say speaks line by line and keeps only the last. Without a data format the
  // output file cannot be opened.
  private async speak(folder: string, text: string, { voice, rate: faster = 1 }: TtsRequest, signal: AbortSignal) {
    const textPath = join(folder, 'text.txt');
    const wavePath = join(folder, 'speech.wav');
    await writeFile(textPath, text);
    const own = this.options.rate;
    const rate =
      own === undefined ? [] : ['-r', String(Math.min(fastest, Math.max(slowest, Math.round(own * faster))))];
    const format = ['--file-format=WAVE', '--data-format=LEI16@22050'];
    await runEngine(this.run(['-v', voice, ...rate, '-o', wavePath, ...format, '-f', textPath]), signal);
    return readOutput(wavePath);
  }

  private async checkVoice(request: { language: string; voice: string }, signal: AbortSignal): Promise<string[]> {
    const fitting = await this.voices(request.language, signal);
    const all = await this.list.get(signal);
    if (fitting.length === 0) {
      const spoken = new Set(all.flatMap((voice) => voice.languages.map(primaryLanguage)));
      throw unspokenLanguage(name, request.language, [...spoken].sort());
    }
    if (!all.some((voice) => voice.name === request.voice)) {
      throw unknownVoice(
        name,
        request.voice,
        fitting.map((voice) => voice.name),
      );
    }
    const speaks = fitting.some((voice) => voice.name === request.voice);
    return speaks ? [] : [`The say voice ${request.voice} is not one for ${request.language}.`];
  }

  private run(args: readonly string[]) {
    return { name, program: this.options.binary, args, timeoutMs: this.options.timeoutMs };
  }

  private async askVoices(signal: AbortSignal): Promise<Voice[]> {
    const { stdout } = await runEngine({ ...this.run(['-v', '?']), timeoutMs: 10_000 }, signal);
    return readVoiceList(stdout.toString('utf8'));
  }
}
