import { statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { sameLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
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
import { piperVoices, readPiperModel } from './model.js';
import { type PiperCall, type PiperDialect, piperArguments, readDialect } from './program.js';

const name = 'piper';

const piperOptions = z.strictObject({
  /** Path of the voice, `VOICE.onnx`. */
  model: z.string().min(1),
  /** Path of its description; `VOICE.onnx.json` beside it when left out. */
  config: z.string().min(1).optional(),
  /** Program name or path. */
  binary: z.string().min(1).default('piper'),
  /** 1.25 is slower; 0.7 to 1.4 stays natural. The voice's own when left out. */
  lengthScale: z.number().min(0.5).max(2).optional(),
  timeoutMs: z.number().int().positive().default(120_000),
});

/** Rates at which piper's voices still sound like themselves: length scales 1.4 to 0.7. */
const naturalRates = { min: 0.72, max: 1.4 };

type PiperOptions = z.output<typeof piperOptions>;

/** Piper, the older C++ program or the newer `piper-tts`, with one voice file that the user names. */
export const piper = defineProvider({
  kind: 'tts',
  name,
  summary: 'piper: natural voices from a file you name, on this machine',
  options: piperOptions,
  modelOption: 'model',
  create: (options, tools): TtsProvider => new Piper(options, tools.scratch),
});

class Piper implements TtsProvider {
  readonly limits: TtsLimits = { maxChars: 5000, languages: 'any', concurrency: 1, rate: naturalRates };
  private readonly probe: EngineProbe;
  private readonly modelPath: string;
  private readonly configPath: string;
  private readonly model = new SharedAnswer(() => this.readModel());

  constructor(
    private readonly options: PiperOptions,
    private readonly scratch: string,
  ) {
    this.modelPath = resolve(options.model);
    this.configPath = options.config === undefined ? `${this.modelPath}.json` : resolve(options.config);
    this.probe = { name, program: options.binary, args: ['--help'], version: readDialect };
  }

  ready(signal: AbortSignal) {
    return readinessOf(async () => {
      const [dialect, model] = await Promise.all([detectEngine(this.probe, signal), this.model.get(signal)]);
      const speakers = model.speakers.size === 1 ? '' : `, ${model.speakers.size} speakers`;
      return `piper (${dialect}) with ${basename(this.modelPath)}, ${model.language}${speakers}`;
    });
  }

  async voices(language: string | undefined, signal: AbortSignal): Promise<readonly Voice[]> {
    const model = await this.model.get(signal);
    return language === undefined || sameLanguage(model.language, language) ? piperVoices(model) : [];
  }

  fingerprint() {
    const { size, mtimeMs } = statSync(this.modelPath, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 };
    return {
      version: engineVersionNow(this.probe),
      model: basename(this.modelPath),
      size,
      changed: Math.round(mtimeMs),
      lengthScale: this.options.lengthScale ?? 'own',
    };
  }

  async synthesize(request: TtsRequest, signal: AbortSignal) {
    const text = textToSpeak({ engine: name, text: request.text, maxChars: this.limits.maxChars });
    const model = await this.model.get(signal);
    if (!sameLanguage(model.language, request.language)) {
      throw unspokenLanguage(`piper with ${basename(this.modelPath)}`, request.language, [model.language]);
    }
    if (!model.speakers.has(request.voice)) throw unknownVoice(name, request.voice, [...model.speakers.keys()]);
    const speaker = model.speakers.get(request.voice);
    const lengthScale = this.scaleFor(request.rate, model.lengthScale);
    const audio = await withScratchFolder(this.scratch, signal, (folder) =>
      this.speak(folder, text, { speaker, lengthScale }, signal),
    );
    const { sampleRate } = checkSpeech(audio, text, name);
    const other = `piper wrote ${sampleRate} Hz where its description says ${model.sampleRate} Hz.`;
    return {
      ...noNotes,
      audio: audio!,
      mediaType: 'audio/wav',
      warnings: sampleRate === model.sampleRate ? [] : [other],
    };
  }

  /** The scale is the rate's inverse; at the natural rate the voice keeps its own. */
  private scaleFor(rate: number | undefined, own: number): number | undefined {
    const { lengthScale } = this.options;
    if (rate === undefined || rate === 1) return lengthScale;
    return Math.round(((lengthScale ?? own) / rate) * 1000) / 1000;
  }

  private async speak(
    folder: string,
    text: string,
    { speaker, lengthScale }: Pick<PiperCall, 'speaker' | 'lengthScale'>,
    signal: AbortSignal,
  ) {
    const dialect = (await detectEngine(this.probe, signal)) as PiperDialect;
    const outputPath = join(folder, 'speech.wav');
    const { modelPath, configPath } = this;
    const args = piperArguments(dialect, {
      modelPath,
      configPath,
      outputPath,
      speaker,
      lengthScale,
    });
    const { binary: program, timeoutMs } = this.options;
    await runEngine({ name, program, args, input: `${text}\n`, timeoutMs }, signal);
    return readOutput(outputPath);
  }

  private async readModel() {
    try {
      await access(this.modelPath);
    } catch (cause) {
      throw new DubError('ENGINE_MISSING', `The piper voice ${this.modelPath} is not there.`, {
        hint: 'Name a downloaded voice: `--tts piper:/path/to/VOICE.onnx`, with `VOICE.onnx.json` beside it.',
        cause,
      });
    }
    return readPiperModel(this.modelPath, this.configPath);
  }
}
