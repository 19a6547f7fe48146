import { z } from 'zod';

/** One input of an endpoint, as `/gradio_api/info` tells it. Hidden state is not among them. */
const parameter = z.looseObject({
  label: z.string().nullish(),
  parameter_name: z.string().nullish(),
  parameter_has_default: z.boolean().nullish(),
  parameter_default: z.unknown().optional(),
  component: z.string().nullish(),
  type: z
    .looseObject({ enum: z.array(z.unknown()).nullish() })
    .nullish()
    .catch(undefined),
});

/** What an endpoint list holds, as far as it is used. */
export const gradioInfo = z.looseObject({
  named_endpoints: z.record(z.string(), z.looseObject({ parameters: z.array(parameter) })),
});

/** One input of `gen_single`. */
export type GradioParameter = z.output<typeof parameter>;

/** What each input is for. */
export type Role = 'prompt' | 'text' | 'language' | 'durationFactor' | 'other';

/** Standard values of the WebUI, for inputs that come without one (`webui.py`, 2025-09 to 2026-08). */
const usual: Readonly<Record<string, unknown>> = {
  emo_weight: 0.65,
  emo_text: '',
  emo_random: false,
  max_text_tokens_per_segment: 120,
  max_text_tokens_per_sentence: 120,
  do_sample: true,
  top_p: 0.8,
  top_k: 30,
  temperature: 0.8,
  length_penalty: 0,
  num_beams: 3,
  repetition_penalty: 10,
  max_mel_tokens: 1500,
};

/**
 * What each input is for, by its name; by its kind of component and its label where names are not told. The order differs
 * from one version of the WebUI to the next, and a call by position would be silently wrong.
 * @returns undefined when there is no place for the text or for the voice
 */
export function rolesOf(parameters: readonly GradioParameter[]): readonly Role[] | undefined {
  const roles = parameters.map(roleOf);
  for (const [role, component] of [
    ['prompt', 'Audio'],
    ['text', 'Textbox'],
  ] as const) {
    if (roles.includes(role)) continue;
    const at = parameters.findIndex((one) => nameOf(one) === undefined && one.component === component);
    if (at < 0) return undefined;
    roles[at] = role;
  }
  return roles;
}

function nameOf({ parameter_name: name }: GradioParameter): string | undefined {
  return name && !/^param_\d+$/.test(name) ? name : undefined;
}

function roleOf(parameter: GradioParameter): Role {
  const name = nameOf(parameter) ?? '';
  if (/^(prompt(_audio)?|(spk|speaker|ref|voice)(_audio)?(_prompt)?)$/i.test(name)) return 'prompt';
  if (/^(text|(input|gen|target|tts)_text(_single)?)$/i.test(name)) return 'text';
  if (/^lang/i.test(name) || (name === '' && /language|语言/i.test(parameter.label ?? ''))) return 'language';
  if (/^duration(_factor)?$/i.test(name) || (name === '' && /duration|时长/i.test(parameter.label ?? '')))
    return 'durationFactor';
  return 'other';
}

/** The value of an input that is left as it is. */
export function usualValue(parameter: GradioParameter): unknown {
  const { parameter_has_default: has, parameter_default: given, component, type } = parameter;
  if (has === true && given !== undefined) return given;
  const name = nameOf(parameter) ?? '';
  if (Object.hasOwn(usual, name)) return usual[name];
  // The first way of setting the emotion is to take it from the speaker's sample, whatever it is called.
  if (type?.enum && type.enum.length > 0) return type.enum[0];
  if (/^vec\d$/.test(name) || component === 'Slider' || component === 'Number') return 0;
  if (component === 'Checkbox') return false;
  return component === 'Textbox' ? '' : null;
}

/** A language as the list of this server spells it: `ES`, `es`, `Spanish`. */
export function spellLanguage(parameter: GradioParameter, language: string, name: string): string {
  const choices = (parameter.type?.enum ?? []).filter((choice) => typeof choice === 'string');
  const wanted = [language, name].map((word) => word.toLowerCase());
  return choices.find((choice) => wanted.includes(choice.toLowerCase())) ?? language.toUpperCase();
}
