import { z } from 'zod';
import { languageName } from '../../../domain/language.js';
import { DubError } from '../../../errors.js';
import type { CallEstimate, ReplyNotes } from '../../contract.js';
import type { ChatAnswer } from '../../vendors/completions/chat.js';
import { tokenUnits } from '../../vendors/completions/tokens.js';
import type {
  PreparedScript,
  ScriptRequest,
  TranslationProvider,
  TranslationReply,
  TranslationRequest,
} from '../contract.js';
import { type Asker, type Bill, createAsker } from './ask.js';
import { estimateLines, estimateNotes } from './estimate.js';
import type { ModelTraits } from './models.js';
import { type Brief, notesPrompt, promptVersion } from './prompt.js';
import type { ChatService } from './service.js';
import { solve } from './solve.js';
import { notesSchema, readNotes } from './wire.js';

const term = z.strictObject({ source: z.string().trim().min(1), target: z.string().trim().min(1) });

/** The options of every translator that asks a chat model; to be spread into its strict zod object. */
export const translatorFields = {
  /** What the video is, in the user's own words and any language. */
  context: z.string().trim().min(1).max(4000).optional(),
  /** Terms and the translation they must have. */
  glossary: z.array(term).max(500).default([]),
  /** Most wordings of one line, from which the one is taken that fits; each is billed. */
  wordings: z.number().int().min(1).max(3).default(3),
  /** Lines in one request. */
  maxLines: z.number().int().min(1).max(100).default(24),
  /** Characters of source text in one request. */
  maxChars: z.number().int().min(100).max(50_000).default(3000),
  concurrency: z.number().int().min(1).max(32).default(4),
  /** Lower than the model's usual limit where the account's is. */
  requestsPerMinute: z.number().positive().optional(),
  tokensPerMinute: z.number().positive().optional(),
  /** Time for one answer, milliseconds. */
  timeoutMs: z.number().int().positive().default(180_000),
  temperature: z.number().min(0).lt(2).optional(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional(),
} as const;

const translatorOptions = z.object({ ...translatorFields, model: z.string() });

/** What the fields parse to, and the model. */
export type TranslatorOptions = z.output<typeof translatorOptions>;

/** Lines above which a script is read whole before its lines are translated. */
const preparesAbove = 40;

/** A script's first so many characters are read: more does not make a better summary. */
const readChars = 60_000;

/** What differs from one service to the next besides the way to it. */
export interface TranslatorManner {
  readonly traits: ModelTraits;
  /** How the service is told to think or not to. */
  readonly thinkingSwitch: (thinking: boolean) => object;
}

/** A translator by a chat model: JSON in, JSON out, to a length. */
export class ChatTranslator implements TranslationProvider {
  readonly host: string | undefined;
  readonly region: string | undefined;
  readonly billedModel: string;
  readonly limits;
  private readonly asker: Asker;
  private readonly brief: Brief;
  private rates: Promise<void> | undefined;

  constructor(
    private readonly service: ChatService,
    private readonly options: TranslatorOptions,
    private readonly manner: TranslatorManner,
  ) {
    const { maxLines, maxChars, concurrency, model, timeoutMs, temperature, seed } = options;
    this.limits = { maxLines, maxChars, concurrency, adapts: true, preparesAbove };
    this.host = service.host;
    this.region = service.region;
    this.billedModel = model;
    const { traits, thinkingSwitch } = manner;
    this.asker = createAsker(service, traits, { model, timeoutMs, temperature, seed, thinkingSwitch });
    this.brief = { glossary: options.glossary, context: options.context, wordings: options.wordings };
  }

  fingerprint() {
    return { model: this.options.model, prompt: promptVersion };
  }

  async ready() {
    const { ready, detail, hint } = this.service.ready();
    return { ready, detail: ready ? `${this.options.model}: ${detail}` : detail, hint };
  }

  async supports(source: string, target: string): Promise<boolean> {
    return isLanguage(source) && isLanguage(target);
  }

  async translate(request: TranslationRequest, signal: AbortSignal): Promise<TranslationReply> {
    if (!(await this.supports(request.source, request.target))) throw unsupported(request, this.options.model);
    const ledger = createLedger(this.options.model, this.service.warnings);
    if (request.lines.length === 0) return { ...ledger.notes(), lines: [], failures: [] };
    await this.setRates();
    const work = { request, brief: this.brief, asker: this.asker, bill: ledger, signal };
    const outcomes = await solve(work);
    return {
      ...ledger.notes(),
      lines: outcomes.filter((outcome) => 'text' in outcome),
      failures: outcomes.filter((outcome) => 'code' in outcome),
    };
  }

  estimate(request: TranslationRequest): CallEstimate {
    return estimateLines(request, this.brief, this.options.model);
  }

  estimatePreparing(script: ScriptRequest): CallEstimate {
    return estimateNotes({ ...script, lines: headOf(script.lines) }, this.brief, this.options.model);
  }

  async prepare(script: ScriptRequest, signal: AbortSignal): Promise<PreparedScript> {
    const ledger = createLedger(this.options.model, []);
    await this.setRates();
    const lines = headOf(script.lines);
    const question = {
      messages: notesPrompt({ ...script, lines }, this.brief),
      ...{ name: 'notes', schema: notesSchema, read: readNotes },
    };
    const { value } = await this.asker.ask(question, ledger, signal);
    if (value !== undefined) return { ...ledger.notes(), ...value };
    const warnings = [`${this.options.model} gave no summary of the script; terms may vary from line to line.`];
    return { ...ledger.notes(), warnings, summary: '', terms: [] };
  }

  /** The account's rates, told to the client once. */
  private setRates(): Promise<void> {
    const { model, concurrency } = this.options;
    const usual = this.manner.traits;
    const { requestsPerMinute = usual.requestsPerMinute, tokensPerMinute = usual.tokensPerMinute } = this.options;
    this.rates ??= this.service.limit(model, { requestsPerMinute, tokensPerMinute, concurrency });
    return this.rates;
  }
}

function isLanguage(tag: string): boolean {
  try {
    return languageName(tag) !== undefined;
  } catch {
    return false;
  }
}

function unsupported({ source, target }: TranslationRequest, model: string): DubError {
  return new DubError('PROVIDER_UNSUPPORTED', `${model} cannot be asked to translate ${source} to ${target}.`, {
    hint: 'Name languages by their BCP 47 tags, such as en, zh or pt-BR.',
  });
}

function headOf(lines: ScriptRequest['lines']): ScriptRequest['lines'] {
  let chars = 0;
  const end = lines.findIndex(({ text }) => {
    chars += text.length;
    return chars > readChars;
  });
  return end < 0 ? lines : lines.slice(0, end);
}

/** Adds up what is billed and the request ids. */
function createLedger(model: string, warnings: readonly string[]): Bill & { notes(): ReplyNotes } {
  const answers: ChatAnswer[] = [];
  return {
    add: (answer) => void answers.push(answer),
    notes() {
      const units = tokenUnits(
        answers.map(({ tokens }) => tokens),
        model,
      );
      return { warnings, units, requestIds: answers.flatMap(({ requestIds }) => requestIds) };
    },
  };
}
