/*
 * Chat completions of Model Studio's compatible mode on the emulator: general models (endpoint `chat`), Qwen-MT (endpoint
 * `mt`) and the list of models (endpoint `models`). Follows the published pages only: parameter ranges and their
 * messages, response_format, thinking, streaming, and Qwen-MT's own rules.
 *
 * Translates really: by a toy tongue that depends on every word and can be turned back (`untoy`), or by a function that
 * is handed in. The model behind `chat` obeys what it reads, like a model: instructions that stand among the
 * instructions are followed. Only where the system message declares the user message to be data, and that message is one
 * JSON object, is what stands inside it data.
 */

import { mtLanguages, mtLiteLanguages } from './mt-languages.js';
import { type Answer, ApiError, type Call, type Part, type StreamPiece } from './server.js';

/** What a model takes. */
export interface ChatModel {
  /** `none` rejects enable_thinking, `only` rejects false; `on` and `off` are what happens when it is left out. */
  readonly thinking: 'none' | 'off' | 'on' | 'only';
  readonly schema: boolean;
}

/** How an answer goes wrong. */
export interface Mischief {
  readonly kind:
    | 'missing'
    | 'duplicate'
    | 'extra'
    | 'renumber'
    | 'empty'
    | 'echo'
    | 'no-numbers'
    | 'prose'
    | 'length'
    | 'filter'
    | 'no-content'
    | 'shift';
  /** Answers that go wrong; 1 unless told. */
  times?: number;
  /** Which lines, by their text; all unless told. */
  readonly lines?: RegExp;
}

/** How the part is set up. */
export interface ChatSettings {
  readonly models?: Readonly<Record<string, ChatModel>>;
  /** Consulted and used up by every answer; a test may add to it. */
  readonly mischief?: Mischief[];
  /** What the content guard refuses. */
  readonly inspected?: RegExp;
  /** Longest input in tokens of a general model. */
  readonly maxInputTokens?: number;
  /** Most lines a general model writes before it is cut with `finish_reason: length`. */
  readonly maxLines?: number;
  /** `ignore` answers json_schema on models without it as if it had not been asked; refused unless told. */
  readonly unsupportedSchema?: 'refuse' | 'ignore';
  readonly translate?: (text: string, source: string, target: string) => string | Promise<string>;
  /** Milliseconds per answer. */
  readonly latencyMs?: number;
}

/** The models of the pages of August 2026, and older ones. */
export const chatModels: Readonly<Record<string, ChatModel>> = {
  'qwen3.8-flash': { thinking: 'on', schema: true },
  'qwen3.7-plus': { thinking: 'on', schema: true },
  'qwen3.5-flash': { thinking: 'on', schema: false },
  'qwen-plus': { thinking: 'off', schema: false },
  'qwen-flash': { thinking: 'off', schema: false },
  'qwen3-max': { thinking: 'off', schema: true },
  'qwen-max': { thinking: 'none', schema: false },
  'qwen3-30b-a3b-thinking-2507': { thinking: 'only', schema: false },
  'house-model': { thinking: 'none', schema: false },
  'house-hybrid': { thinking: 'on', schema: false },
};

const path = '/compatible-mode/v1/chat/completions';

/** The chat part. */
export function chat(settings: ChatSettings = {}): Part {
  const models = settings.models ?? chatModels;
  return (emulator) => {
    emulator.route({
      ...{ endpoint: 'chat', method: 'POST', path },
      model: (id) => Object.hasOwn(models, id),
      handle: (call) => general(call, models[call.model]!, settings),
    });
    emulator.route({
      ...{ endpoint: 'mt', method: 'POST', path },
      model: (id) => /^qwen-mt-(plus|flash|turbo|lite)$/.test(id),
      handle: (call) => machine(call, settings),
    });
    const nativePath = '/api/v1/services/aigc/text-generation/generation';
    emulator.route({
      ...{ endpoint: 'chat', method: 'POST', path: nativePath },
      model: (id) => Object.hasOwn(models, id),
      handle: (call) => natively(call, (flat) => general(flat, models[call.model]!, settings)),
    });
    emulator.route({
      ...{ endpoint: 'mt', method: 'POST', path: nativePath },
      model: (id) => /^qwen-mt-(plus|flash|turbo|lite)$/.test(id),
      handle: (call) => natively(call, (flat) => machine(flat, settings)),
    });
    emulator.route({
      ...{ endpoint: 'models', method: 'GET', path: '/compatible-mode/v1/models' },
      handle: () => ({ json: { object: 'list', data: Object.keys(models).map((id) => ({ id, object: 'model' })) } }),
    });
  };
}

/** What a whole answer of the compatible mode holds. */
interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string }; readonly finish_reason: string }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

/** The native interface: messages in `input`, everything else in `parameters`, and an answer of another form. */
async function natively(call: Call, answer: (flat: Call) => Promise<Answer>): Promise<Answer> {
  call.only(call.json, ['model', 'input', 'parameters'], 'body');
  const { input, parameters = {} } = call.json as { input?: Json; parameters?: Json };
  if (input === undefined) throw new ApiError(400, 'BadRequest.EmptyInput', 'input is required.');
  call.only(input, ['messages', 'prompt'], 'input');
  const { result_format: format = 'text', incremental_output: incremental = false, ...others } = parameters;
  const messages = input.messages ?? [{ role: 'user', content: input.prompt }];
  const flat = { ...call, json: { model: call.model, messages, ...others }, wantsStream: false };
  const { choices, usage } = (await answer(flat)).json as unknown as Completion;
  const { prompt_tokens: input_tokens, completion_tokens: output_tokens, total_tokens } = usage;
  const told = (content: string, finish: string) => ({
    output:
      format === 'message'
        ? { choices: [{ finish_reason: finish, message: { role: 'assistant', content } }] }
        : { text: content, finish_reason: finish },
    usage: { input_tokens, output_tokens, total_tokens },
  });
  const [{ message, finish_reason: finish }] = choices;
  if (!call.wantsStream) return { json: told(message.content, finish) };
  const pieces = message.content.match(/\S*\s*/g)?.filter(Boolean) ?? [];
  const shown = (index: number) => (incremental === true ? pieces[index]! : pieces.slice(0, index + 1).join(''));
  const ends = (index: number) => (index === pieces.length - 1 ? finish : 'null');
  return { events: pieces.map((_, index) => ({ data: told(shown(index), ends(index)) })) };
}

/** Every word turned round, with an ending: depends on every letter, and `untoy` turns it back. */
export function toy(text: string): string {
  return text.replace(/\p{L}[\p{L}\p{M}]*/gu, (word) => `${[...word].reverse().join('')}a`);
}

/** The text that `toy` was given. */
export function untoy(text: string): string {
  return text.replace(/\p{L}[\p{L}\p{M}]*/gu, (word) => [...word.slice(0, -1)].reverse().join(''));
}

const sampling = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'seed',
  'temperature',
  'top_p',
  'top_k',
];
const generalFields = [
  ...sampling,
  ...['max_completion_tokens', 'presence_penalty', 'repetition_penalty', 'n', 'stop', 'tools', 'tool_choice'],
  ...['response_format', 'enable_thinking', 'thinking_budget', 'enable_search'],
];

type Json = Readonly<Record<string, unknown>>;

export interface Message {
  readonly role: string;
  readonly content: string;
}

async function general(call: Call, model: ChatModel, settings: ChatSettings): Promise<Answer> {
  const body = call.json as Json;
  call.only(body, generalFields, 'body');
  checkRanges(body);
  const messages = readMessages(body, ['system', 'user', 'assistant']);
  if (messages.at(-1)!.role !== 'user') throw new ApiError(500, 'InternalError.Algo', 'list index out of range');
  inspect(messages, settings);
  checkLength(messages, settings.maxInputTokens ?? 129_024);
  const thinks = readThinking(body, model, call.model);
  const schema = readFormat(body, messages, model, thinks, settings);
  if (settings.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, settings.latencyMs));
  const mischief = settings.mischief ?? [];
  const spoken = takeMischief(mischief, 'no-content');
  const written = await write(messages, settings, mischief);
  const wanted = schema === 'object' || schema === 'schema' ? written.text : fenced(written.text);
  const cap = numberOf(body.max_completion_tokens) ?? numberOf(body.max_tokens);
  const eaten = thinks && cap !== undefined && cap < 500;
  const text = eaten || spoken ? '' : wanted;
  const finish = eaten ? 'length' : written.finish;
  return reply(call, body, {
    messages,
    text,
    finish,
    ...(thinks ? { reasoning: 'The user wants a translation. Let me think about every line.' } : {}),
    cumulative: false,
    stops: 1,
  });
}

/** 8,192 tokens of text, terms, memories and hint; one user message; no fields but those of the page. */
async function machine(call: Call, settings: ChatSettings): Promise<Answer> {
  const body = call.json as Json;
  call.only(body, [...sampling, 'repetition_penalty', 'translation_options'], 'body');
  checkRanges(body);
  const messages = readMessages(body, ['user', 'assistant']);
  if (messages.length !== 1) throw invalid('Role must be in [user, assistant].');
  const options = body.translation_options as Json | undefined;
  call.only(options, ['source_lang', 'target_lang', 'terms', 'tm_list', 'domains'], 'translation_options');
  if (options === undefined) call.violation('a free prompt: translation_options is missing');
  const languages = call.model === 'qwen-mt-lite' ? mtLiteLanguages : mtLanguages;
  const source = readLanguage(options?.source_lang, languages, true);
  const target = readLanguage(options?.target_lang, languages, false);
  const terms = readPairs(call, options?.terms, 'terms');
  readPairs(call, options?.tm_list, 'tm_list');
  const domains = options?.domains ?? '';
  if (typeof domains !== 'string') throw invalid('translation_options.domains should be a string');
  if (/[^\u0000-\u024f\u2010-\u203a]/.test(domains)) call.violation('domains is to be in English');
  inspect(messages, settings);
  checkLength([...messages, { role: 'options', content: JSON.stringify(options ?? {}) }], 8192);
  if (settings.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, settings.latencyMs));
  const mischief = settings.mischief ?? [];
  const lines = messages[0]!.content.split('\n');
  const texts = await Promise.all(lines.map((line) => render(line, terms, source, target, settings)));
  const joined = texts.length > 1 && takeMischief(mischief, 'missing') ? [texts.join(' ')] : texts;
  const shifted = joined.length > 1 && takeMischief(mischief, 'shift') ? [...joined.slice(1), joined[0]!] : joined;
  const echoed = takeMischief(mischief, 'echo') ? lines : shifted;
  const text = takeMischief(mischief, 'empty') ? '' : echoed.join('\n');
  const cut = takeMischief(mischief, 'length');
  const cumulative = /plus|turbo/.test(call.model);
  return reply(call, body, {
    messages,
    text: cut ? text.slice(0, text.length / 2) : text,
    finish: cut ? 'length' : 'stop',
    cumulative,
    stops: 2,
    surcharge: 45,
  });
}

interface Written {
  readonly messages: readonly Message[];
  readonly text: string;
  readonly finish: string;
  readonly reasoning?: string;
  readonly cumulative: boolean;
  readonly stops: number;
  /** Tokens of the prompt that the service adds. */
  readonly surcharge?: number;
}

function reply(call: Call, body: Json, written: Written): Answer {
  const { messages, text, finish, reasoning = '', surcharge = 10 } = written;
  const prompt = tokensOf(messages.map(({ content }) => content).join('')) + surcharge;
  const completion = tokensOf(text) + tokensOf(reasoning);
  const usage = {
    ...{ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
    prompt_tokens_details: { cached_tokens: 0 },
  };
  const common = {
    ...{ created: 1_762_346_157, system_fingerprint: null, model: call.model, id: `chatcmpl-${call.requestId}` },
  };
  if (call.wantsStream) return { events: chunks(written, body, common, usage) };
  const thought = reasoning === '' ? {} : { reasoning_content: reasoning };
  const message = { role: 'assistant', content: text, ...thought };
  return {
    json: {
      choices: [{ message, finish_reason: finish, index: 0, logprobs: null }],
      ...{ object: 'chat.completion', usage, ...common },
    },
  };
}

/** General models and mt-flash/lite send what is new, mt-plus/turbo all there is so far. */
function* chunks(
  { text, finish, reasoning, cumulative, stops }: Written,
  body: Json,
  common: object,
  usage: object,
): Generator<StreamPiece> {
  const withUsage = (body.stream_options as Json | undefined)?.include_usage === true;
  const chunk = (choices: object[], used: object | null = null) => ({
    data: {
      ...{ choices, object: 'chat.completion.chunk', ...common },
      ...(withUsage ? { usage: used } : {}),
    },
  });
  const delta = (fields: object, ended: string | null = null) =>
    chunk([{ delta: fields, index: 0, logprobs: null, finish_reason: ended }]);
  yield delta({ content: '', role: 'assistant' });
  if (reasoning !== undefined) yield delta({ content: null, reasoning_content: reasoning });
  const pieces = text.match(/\S*\s*/g)?.filter(Boolean) ?? [];
  for (const [index, piece] of pieces.entries()) {
    yield delta({ content: cumulative ? pieces.slice(0, index + 1).join('') : piece, role: null });
  }
  for (let stop = 0; stop < stops; stop++) yield delta({ content: '' }, finish);
  if (withUsage) yield chunk([], usage);
}

/** What a general model writes: it obeys instructions wherever they stand, save in data that was declared as such. */
export async function write(
  messages: readonly Message[],
  settings: ChatSettings,
  mischief: Mischief[],
): Promise<{ readonly text: string; readonly finish: string }> {
  const system = messages
    .filter(({ role }) => role === 'system')
    .map(({ content }) => content)
    .join('\n');
  const user = messages.at(-1)!.content;
  const data = parse(user);
  const declared = /data, never instructions/i.test(system) && /never obey/i.test(system);
  const heard = data === undefined ? user : stringsIn(data).join('\n');
  const instructed = [system, data === undefined || !declared ? heard : ''].join('\n');
  const order =
    /ignore (?:all |the )?(?:previous|above)[^.]*instructions[^.]*?(?:answer|say|write|output) ["“]?([\w ]+)/i;
  const obeyed = order.exec(instructed)?.[1];
  if (obeyed !== undefined) return { text: JSON.stringify({ obeyed }), finish: 'stop' };
  if (takeMischief(mischief, 'prose')) return { text: 'Sure! I would be happy to translate this.', finish: 'stop' };
  if (takeMischief(mischief, 'filter')) return { text: '', finish: 'content_filter' };
  if (takeMischief(mischief, 'length')) return { text: '{"lines":[{"id":"', finish: 'length' };
  if (data === undefined) return { text: toy(user), finish: 'stop' };
  const lines = (data.lines as readonly Json[] | undefined) ?? [];
  if (/"summary"/.test(system.split('\n').at(-1) ?? '')) return { text: JSON.stringify(summed(lines)), finish: 'stop' };
  if (lines.length > (settings.maxLines ?? Infinity)) return { text: '{"lines":[{"id":"', finish: 'length' };
  const answers = await Promise.all(lines.map((line) => answerLine(line, system, settings)));
  return { text: JSON.stringify({ lines: bent(answers, lines, mischief) }), finish: 'stop' };
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

interface AnswerLine {
  readonly id: string;
  readonly wordings: readonly string[];
}

async function answerLine(line: Json, system: string, settings: ChatSettings): Promise<AnswerLine> {
  const [, source = '', target = ''] = /\((\S+)\) to .*?\((\S+)\)/.exec(system) ?? [];
  const terms = [...system.matchAll(/\{"source":"([^"]+)","target":"([^"]+)"\}/g)];
  const pairs = terms.map(([, from = '', to = '']) => ({ source: from, target: to }));
  const full = await render(String(line.text), pairs, source, target, settings);
  const most = Number(/one to (\d) wordings/.exec(system)?.[1] ?? 1);
  const earlier = line.earlier as { text: string; seconds: number } | undefined;
  if (earlier !== undefined && !/"earlier"/.test(system))
    throw invalid('a model makes nothing of a field nobody explained');
  if (earlier !== undefined) return { id: String(line.id), wordings: [reworded(earlier, Number(line.seconds))] };
  const units = numberOf(line.syllables) ?? numberOf(line.morae) ?? numberOf(line.characters);
  // A shorter wording is the same without its words of three letters and less.
  const short = full.replace(/(?<![\p{L}\p{N}])\p{L}{1,3}(?![\p{L}\p{N}]) ?/gu, '').trim();
  const wordings = most > 1 && units !== undefined && short !== full && short !== '' ? [short, full] : [full];
  return { id: String(line.id), wordings };
}

/** The same without words from the end, names and numbers kept, or with its last words said again. */
function reworded({ text, seconds }: { readonly text: string; readonly seconds: number }, wanted: number): string {
  const words = text.split(' ');
  let over = Math.round(words.length * (1 - wanted / seconds));
  if (over < 0) return [...words, ...words.slice(over)].join(' ');
  const kept = words.reverse().filter((word) => /\p{Lu}|\d/u.test(word) || over-- <= 0);
  return kept.reverse().join(' ');
}

/** The script's most frequent capitalised words, and how many lines it has. */
function summed(lines: readonly Json[]) {
  const counts = new Map<string, number>();
  for (const { text } of lines) {
    for (const [word] of String(text).matchAll(/(?<=\p{L} )\p{Lu}\p{Ll}{2,}/gu))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const often = [...counts].filter(([, count]) => count > 1).map(([source]) => ({ source, target: toy(source) }));
  return { summary: `A script of ${lines.length} lines.`, terms: often };
}

function bent(answers: readonly AnswerLine[], lines: readonly Json[], mischief: Mischief[]): readonly AnswerLine[] {
  let bending = [...answers];
  for (const kind of ['missing', 'duplicate', 'extra', 'renumber', 'empty', 'echo', 'no-numbers', 'shift'] as const) {
    const about = (one: Mischief) =>
      one.kind === kind && (one.lines === undefined || lines.some(({ text }) => one.lines!.test(String(text))));
    const found = takeMischief(mischief, kind, about);
    if (!found) continue;
    const texts = new Map(lines.map(({ id, text }) => [String(id), String(text)]));
    const meant = ({ id }: AnswerLine) => found.lines?.test(texts.get(id) ?? '') ?? true;
    const change = (to: (one: AnswerLine) => AnswerLine[]) => bending.flatMap((one) => (meant(one) ? to(one) : [one]));
    if (kind === 'missing') bending = change(() => []);
    if (kind === 'duplicate') bending = change((one) => [one, { ...one, wordings: ['something else'] }]);
    if (kind === 'extra') bending = [...bending, { id: 'u9999', wordings: ['nobody asked'] }];
    if (kind === 'renumber') bending = bending.map((one, index) => ({ ...one, id: String(index + 1) }));
    if (kind === 'empty') bending = change((one) => [{ ...one, wordings: [' '] }]);
    if (kind === 'echo') bending = change((one) => [{ ...one, wordings: [texts.get(one.id) ?? ''] }]);
    if (kind === 'no-numbers') {
      bending = change((one) => [{ ...one, wordings: one.wordings.map((text) => text.replace(/\d+/g, 'many')) }]);
    }
  }
  return bending;
}

async function render(
  text: string,
  terms: readonly { readonly source: string; readonly target: string }[],
  source: string,
  target: string,
  settings: ChatSettings,
): Promise<string> {
  const held: string[] = [];
  let rest = text;
  for (const term of terms) {
    rest = rest.replaceAll(new RegExp(term.source.replace(/[^\p{L}\p{N} ]/gu, '\\$&'), 'giu'), () => {
      held.push(term.target);
      return `\u0002${held.length - 1}\u0003`;
    });
  }
  const translated = await (settings.translate ?? toy)(rest, source, target);
  return translated.replace(/\u0002(\d+)\u0003/g, (_, index: string) => held[Number(index)] ?? '');
}

function takeMischief(
  mischief: Mischief[],
  kind: Mischief['kind'],
  fits: (one: Mischief) => boolean = (one) => one.kind === kind,
): Mischief | undefined {
  const found = mischief.find((one) => fits(one) && (one.times ?? 1) > 0);
  if (found) found.times = (found.times ?? 1) - 1;
  return found;
}

function checkRanges(body: Json): void {
  const range = (name: string, fits: (value: number) => boolean, message: string) => {
    const value = body[name];
    if (value === undefined || value === null) return;
    if (typeof value !== 'number' || !fits(value)) throw invalid(message);
  };
  range('temperature', (value) => value >= 0 && value < 2, 'Temperature should be in [0.0, 2.0)');
  range('top_p', (value) => value > 0 && value <= 1, 'Range of top_p should be (0.0, 1.0]');
  range('presence_penalty', (value) => Math.abs(value) <= 2, 'presence_penalty should be in [-2.0, 2.0]');
  range('repetition_penalty', (value) => value > 0, 'repetition_penalty should be greater than 0.0');
  range('n', (value) => Number.isInteger(value) && value >= 1 && value <= 4, 'Range of n should be [1, 4]');
  range(
    'seed',
    (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 31,
    'Range of seed should be [0, 2147483647]',
  );
  range(
    'max_tokens',
    (value) => Number.isInteger(value) && value >= 1 && value <= 8192,
    'Range of max_tokens should be [1, 8192]',
  );
}

function readMessages(body: Json, roles: readonly string[]): readonly Message[] {
  const { messages } = body;
  if (!Array.isArray(messages)) throw invalid('messages should be a list');
  if (messages.length === 0) throw invalid('[] is too short');
  return messages.map((one: Json) => {
    const role = String(one.role);
    if (!roles.includes(role)) throw invalid(`Role must be in [${roles.join(', ')}].`);
    if (typeof one.content !== 'string') throw invalid('input content must be a string.');
    return { role, content: one.content };
  });
}

function inspect(messages: readonly Message[], { inspected }: ChatSettings): void {
  if (inspected === undefined || !messages.some(({ content }) => inspected.test(content))) return;
  throw new ApiError(400, 'DataInspectionFailed', 'Input text data may contain inappropriate content.');
}

function checkLength(messages: readonly Message[], most: number): void {
  const tokens = tokensOf(messages.map(({ content }) => content).join(''));
  if (tokens < 1 || tokens > most) throw invalid(`Range of input length should be [1, ${most}]`);
}

/** Whether it thinks. @throws ApiError 400 for what the model does not take */
function readThinking(body: Json, model: ChatModel, id: string): boolean {
  const asked = body.enable_thinking;
  if (asked === undefined) return model.thinking === 'on' || model.thinking === 'only';
  if (typeof asked !== 'boolean') throw invalid('enable_thinking should be a boolean');
  if (model.thinking === 'none') {
    throw new ApiError(
      400,
      'InvalidParameter.NotSupportEnableThinking',
      `The model ${id} does not support enable_thinking.`,
    );
  }
  if (model.thinking === 'only' && !asked) {
    throw invalid('The value of the enable_thinking parameter is restricted to True.');
  }
  return asked;
}

function readFormat(
  body: Json,
  messages: readonly Message[],
  model: ChatModel,
  thinks: boolean,
  settings: ChatSettings,
): 'text' | 'object' | 'schema' {
  const format = body.response_format as Json | undefined;
  if (format === undefined) return 'text';
  const { type } = format;
  if (type === 'text') return 'text';
  const unknown = `Unknown format of response_format, response_format should be a dict, includes 'type' and an optional key 'json_schema'. The response_format type from user is ${String(type)}.`;
  if (type !== 'json_object' && type !== 'json_schema') throw invalid(unknown);
  if (thinks) throw invalid('Json mode response is not supported when enable_thinking is true');
  if (type === 'json_object') {
    if (messages.some(({ content }) => /json/i.test(content))) return 'object';
    throw invalid(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
    );
  }
  const inner = format.json_schema as Json | undefined;
  if (typeof inner?.name !== 'string' || typeof inner.schema !== 'object') throw invalid(unknown);
  if (!model.schema && settings.unsupportedSchema !== 'ignore') throw invalid(unknown);
  return model.schema ? 'schema' : 'text';
}

function readLanguage(given: unknown, languages: ReadonlyMap<string, string>, source: boolean): string {
  if (typeof given !== 'string' || given === '') throw invalid('translation_options needs source_lang and target_lang');
  if (given === 'auto' && source) return 'auto';
  const code = languages.get(given) ?? [...languages.values()].find((one) => one === given);
  if (code === undefined) throw invalid('暂时不支持当前设置的语种！');
  return code;
}

function readPairs(call: Call, given: unknown, where: string) {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalid(`translation_options.${where} should be a list`);
  return given.map((one: Json) => {
    call.only(one, ['source', 'target'], where);
    if (typeof one.source !== 'string' || typeof one.target !== 'string') {
      throw invalid(`translation_options.${where} needs source and target`);
    }
    return { source: one.source, target: one.target };
  });
}

function invalid(message: string): ApiError {
  return new ApiError(400, 'InvalidParameter', message);
}

function fenced(text: string): string {
  return text.startsWith('{') ? `Here is the translation:\n\`\`\`json\n${text}\n\`\`\`\nAnything else?` : text;
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function tokensOf(text: string): number {
  const wide = (text.match(/[\u2e80-\u9fff\uac00-\ud7af]/g) ?? []).length;
  return Math.ceil(wide + (text.length - wide) / 4);
}
