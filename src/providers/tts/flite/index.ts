import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { primaryLanguage } from '../../../domain/language.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { detectEngine, type EngineProbe, engineVersionNow } from '../../vendors/local/detect.js';
import { runEngine } from '../../vendors/local/engine.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import { withScratchFolder } from '../../vendors/local/scratch.js';
import { SharedAnswer } from '../../vendors/local/shared.js';
import { readOutput, textToSpeak, unknownVoice, unspokenLanguage } from '../../vendors/local/speech.js';
import { checkSpeech } from '../../vendors/local/wave.js';
import type { TtsProvider, TtsRequest, Voice } from '../contract.js';
import { toPlainText } from './text.js';

const name = 'flite';

const fliteOptions = z.strictObject({
  /** Program name or path. */
  binary: z.string().min(1).default('flite'),
  /** How much longer than natural it speaks: 0.8 is faster. */
  stretch: z.number().min(0.5).max(2).default(1),
  timeoutMs: z.number().int().positive().default(60_000),
});

type FliteOptions = z.output<typeof fliteOptions>;

const genders: Readonly<Record<string, Voice['gender']>> = {
  slt: 'female',
  rms: 'male',
  awb: 'male',
  kal16: 'male',
  kal: 'male',
};

/** Best first. `kal` is 8 kHz and so last; `awb_time` can only tell the time and is never offered. */
const order = ['slt', 'rms', 'awb', 'kal16', 'kal'];

/** flite 2: English only, 16 kHz mono. */
export const flite = defineProvider({
  kind: 'tts',
  name,
  summary: 'flite: English only, plain but clear, on this machine',
  options: fliteOptions,
  create: (options, tools): TtsProvider => new Flite(options, tools.scratch),
});

class Flite implements TtsProvider {
  readonly limits = { maxChars: 5000, languages: ['en'], concurrency: 2, rate: { min: 0.5, max: 2 } } as const;
  private readonly probe: EngineProbe;
  private readonly names = new SharedAnswer((signal) => this.askVoiceNames(signal));

  constructor(
    private readonly options: FliteOptions,
    private readonly scratch: string,
  ) {
    const version = (printed: string) => /version: flite-(\d[\w.]*)/.exec(printed)?.[1];
    this.probe = { name, program: options.binary, args: ['--version'], version };
  }

  ready(signal: AbortSignal) {
    return readinessOf(async () => `flite ${await detectEngine(this.probe, signal)}`);
  }

  async voices(language: string | undefined, signal: AbortSignal): Promise<readonly Voice[]> {
    if (language !== undefined && primaryLanguage(language) !== 'en') return [];
    const names = await this.names.get(signal);
    return names.map((voice) => ({
      name: voice,
      languages: ['en'],
      gender: genders[voice],
      note: voice === 'kal' ? '8 kHz' : undefined,
    }));
  }

  fingerprint() {
    return { version: engineVersionNow(this.probe), stretch: this.options.stretch };
  }

  async synthesize(request: TtsRequest, signal: AbortSignal) {
    const spoken = toPlainText(textToSpeak({ engine: name, text: request.text, maxChars: this.limits.maxChars }));
    if (primaryLanguage(request.language) !== 'en') throw unspokenLanguage(name, request.language, ['en']);
    const text = textToSpeak({ engine: name, text: spoken.text, maxChars: Number.POSITIVE_INFINITY });
    const known = await this.names.get(signal);
    // flite takes its default voice for an unknown one without a word.
    if (!known.includes(request.voice)) throw unknownVoice(name, request.voice, known);
    const audio = await withScratchFolder(this.scratch, signal, (folder) => this.speak(folder, text, request, signal));
    checkSpeech(audio, text, name);
    const dropped = `flite reads English letters only and left out: ${spoken.dropped.join(' ')}`;
    return { ...noNotes, audio: audio!, mediaType: 'audio/wav', warnings: spoken.dropped.length > 0 ? [dropped] : [] };
  }

  private async speak(folder: string, text: string, { voice, rate = 1 }: TtsRequest, signal: AbortSignal) {
    const textPath = join(folder, 'text.txt');
    const wavePath = join(folder, 'speech.wav');
    await writeFile(textPath, text);
    const stretch = `duration_stretch=${(this.options.stretch / rate).toFixed(3)}`;
    await runEngine(this.run(['-voice', voice, '--setf', stretch, '-f', textPath, '-o', wavePath]), signal);
    return readOutput(wavePath);
  }

  private run(args: readonly string[]) {
    return { name, program: this.options.binary, args, timeoutMs: this.options.timeoutMs };
  }

  private async askVoiceNames(signal: AbortSignal): Promise<string[]> {
    const { stdout } = await runEngine(this.run(['-lv']), signal);
    const listed = /Voices available:(.*)/.exec(stdout.toString('utf8'))?.[1]?.trim().split(/\s+/) ?? [];
    const usable = listed.filter((voice) => voice !== 'awb_time');
    const place = (voice: string) => (order.includes(voice) ? order.indexOf(voice) : order.length);
    return usable.sort((a, b) => place(a) - place(b));
  }
}
