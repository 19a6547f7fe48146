import { z } from 'zod';
import { termsIn } from '../../../domain/meaning.js';
import { DubError } from '../../../errors.js';
import type { CallEstimate, Units } from '../../contract.js';
import { defineProvider } from '../../define.js';
import type { ChatAnswer } from '../../vendors/completions/chat.js';
import { roughTokens, shortToken, tokenUnits, usualToken } from '../../vendors/completions/tokens.js';
import { askChat } from '../../vendors/dashscope/chat.js';
import {
  type DashscopeClient,
  type DashscopeTools,
  dashscope,
  dashscopeFields,
  dashscopeSecrets,
} from '../../vendors/dashscope/index.js';
import type { TranslationProvider, TranslationReply, TranslationRequest } from '../contract.js';
import { mtLanguageName } from './languages.js';
import { mtLimits, mtModelName } from './models.js';
import { CutShort, solve } from './solve.js';

const pair = z.strictObject({ source: z.string().trim().min(1), target: z.string().trim().min(1) });

/** Letters a hint may have: the service takes English only. */
const latin = /^[\p{Script=Latin}\p{Script=Common}\p{M}]*$/u;
/** Characters of a hint. */
const mostHint = 2000;

const qwenMtOptions = z.strictObject({
  ...dashscopeFields,
  /** `qwen-mt-plus`, `-flash`, `-turbo` or `-lite`; the last word alone will do. */
  model: z.string().trim().min(1).default('qwen-mt-flash').transform(mtModelName),
  /** Terms and the translation they must have; those that occur in a text go with it. */
  glossary: z.array(pair).max(500).default([]),
  /** Sentences and their accepted translations, whose manner is to be followed. */
  memory: z.array(pair).max(100).default([]),
  /** Field and tone in English sentences, the only language the service takes here. */
  domains: z
    .string()
    .trim()
    .min(1)
    .max(mostHint)
    .regex(latin, 'is to be written in English: Qwen-MT takes no other language here')
    .optional(),
  /** What the video is; it goes along as `domains` where those are not given and it is written in Latin letters. */
  context: z.string().trim().min(1).max(4000).optional(),
  /** Lines joined into one text; 1 sends each by itself, one a second. */
  joinLines: z.number().int().min(1).max(50).default(8),
  /** Characters of source text in one request to this provider. */
  maxChars: z.number().int().min(100).max(20_000).default(1600),
  concurrency: z.number().int().min(1).max(32).default(4),
  requestsPerMinute: z.number().positive().optional(),
  tokensPerMinute: z.number().positive().optional(),
  /** Time for one answer, milliseconds. */
  timeoutMs: z.number().int().positive().default(120_000),
});

type QwenMtOptions = z.output<typeof qwenMtOptions>;

/** Qwen-MT: translates text as it comes, with terms, memory and a hint at the field; knows no lengths. */
export const qwenMt = defineProvider({
  kind: 'translation',
  name: 'qwen-mt',
  summary: 'Qwen-MT on Model Studio: 92 languages, terms and memory, no heed of length',
  options: qwenMtOptions,
  secrets: dashscopeSecrets,
  modelOption: 'model',
  create: (options, tools): TranslationProvider => new QwenMt(options, tools),
});

class QwenMt implements TranslationProvider {
  readonly host: string;
  readonly region: string | undefined;
  readonly billedModel: string;
  readonly limits;
  private readonly client: DashscopeClient;
  private rates: Promise<void> | undefined;

  constructor(
    private readonly options: QwenMtOptions,
    tools: DashscopeTools,
  ) {
    const { joinLines, maxChars, concurrency } = options;
    this.limits = { maxLines: joinLines, maxChars, concurrency, adapts: false };
    this.client = dashscope(options, tools);
    this.host = this.client.host;
    this.region = this.client.region;
    this.billedModel = options.model;
  }

  fingerprint() {
    return { model: this.options.model };
  }

  async ready() {
    const { ready, detail, hint } = this.client.ready();
    return { ready, detail: ready ? `${this.options.model}: ${detail}` : detail, hint };
  }

  async supports(source: string, target: string): Promise<boolean> {
    const { model } = this.options;
    return mtLanguageName(model, source) !== undefined && mtLanguageName(model, target) !== undefined;
  }

  async translate(request: TranslationRequest, signal: AbortSignal): Promise<TranslationReply> {
    const { source, target, lines } = request;
    const { model, glossary, joinLines } = this.options;
    if (!(await this.supports(source, target))) throw unsupported(request, model);
    const answers: ChatAnswer[] = [];
    if (lines.length > 0) await this.setRates();
    const outcomes = await solve(lines, {
      rules: { source, target, glossary },
      joinLines,
      translateText: async (text) => {
        const answer = await this.ask(text, request, signal);
        answers.push(answer);
        if (answer.finish === 'length') throw new CutShort();
        return /filter|inspection/i.test(answer.finish) ? undefined : answer.text;
      },
    });
    return {
      lines: outcomes.filter((outcome) => 'text' in outcome),
      failures: outcomes.filter((outcome) => 'code' in outcome),
      warnings: [...this.client.warnings, ...unusedContext(this.options)],
      units: tokenUnits(
        answers.map(({ tokens }) => tokens),
        model,
      ),
      requestIds: answers.flatMap(({ requestIds }) => requestIds),
    };
  }

  /** Lines go together, as many as are joined, with the terms and memories that every request brings. */
  estimate({ lines }: TranslationRequest): CallEstimate {
    const { model, glossary, memory, joinLines } = this.options;
    const text = lines.map((line) => line.text).join('\n');
    const extras = glossary.length + memory.length === 0 ? '' : JSON.stringify([glossary, memory]);
    const requests = Math.ceil(lines.length / Math.max(1, joinLines));
    const tokens = (charactersPerToken: number, times: number): Units[] => [
      {
        ...{ unit: 'input-token', model },
        count:
          times *
          (requests * (servicePrompt + roughTokens(extras, charactersPerToken)) +
            roughTokens(text, charactersPerToken)),
      },
      { unit: 'output-token', model, count: Math.ceil(times * 1.2 * roughTokens(text, charactersPerToken)) },
    ];
    return { likely: tokens(usualToken, 1), most: tokens(shortToken, 2) };
  }

  /** One text, one user message; the model takes no system message, no JSON mode and no `enable_thinking`. */
  private ask(text: string, { source, target, notes }: TranslationRequest, signal: AbortSignal): Promise<ChatAnswer> {
    const { model, glossary, memory, timeoutMs } = this.options;
    const domains = hintOf(this.options);
    const named = new Set(glossary.map((term) => term.source.toLowerCase()));
    const noted = (notes?.terms ?? []).filter((term) => !named.has(term.source.toLowerCase()));
    const terms = termsIn(text, [...glossary, ...noted], source).map((term) => ({
      source: term.source,
      target: term.target,
    }));
    const options = {
      source_lang: mtLanguageName(model, source),
      target_lang: mtLanguageName(model, target),
      ...(terms.length === 0 ? {} : { terms }),
      ...(memory.length === 0 ? {} : { tm_list: memory }),
      ...(domains === undefined ? {} : { domains }),
    };
    const body = { model, messages: [{ role: 'user', content: text } as const], translation_options: options };
    return askChat(this.client, body, signal, { timeoutMs, tokens: tokensFor(text, JSON.stringify(options)) });
  }

  private setRates(): Promise<void> {
    const { model, concurrency } = this.options;
    const usual = mtLimits(model);
    const { requestsPerMinute = usual.requestsPerMinute, tokensPerMinute = usual.tokensPerMinute } = this.options;
    this.rates ??= this.client.limit(model, { requestsPerMinute, tokensPerMinute, concurrency });
    return this.rates;
  }
}

/** The hint at field and tone, which counts as English when its letters are Latin. */
function hintOf({ domains, context }: QwenMtOptions): string | undefined {
  return domains ?? (context !== undefined && latin.test(context) ? context.slice(0, mostHint) : undefined);
}

function unusedContext(options: QwenMtOptions): string[] {
  if (options.context === undefined || hintOf(options) !== undefined) return [];
  return ['Qwen-MT takes a hint in English only, so it translates without --context: write it in English.'];
}

/** Tokens of the prompt that the service adds (usage example of the Qwen-MT page). */
const servicePrompt = 45;

/** In and out, and the prompt that the service adds. */
function tokensFor(text: string, options: string): number {
  return Math.ceil(servicePrompt + 2 * roughTokens(text, shortToken) + options.length / shortToken);
}

function unsupported({ source, target }: TranslationRequest, model: string): DubError {
  const hint =
    model === 'qwen-mt-lite'
      ? 'qwen-mt-lite knows 31 languages, qwen-mt-flash 92: --translator qwen-mt:qwen-mt-flash; or use --translator qwen.'
      : 'Use --translator qwen, which knows more languages.';
  return new DubError('PROVIDER_UNSUPPORTED', `${model} does not translate ${source} to ${target}.`, { hint });
}
