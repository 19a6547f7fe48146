import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DubError } from '../../../errors.js';
import { noNotes } from '../../contract.js';
import { defineProvider } from '../../define.js';
import { detectEngine, type EngineProbe } from '../../vendors/local/detect.js';
import { runEngine } from '../../vendors/local/engine.js';
import { readinessOf } from '../../vendors/local/readiness.js';
import { withScratchFolder } from '../../vendors/local/scratch.js';
import { SharedAnswer } from '../../vendors/local/shared.js';
import { readOutput } from '../../vendors/local/speech.js';
import { hasWords } from '../../vendors/local/text.js';
import type { TranslationLine, TranslationProvider, TranslationReply, TranslationRequest } from '../contract.js';
import { cleanAnswer, type PreparedLine, prepareLine } from './lines.js';
import { chooseMode, installPairCommand, type Mode, readModes } from './modes.js';

const name = 'apertium';

const apertiumOptions = z.strictObject({
  /** Program name or path. */
  binary: z.string().min(1).default('apertium'),
  timeoutMs: z.number().int().positive().default(120_000),
});

type ApertiumOptions = z.output<typeof apertiumOptions>;

/** Apertium: rule-based, the gist of it, best between close languages. */
export const apertium = defineProvider({
  kind: 'translation',
  name,
  summary: 'apertium: the gist only, for rehearsals, with the pairs installed on this machine',
  options: apertiumOptions,
  create: (options, tools): TranslationProvider => new Apertium(options, tools.scratch),
});

type Outcome = { readonly id: string; readonly text: string } | { readonly id: string; readonly message: string };

class Apertium implements TranslationProvider {
  readonly limits = { maxLines: 200, maxChars: 20_000, concurrency: 2, adapts: false } as const;
  private readonly probe: EngineProbe;
  private readonly modes = new SharedAnswer((signal) => this.askModes(signal));

  constructor(
    private readonly options: ApertiumOptions,
    private readonly scratch: string,
  ) {
    const version = (printed: string) => /Apertium (\d[\w.]*)/i.exec(printed)?.[1];
    this.probe = { name, program: options.binary, args: ['-V'], version };
  }

  ready(signal: AbortSignal) {
    return readinessOf(async () => {
      const version = await detectEngine(this.probe, signal);
      const modes = await this.modes.get(signal);
      return `apertium ${version} with ${modes.map((mode) => mode.name).join(', ') || 'no pair'}`;
    });
  }

  async supports(source: string, target: string, signal: AbortSignal): Promise<boolean> {
    return chooseMode(await this.modes.get(signal), source, target) !== undefined;
  }

  async translate(request: TranslationRequest, signal: AbortSignal): Promise<TranslationReply> {
    const modes = await this.modes.get(signal);
    const mode = chooseMode(modes, request.source, request.target);
    if (!mode) throw unsupportedPair(request, modes);
    const silent = request.lines.filter((line) => !hasWords(line.text));
    const spoken = request.lines.filter((line) => hasWords(line.text));
    const outcomes = [
      ...(await this.translateAll(mode.name, spoken, signal)),
      ...silent.map(({ id }) => ({ id, message: 'The line has no words to translate.' })),
    ];
    return {
      ...noNotes,
      lines: outcomes.filter((outcome) => 'text' in outcome),
      failures: outcomes
        .filter((outcome) => 'message' in outcome)
        .map((outcome) => ({ ...outcome, code: 'PROVIDER_BAD_REPLY' })),
    };
  }

  /** All lines in one run; should another number of lines come back, each by itself, so that none gets another's text. */
  private async translateAll(mode: string, lines: readonly TranslationLine[], signal: AbortSignal): Promise<Outcome[]> {
    if (lines.length === 0) return [];
    const answers = await this.ask(mode, lines, signal);
    if (answers.length === lines.length) return answers;
    if (lines.length === 1) {
      const id = lines[0]!.id;
      return [{ id, message: `apertium gave ${answers.length} lines for one.` }];
    }
    const outcomes: Outcome[] = [];
    for (const line of lines) outcomes.push(...(await this.translateAll(mode, [line], signal)));
    return outcomes;
  }

  // By files: apertium is a shell script that opens /dev/stdin anew, which fails for the sockets that Node's pipes are.
  private async ask(mode: string, lines: readonly TranslationLine[], signal: AbortSignal): Promise<Outcome[]> {
    const prepared = lines.map((line) => prepareLine(line.text));
    const printed = await withScratchFolder(this.scratch, signal, async (folder) => {
      const [source, target] = [join(folder, 'source.txt'), join(folder, 'target.txt')];
      await writeFile(source, `${prepared.map((line) => line.sent).join('\n')}\n`);
      await runEngine(this.run(['-u', mode, source, target]), signal);
      return Buffer.from((await readOutput(target)) ?? []).toString('utf8');
    });
    // What was sent ends with a line break, so a last line without one broke off.
    const answers = printed.split('\n').slice(0, -1);
    return answers.map((answer, index) => toOutcome(answer, lines[index]?.id ?? '', prepared[index]));
  }

  private run(args: readonly string[]) {
    return { name, program: this.options.binary, args, timeoutMs: this.options.timeoutMs };
  }

  private async askModes(signal: AbortSignal): Promise<Mode[]> {
    const { stdout } = await runEngine(this.run(['-l']), signal);
    return readModes(stdout.toString('utf8'));
  }
}

function toOutcome(answer: string, id: string, prepared: PreparedLine | undefined): Outcome {
  const text = prepared === undefined ? '' : cleanAnswer(answer, prepared);
  return text === '' ? { id, message: 'apertium gave an empty line.' } : { id, text };
}

function unsupportedPair(request: TranslationRequest, modes: readonly Mode[]): DubError {
  const installed = modes.map((mode) => mode.name).join(', ') || 'none';
  const pair = `${request.source} to ${request.target}`;
  return new DubError('PROVIDER_UNSUPPORTED', `apertium cannot translate ${pair}; installed: ${installed}.`, {
    hint: `See whether there is a package for it: \`${installPairCommand(request.source, request.target)}\`; or choose another translator with --translator.`,
  });
}
