import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { parseLanguage } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import type { Voice } from '../contract.js';

/** The part of a piper voice's `.onnx.json` that is used. */
const piperConfig = z.object({
  audio: z.object({ sample_rate: z.number().int().positive() }),
  espeak: z.object({ voice: z.string() }).optional(),
  language: z.object({ code: z.string() }).optional(),
  inference: z.object({ length_scale: z.number().positive().default(1) }).optional(),
  num_speakers: z.number().int().positive().default(1),
  speaker_id_map: z.record(z.string(), z.number().int().min(0)).default({}),
});

/** A piper voice as its description says. */
export interface PiperModel {
  readonly sampleRate: number;
  readonly language: string;
  /** How slow the voice is by itself; 1 is usual. */
  readonly lengthScale: number;
  /** Voice name to the number `-s` takes; undefined for a model with one speaker. */
  readonly speakers: ReadonlyMap<string, number | undefined>;
}

/**
 * Reads a voice's description.
 * @throws ENGINE_MISSING when it cannot be read; PROVIDER_BAD_REPLY when it is not one
 */
export async function readPiperModel(modelPath: string, configPath: string): Promise<PiperModel> {
  const config = parseConfig(await readConfig(configPath), configPath);
  const stem = basename(modelPath).replace(/\.onnx$/, '');
  const tag = config.language?.code ?? config.espeak?.voice ?? stem.split('-')[0]!;
  const language = parseLanguage(tag);
  if (language === undefined) throw badConfig(configPath, `its language ${JSON.stringify(tag)} is none`);
  const lengthScale = config.inference?.length_scale ?? 1;
  return { sampleRate: config.audio.sample_rate, language, lengthScale, speakers: speakersOf(config, stem) };
}

/** The model's speakers as voices that can be cast. */
export function piperVoices(model: PiperModel): Voice[] {
  return [...model.speakers.keys()].map((name) => ({ name, languages: [model.language] }));
}

function speakersOf(config: z.output<typeof piperConfig>, stem: string): Map<string, number | undefined> {
  if (config.num_speakers === 1) return new Map([[stem, undefined]]);
  const named = Object.entries(config.speaker_id_map).sort(([, a], [, b]) => a - b);
  if (named.length > 0) return new Map(named);
  return new Map(Array.from({ length: config.num_speakers }, (_, id) => [String(id), id]));
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new DubError('ENGINE_MISSING', `The piper voice's description ${path} cannot be read.`, {
      hint: 'A voice is two files, `VOICE.onnx` and `VOICE.onnx.json`; the option `config` names the second if it lies elsewhere.',
      cause,
    });
  }
}

function parseConfig(text: string, path: string): z.output<typeof piperConfig> {
  try {
    return piperConfig.parse(JSON.parse(text));
  } catch (cause) {
    throw badConfig(
      path,
      cause instanceof SyntaxError ? 'it is not JSON' : 'audio.sample_rate or its like is missing',
      cause,
    );
  }
}

function badConfig(path: string, why: string, cause?: unknown): DubError {
  return new DubError('PROVIDER_BAD_REPLY', `${path} does not describe a piper voice: ${why}.`, {
    hint: 'Download the voice again: `VOICE.onnx` and `VOICE.onnx.json` belong together.',
    cause,
  });
}
