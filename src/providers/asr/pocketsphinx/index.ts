import { z } from 'zod';
import { primaryLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { detectEngine, type EngineProbe } from '../../vendors/local/detect.js';
import { runEngine } from '../../vendors/local/engine.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import { requireSpeechWave } from '../../vendors/local/wave.js';
import type { AsrProvider, AsrReply, AsrRequest } from '../contract.js';
import { readTokenJson, readTokenLines } from './lines.js';

const name = 'pocketsphinx';

const pocketsphinxOptions = z.strictObject({
  /** Program name or path; `pocketsphinx_continuous`, then `pocketsphinx`, when left out. */
  binary: z.string().min(1).optional(),
  /** Twenty times the length of the audio, at least two minutes, when left out. */
  timeoutMs: z.number().int().positive().optional(),
});

type PocketsphinxOptions = z.output<typeof pocketsphinxOptions>;

/** pocketsphinx: English, for rehearsals and tests (28 to 55 % of the words are wrong). */
export const pocketsphinx = defineProvider({
  kind: 'asr',
  name,
  summary: 'pocketsphinx: English only, rough, for rehearsals, on this machine',
  options: pocketsphinxOptions,
  create: (options): AsrProvider => new Pocketsphinx(options),
});

/** Debian's 5prealpha has `pocketsphinx_continuous`, version 5 `pocketsphinx single`. */
type Generation = '5prealpha' | '5';

class Pocketsphinx implements AsrProvider {
  readonly limits = {
    languages: ['en'],
    needsUrl: false,
    times: 'word',
    speakers: false,
    detectsLanguage: false,
    needsAudio: true,
    // Both programs read WAV only, and take FLAC for noise without an error.
    audioFormat: 'wav',
  } as const;

  constructor(private readonly options: PocketsphinxOptions) {}

  ready(signal: AbortSignal) {
    return readinessOf(async () => {
      const { program, generation } = await this.find(signal);
      return `pocketsphinx ${generation} as \`${program}\``;
    });
  }

  async transcribe(request: AsrRequest, signal: AbortSignal): Promise<AsrReply> {
    const language = request.language ?? 'en';
    if (primaryLanguage(language) !== 'en') throw unsupportedLanguage(language);
    const audio = request.audio;
    if (!audio) throw new Error('pocketsphinx was asked to transcribe without audio');
    // At another rate it hears garbage and does not say so.
    await requireSpeechWave(audio.path, name);
    const { program, generation } = await this.find(signal);
    const args = generation === '5' ? ['single', audio.path] : ['-infile', audio.path, '-time', 'yes'];
    const timeoutMs = this.options.timeoutMs ?? Math.max(120_000, audio.durationMs * 20);
    const output = await runEngine({ name, program, args, timeoutMs }, signal);
    const printed = output.stdout.toString('utf8');
    const segments = generation === '5' ? readTokenJson(printed) : readTokenLines(printed);
    if (!segments) throw badReply(printed);
    const unheard = 'pocketsphinx cannot tell speakers apart: all lines are one speaker’s.';
    const warnings = request.speakers === undefined ? [] : [unheard];
    return { ...noNotes, warnings, transcript: { language, segments } };
  }

  private async find(signal: AbortSignal): Promise<{ program: string; generation: Generation }> {
    const { binary } = this.options;
    const programs = binary === undefined ? ['pocketsphinx_continuous', 'pocketsphinx'] : [binary];
    let missing: unknown;
    for (const program of programs) {
      for (const probe of probesFor(program)) {
        try {
          return { program, generation: (await detectEngine(probe, signal)) as Generation };
        } catch (error) {
          if (!(error instanceof DubError) || error.code !== 'ENGINE_MISSING') throw error;
          missing ??= error;
        }
      }
    }
    throw missing;
  }
}

/** Neither program has a version option. The old one explains itself without arguments, the new one knows `soxflags`. */
function probesFor(program: string): EngineProbe[] {
  const old = (printed: string) => (printed.includes("Specify '-infile <file.wav>'") ? '5prealpha' : undefined);
  const recent = (printed: string) => (/-r \d+ -c 1 -b 16/.test(printed) ? '5' : undefined);
  const asOld = { name, program, args: [], version: old };
  const asRecent = { name, program, args: ['soxflags'], version: recent };
  return program.endsWith('pocketsphinx_continuous') ? [asOld] : [asRecent, asOld];
}

function unsupportedLanguage(language: string): DubError {
  return new DubError(
    'PROVIDER_UNSUPPORTED',
    `pocketsphinx does not recognise ${language}; it knows English (en) only.`,
    {
      hint: 'Choose another recogniser with --asr, or hand in the text with --script.',
    },
  );
}

function badReply(printed: string): DubError {
  const shown = JSON.stringify(printed.trim().slice(-120));
  return new DubError('PROVIDER_BAD_REPLY', `What pocketsphinx printed breaks off or is something else: …${shown}.`, {
    hint: 'Check with `dub doctor` that the program is pocketsphinx; the same command goes on from here.',
  });
}
