import type { ProviderTools } from '../../contract.js';
import { dashscope } from '../../vendors/dashscope/index.js';
import type { TtsProvider, TtsRequest, Voice } from '../contract.js';
import { createEnrolment, isClonedVoice, sampleLimits } from './enrolment.js';
import { readModel } from './models.js';
import type { QwenOptions } from './options.js';
import { createQwenTts } from './provider.js';
import { primaryOf } from './voices.js';

/** Stands for a voice that has yet to be made: what it says costs the same whatever it will be called. */
const anyClone = 'qwen-tts-vc-dub';

/**
 * Qwen-TTS with voices of one's own beside the system's: a cloned voice speaks with the model it was made for, whatever
 * model speaks for the others.
 */
export function createWithCloning(options: QwenOptions, tools: ProviderTools): TtsProvider {
  const clones = readModel(options.model).kind === 'clone';
  const cloneModel = clones ? options.model : options.cloneModel;
  const system = createQwenTts(options, tools);
  const client = dashscope(options, tools);
  const enrolment = createEnrolment(client, cloneModel);
  const speakers = new Map<string, TtsProvider>();

  /** Instructions are the instruct model's, and would be refused by this one. */
  function speakerOf(voice: string): TtsProvider {
    if (!isClonedVoice(voice)) return system;
    const known = speakers.get(voice);
    if (known) return known;
    const { instructions: _, ...rest } = options;
    const made = createQwenTts(
      { ...rest, instructions: undefined, optimizeInstructions: false, model: cloneModel, voiceIds: [voice] },
      tools,
    );
    speakers.set(voice, made);
    return made;
  }

  /** Ids that `--voice` names; whether they are there is known when they speak. */
  function askedFor(language: string | undefined): Voice[] {
    const { languages } = readModel(cloneModel);
    if (language !== undefined && !languages.includes(primaryOf(language))) return [];
    const names = new Set(Object.values(options.asked).filter(isClonedVoice));
    return [...names].map((name) => ({ name, languages, note: 'your own voice' }));
  }

  const estimate = (request: TtsRequest) =>
    (request.sample === undefined ? speakerOf(request.voice) : speakerOf(anyClone)).estimate!(request);
  return {
    ...system,
    limits: { ...system.limits, sample: sampleLimits },
    ready: async (signal) => {
      const found = await system.ready(signal);
      // Own voices can be made from samples, so that none need be named beforehand.
      return clones && client.ready().ready ? client.ready() : found;
    },
    voices: async (language, signal) => [...askedFor(language), ...(await system.voices(language, signal))],
    estimate,
    synthesize: (request, signal) => speakerOf(request.voice).synthesize(request, signal),
    enrolment,
  };
}
