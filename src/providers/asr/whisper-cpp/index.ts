import { access, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { parseLanguage, primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { detectEngine, type EngineProbe } from '../../vendors/local/detect.js';
import { runEngine } from '../../vendors/local/engine.js';
import { errnoOf } from '../../vendors/local/install.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import { withScratchFolder } from '../../vendors/local/scratch.js';
import { requireSpeechWave } from '../../vendors/local/wave.js';
import type { AsrLimits, AsrProvider, AsrReply, AsrRequest } from '../contract.js';
import { fromWhisperLanguage, toWhisperLanguage, whisperLanguages } from './languages.js';
import { whisperReply } from './wire.js';
import { readSegments } from './words.js';

const name = 'whisper-cpp';

const whisperOptions = z.strictObject({
  /** Path of the ggml model, e.g. `ggml-base.bin`; one named `….en.…` knows English only. */
  model: z.string().min(1),
  /** Program name or path; older builds call it `main`. */
  binary: z.string().min(1).default('whisper-cli'),
  threads: z.number().int().min(1).max(256).optional(),
  /** Thirty times the length of the audio, at least ten minutes, when left out: large models are slow without a GPU. */
  timeoutMs: z.number().int().positive().optional(),
});

type WhisperOptions = z.output<typeof whisperOptions>;

/** whisper.cpp by its command line program, with a model that the user names. */
export const whisperCpp = defineProvider({
  kind: 'asr',
  name,
  summary: 'whisper.cpp: about 100 languages, with a model file you name, on this machine',
  options: whisperOptions,
  modelOption: 'model',
  create: (options, tools): AsrProvider => new WhisperCpp(options, tools.scratch),
});

class WhisperCpp implements AsrProvider {
  readonly limits: AsrLimits;
  private readonly probe: EngineProbe;
  private readonly modelPath: string;
  private readonly englishOnly: boolean;

  constructor(
    private readonly options: WhisperOptions,
    private readonly scratch: string,
  ) {
    this.modelPath = resolve(options.model);
    this.englishOnly = /\.en[.-]/.test(basename(this.modelPath));
    this.limits = {
      languages: this.englishOnly ? ['en'] : whisperLanguages,
      needsUrl: false,
      times: 'word',
      speakers: false,
      detectsLanguage: !this.englishOnly,
      needsAudio: true,
      audioFormat: 'wav',
    };
    // There is no version option; the help names the one option this adapter cannot do without.
    const version = (printed: string) => (/--output-json-full|-ojf/.test(printed) ? 'found' : undefined);
    this.probe = { name: 'whisper-cli', program: options.binary, args: ['--help'], version };
  }

  ready(signal: AbortSignal) {
    return readinessOf(async () => {
      await Promise.all([detectEngine(this.probe, signal), this.requireModel()]);
      return `${this.options.binary} with ${basename(this.modelPath)}`;
    });
  }

  async transcribe(request: AsrRequest, signal: AbortSignal): Promise<AsrReply> {
    const asked = this.languageFor(request.language);
    const audio = request.audio;
    if (!audio) throw new Error('whisper-cpp was asked to transcribe without audio');
    await requireSpeechWave(audio.path, name);
    await this.requireModel();
    const written = await withScratchFolder(this.scratch, signal, (folder) => this.run(audio, asked, folder, signal));
    const { segments, silent } = readSegments(written.transcription);
    const heard = fromWhisperLanguage(written.result.language);
    const language = request.language ?? parseLanguage(heard);
    if (language === undefined) throw badReply(`names the language ${JSON.stringify(heard)}`);
    return { ...noNotes, warnings: warningsFor(request, silent), transcript: { language, segments } };
  }

  /** `auto` must be said: without `-l` whisper-cli takes everything for English. */
  private languageFor(language: string | undefined): string {
    if (language === undefined) return this.englishOnly ? 'en' : 'auto';
    const known = this.limits.languages.includes(primaryLanguage(language)) && toWhisperLanguage(language);
    if (known) return known;
    const knows = this.englishOnly ? 'English (en) only' : whisperLanguages.join(', ');
    const model = basename(this.modelPath);
    throw new DubError(
      'PROVIDER_UNSUPPORTED',
      `whisper-cpp with ${model} does not recognise ${language}; it knows ${knows}.`,
      {
        hint: 'Name another model with --asr whisper-cpp:MODEL, or hand in the text with --script.',
      },
    );
  }

  private async run(audio: NonNullable<AsrRequest['audio']>, language: string, folder: string, signal: AbortSignal) {
    const output = join(folder, 'reply');
    const { binary: program, threads } = this.options;
    const args = ['-m', this.modelPath, '-f', audio.path, '-l', language, '-ojf', '-of', output, '-np'];
    if (threads !== undefined) args.push('-t', String(threads));
    const timeoutMs = this.options.timeoutMs ?? Math.max(600_000, audio.durationMs * 30);
    const { stderr } = await runEngine({ name: 'whisper-cli', program, args, timeoutMs }, signal);
    return readReply(`${output}.json`, stderr);
  }

  private async requireModel(): Promise<void> {
    try {
      await access(this.modelPath);
    } catch (cause) {
      throw new DubError('ENGINE_MISSING', `The whisper.cpp model ${this.modelPath} is not there.`, {
        hint: 'Name a downloaded model: `--asr whisper-cpp:/path/to/ggml-base.bin`.',
        cause,
      });
    }
  }
}

/** whisper-cli ends with status 0 for an option it does not know or a value that is missing: only the file tells. */
async function readReply(path: string, stderr: string) {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause;
    const said = stderr === '' ? '' : `\n${stderr.split('\n').slice(-6).join('\n')}`;
    throw badReply(`ended well but wrote no result.${said}`, cause);
  }
  try {
    return whisperReply.parse(JSON.parse(text));
  } catch (cause) {
    const fault = text.trim() === '' ? 'an empty file' : 'a file that breaks off or has another form';
    throw badReply(`wrote ${fault} instead of its result.`, cause);
  }
}

function badReply(what: string, cause?: unknown): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `whisper-cli ${what}`, {
    hint: 'Check the program and the model with `dub doctor`; a whisper.cpp of late 2024 or newer is needed.',
    cause,
  });
}

function warningsFor(request: AsrRequest, silent: readonly string[]): string[] {
  const sounds = [...new Set(silent)].slice(0, 5).join(' ');
  const left = `whisper-cpp marked ${silent.length} stretches as sound without speech, left out: ${sounds}`;
  const speakers = 'whisper-cpp cannot tell speakers apart: all lines are one speaker’s.';
  return [...(silent.length > 0 ? [left] : []), ...(request.speakers === undefined ? [] : [speakers])];
}
