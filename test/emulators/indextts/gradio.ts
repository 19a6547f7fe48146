import { randomBytes } from 'node:crypto';
import type { RawAnswer } from '../dashscope/wire.js';
import { readForm } from './form.js';
import { answerJson, answerSound, type Ground, type Route, refuse } from './server.js';
import { soundOf } from './sound.js';
import { toneOfClip } from './tones.js';

interface Input {
  readonly name: string;
  readonly label: string;
  readonly component: string;
  readonly has?: boolean;
  readonly value?: unknown;
  readonly choices?: readonly string[];
}

const modes = ['与音色参考音频相同', '使用情感参考音频', '使用情感向量控制'];

/** Inputs of `gen_single` in the order of `webui.py`; hidden state has no place in the description. */
function inputsOf(webui: Ground['settings']['webui']): readonly Input[] {
  const isNew = webui === '2.5' || webui === 'nameless';
  const slider = (name: string, label: string, value: number): Input => ({
    name,
    label,
    component: 'Slider',
    has: true,
    value,
  });
  const language: Input = {
    name: 'lang_choice',
    label: '语言',
    component: 'Dropdown',
    has: true,
    value: 'ZH',
    choices: ['ZH', 'EN', 'JA', 'AR', 'ES'],
  };
  const vectors = ['喜', '怒', '哀', '惧', '厌恶', '低落', '惊喜', '平静'].map((label, index) =>
    slider(`vec${index + 1}`, label, 0),
  );
  return [
    {
      name: 'emo_control_method',
      label: '情感控制方式',
      component: 'Radio',
      has: true,
      value: modes[0],
      choices: modes,
    },
    { name: 'prompt', label: '音色参考音频', component: 'Audio' },
    { name: 'text', label: '文本', component: 'Textbox' },
    ...(isNew ? [language] : []),
    { name: 'emo_ref_path', label: '上传情感参考音频', component: 'Audio' },
    slider('emo_weight', '情感权重', 0.65),
    ...vectors,
    { name: 'emo_text', label: '情感描述文本', component: 'Textbox', has: true, value: '' },
    { name: 'emo_random', label: '情感随机采样', component: 'Checkbox', has: true, value: false },
    slider('max_text_tokens_per_segment', '分句最大Token数', 120),
    ...(webui === '2025' || webui === '3' ? [] : [slider('duration_factor', '时长系数', 1)]),
    { name: 'param_17', label: 'do_sample', component: 'Checkbox', has: true, value: true },
    slider('param_18', 'top_p', 0.8),
    slider('param_19', 'top_k', 30),
    slider('param_20', 'temperature', 0.8),
    slider('param_21', 'length_penalty', 0),
    slider('param_22', 'num_beams', 3),
    slider('param_23', 'repetition_penalty', 10),
    slider('param_24', 'max_mel_tokens', 1500),
  ];
}

/** The official WebUI behind Gradio: uploads, a queue with events, files. */
export function gradioRoutes(ground: Ground): readonly Route[] {
  const { settings } = ground;
  const prefix = settings.webui === '3' ? '' : '/gradio_api';
  const inputs = inputsOf(settings.webui);
  const queued = new Map<string, readonly unknown[]>();
  const session = randomBytes(8).toString('hex');

  function describe({ name, label, component, has = false, value, choices }: Input): object {
    const type =
      choices === undefined
        ? { type: component === 'Slider' ? 'number' : 'string' }
        : { enum: choices, type: 'string' };
    if (settings.webui === 'nameless') return { label, component, type };
    return {
      label,
      parameter_name: name,
      parameter_has_default: has,
      parameter_default: value ?? null,
      component,
      type,
    };
  }

  async function speak(data: readonly unknown[]): Promise<unknown> {
    if (data.length !== inputs.length) throw new Error(`needed ${inputs.length} inputs, got ${data.length}`);
    const given = new Map(inputs.map(({ name }, index) => [name, data[index]]));
    for (const { name, component, choices } of inputs) {
      const value = given.get(name);
      if (choices && !choices.includes(String(value)))
        throw new Error(`Value: ${String(value)} is not in the list of choices: ${choices.join(', ')}`);
      if (component === 'Slider' && typeof value !== 'number') ground.violation(`${name} is no number`);
      if (component === 'Checkbox' && typeof value !== 'boolean') ground.violation(`${name} is no boolean`);
    }
    if (given.get('emo_control_method') !== modes[0]) ground.violation('an emotion that nobody asked for');
    const prompt = given.get('prompt') as { path?: string; meta?: { _type?: string } } | null;
    if (prompt?.meta?._type !== 'gradio.FileData') ground.violation('the prompt is no FileData');
    const tone = ground.tones.get(prompt?.path ?? '');
    if (tone === undefined) throw new Error('FileNotFoundError');
    const language = String(given.get('lang_choice') ?? 'EN').toLowerCase();
    const speed = 1 / Number(given.get('duration_factor') ?? 1);
    const sound = await soundOf(
      { text: String(given.get('text')), language, tone, speed, sampleRate: 22_050 },
      settings.sound,
    );
    const path = `/tmp/gradio/${session}/spk_${ground.outputs.size}.wav`;
    ground.outputs.set(path, sound);
    const file = {
      path,
      url: `${ground.url()}${prefix}/file=${path}`,
      orig_name: 'spk.wav',
      meta: { _type: 'gradio.FileData' },
    };
    return settings.update ? [{ visible: true, value: file, __type__: 'update' }] : [file];
  }

  async function events(data: readonly unknown[]): Promise<RawAnswer> {
    const ending = await speak(data).then(
      (result) => `event: heartbeat\ndata: null\n\nevent: complete\ndata: ${JSON.stringify(result)}\n\n`,
      // Errors are hidden unless the WebUI was started with show_error.
      () => 'event: error\ndata: null\n\n',
    );
    return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: Buffer.from(ending) };
  }

  const dataOf = (json: unknown): readonly unknown[] => {
    const data: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'data') : undefined;
    return Array.isArray(data) ? data : refuse(422, 'data');
  };

  const queue: readonly Route[] = [
    {
      method: 'POST',
      path: `${prefix}/call/gen_single`,
      name: 'speak',
      handle(_, json) {
        const id = randomBytes(8).toString('hex');
        queued.set(id, dataOf(json));
        return answerJson({ event_id: id });
      },
    },
    {
      method: 'GET',
      path: new RegExp(`^${prefix}/call/gen_single/[0-9a-f]+$`),
      name: 'events',
      handle({ url }) {
        const data = queued.get(url.pathname.split('/').at(-1)!);
        return data === undefined ? refuse(404, 'Not Found') : events(data);
      },
    },
  ];

  return [
    {
      method: 'GET',
      path: `${prefix}/info`,
      name: 'health',
      open: true,
      handle() {
        if (settings.health !== 'ready') return refuse(503, 'starting');
        const parameters = inputs.map(describe);
        return answerJson({
          named_endpoints: {
            '/on_method_change': { parameters: [], returns: [] },
            '/gen_single': { parameters, returns: [] },
          },
          unnamed_endpoints: {},
        });
      },
    },
    {
      method: 'POST',
      path: `${prefix}/upload`,
      name: 'upload',
      async handle(request) {
        const file = (await readForm(request))?.files.files;
        if (file === undefined) return refuse(422, 'files');
        const path = `/tmp/gradio/${randomBytes(8).toString('hex')}/${file.filename}`;
        const tone = toneOfClip(file.bytes);
        if (tone === undefined) ground.violation('a clip without a voice');
        ground.tones.set(path, tone ?? 0);
        return answerJson([path]);
      },
    },
    ...(settings.webui === '3' ? [] : queue),
    {
      method: 'POST',
      path: `${prefix}/run/gen_single`,
      name: 'speak',
      handle: async (_, json) => answerJson({ data: await speak(dataOf(json)) }),
    },
    {
      method: 'GET',
      path: new RegExp(`^${prefix}/file=`),
      name: 'file',
      handle({ url }) {
        return answerSound(
          ground.outputs.get(decodeURIComponent(url.pathname.split('file=')[1]!)) ?? refuse(404, 'Not Found'),
        );
      },
    },
  ];
}
