import { join } from 'node:path';
import { z } from 'zod';
import { parseLanguage, primaryLanguage } from '../../../domain/language.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { detectEngine, type EngineProbe, engineVersionNow } from '../../vendors/local/detect.js';
import { runEngine } from '../../vendors/local/engine.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import { withScratchFolder } from '../../vendors/local/scratch.js';
import { SharedAnswer } from '../../vendors/local/shared.js';
import { readOutput, textToSpeak, unknownVoice, unspokenLanguage } from '../../vendors/local/speech.js';
import { checkSpeech } from '../../vendors/local/wave.js';
import type { TtsLimits, TtsProvider, TtsRequest, Voice } from '../contract.js';
import { type EspeakVoice, offerVoices, readVariantTable, readVoiceTable } from './voices.js';

const name = 'espeak-ng';

/** Words per minute that espeak-ng takes. */
const slowest = 80;
const fastest = 450;

const espeakOptions = z.strictObject({
  /** Program name or path. */
  binary: z.string().min(1).default('espeak-ng'),
  /** Words per minute; espeak-ng's own default is 175. */
  rate: z.number().int().min(slowest).max(fastest).default(175),
  pitch: z.number().int().min(0).max(99).default(50),
  timeoutMs: z.number().int().positive().default(60_000),
});

type EspeakOptions = z.output<typeof espeakOptions>;

/** espeak-ng 1.51 and newer: over a hundred languages, robotic, 22 050 Hz mono. */
export const espeakNg = defineProvider({
  kind: 'tts',
  name,
  summary: 'espeak-ng: over 100 languages, robotic, on this machine',
  options: espeakOptions,
  create: (options, tools): TtsProvider => new EspeakNg(options, tools.scratch),
});

class EspeakNg implements TtsProvider {
  readonly limits: TtsLimits;
  private readonly probe: EngineProbe;
  private readonly tables = new SharedAnswer((signal) => this.askTables(signal));

  constructor(
    private readonly options: EspeakOptions,
    private readonly scratch: string,
  ) {
    const rate = { min: slowest / options.rate, max: fastest / options.rate };
    this.limits = { maxChars: 5000, languages: 'any', concurrency: 2, rate };
    const version = (printed: string) => /eSpeak NG text-to-speech: (\S+)/.exec(printed)?.[1];
    this.probe = { name, program: options.binary, args: ['--version'], version };
  }

  ready(signal: AbortSignal) {
    return readinessOf(async () => `espeak-ng ${await detectEngine(this.probe, signal)}`);
  }

  async voices(language: string | undefined, signal: AbortSignal): Promise<readonly Voice[]> {
    const { voices, variants } = await this.tables.get(signal);
    return offerVoices(voices, variants, language);
  }

  fingerprint() {
    const { rate, pitch } = this.options;
    return { version: engineVersionNow(this.probe), rate, pitch };
  }

  async synthesize(request: TtsRequest, signal: AbortSignal) {
    const text = textToSpeak({ engine: name, text: request.text, maxChars: this.limits.maxChars });
    const warnings = await this.checkVoice(request, signal);
    const audio = await withScratchFolder(this.scratch, signal, async (folder) => {
      const path = join(folder, 'speech.wav');
      await runEngine(
        this.run(['-v', request.voice, '-w', path, ...this.manner(request.rate), '--stdin'], text),
        signal,
      );
      return readOutput(path);
    });
    checkSpeech(audio, text, name);
    return { ...noNotes, audio: audio!, mediaType: 'audio/wav', warnings };
  }

  // -b 1 is UTF-8, -z leaves out the final pause. No -m: tags in the text are text.
  private manner(faster = 1): string[] {
    const rate = Math.min(fastest, Math.max(slowest, Math.round(this.options.rate * faster)));
    return ['-s', String(rate), '-p', String(this.options.pitch), '-b', '1', '-z'];
  }

  private run(args: readonly string[], input = '') {
    return { name, program: this.options.binary, args, input, timeoutMs: this.options.timeoutMs };
  }

  /** espeak-ng speaks an unknown variant as its base voice without a word, so both halves are looked up. */
  private async checkVoice(request: { language: string; voice: string }, signal: AbortSignal): Promise<string[]> {
    const { voices, variants } = await this.tables.get(signal);
    const fitting = offerVoices(voices, variants, request.language);
    if (fitting.length === 0) {
      const spoken = new Set(voices.map((voice) => primaryLanguage(parseLanguage(voice.name) ?? voice.name)));
      throw unspokenLanguage(name, request.language, [...spoken].sort());
    }
    const [base, variant, ...rest] = request.voice.split('+');
    const known = voices.some((voice) => voice.name === base) && (variant === undefined || variants.has(variant));
    if (!known || rest.length > 0)
      throw unknownVoice(
        name,
        request.voice,
        fitting.map((voice) => voice.name),
      );
    const speaks = fitting.some((voice) => voice.name === base);
    return speaks ? [] : [`The espeak-ng voice ${request.voice} is not one for ${request.language}.`];
  }

  private async askTables(signal: AbortSignal): Promise<{ voices: EspeakVoice[]; variants: Set<string> }> {
    const [voices, variants] = await Promise.all([
      runEngine(this.run(['--voices']), signal),
      runEngine(this.run(['--voices=variant']), signal),
    ]);
    return {
      voices: readVoiceTable(voices.stdout.toString('utf8')),
      variants: readVariantTable(variants.stdout.toString('utf8')),
    };
  }
}
