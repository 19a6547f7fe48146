import { basename } from 'node:path';
import type { RunEvent } from '../../pipeline/events.js';
import type { TextStream } from '../io.js';
import type { Bars } from './bars.js';
import { renderReceipt } from './receipt.js';
import { renderResume } from './resume.js';
import type { Style } from './style.js';
import { formatSeconds, padEnd, visible } from './text.js';

/** Tells people on stderr how a run goes. */
export interface Reporter {
  event(event: RunEvent): void;
  /** Takes the bars away; nothing is told afterwards. */
  end(): void;
}

/** How much is told, and with which means. */
export interface ReporterOptions {
  readonly stream: TextStream;
  readonly style: Style;
  /** Bars at the foot of a terminal; undefined in a log. */
  readonly bars: Bars | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** A line per stage as it ends, warnings and failures as they come; every line and cost when verbose, nothing when quiet. */
export function createReporter({ stream, style, bars, quiet, verbose }: ReporterOptions): Reporter {
  if (quiet) return { event: () => undefined, end: () => undefined };
  const line = (text: string) => (bars ? bars.line(`${text}\n`) : void stream.write(`${text}\n`));
  return {
    event(event) {
      moveBars(bars, event);
      const text = describeEvent(event, verbose, style);
      if (text !== undefined) line(text);
    },
    end: () => bars?.stop(),
  };
}

function moveBars(bars: Bars | undefined, event: RunEvent): void {
  if (!bars) return;
  if (event.type === 'stage-start') bars.begin(stageKey(event), stageLabel(event));
  if (event.type === 'stage-progress') bars.advance(stageKey(event), event.done, event.total);
  if (event.type === 'stage-end') bars.finish(stageKey(event));
}

interface OfStage {
  readonly stage: string;
  readonly language?: string | undefined;
}

function stageKey({ stage, language }: OfStage): string {
  return `${stage} ${language ?? ''}`;
}

function stageLabel({ stage, language }: OfStage): string {
  return language === undefined ? stage : `${stage} ${language}`;
}

function describeEvent(event: RunEvent, verbose: boolean, style: Style): string | undefined {
  switch (event.type) {
    case 'run-start':
      return describeStart(event, style);
    case 'resume':
      return renderResume(event, style);
    case 'stage-end': {
      const detail = visible(event.detail ?? 'done');
      const time = event.kept ? 'kept from an earlier run' : formatSeconds(event.ms);
      return `  ${padEnd(stageLabel(event), 16)} ${detail} ${style.dim(`(${time})`)}`;
    }
    case 'warning':
      return `  ${style.yellow('warning:')} ${visible(event.message)}`;
    case 'line-failed':
      return `  ${style.red('failed:')} ${stageLabel(event)}, line ${event.utteranceId}: ${visible(event.message)}`;
    case 'provider-fallback':
      return `  ${style.yellow('warning:')} ${stageLabel(event)} goes on with ${event.to} instead of ${event.from} (${event.code})`;
    case 'receipt':
      return renderReceipt(event.receipt, style).trimEnd() || undefined;
    case 'provider-retry':
      return verbose || event.waitMs >= 5000 ? describeRetry(event, style) : undefined;
    default:
      return verbose ? describeDetail(event, style) : undefined;
  }
}

function describeStart(event: Extract<RunEvent, { type: 'run-start' }>, style: Style): string {
  const engines = Object.entries(event.providers).map(([stage, name]) => `${stage} ${name}`);
  const told = engines.length === 0 ? '' : style.dim(` (${engines.join(', ')})`);
  return `${style.bold(visible(basename(event.input)))} to ${event.targets.join(', ')}${told}`;
}

function describeRetry(event: Extract<RunEvent, { type: 'provider-retry' }>, style: Style): string {
  const wait = formatSeconds(event.waitMs);
  return style.dim(`  ${stageLabel(event)}: ${event.provider} said ${event.code}; attempt ${event.attempt} in ${wait}`);
}

function describeDetail(event: RunEvent, style: Style): string | undefined {
  switch (event.type) {
    case 'line-done':
      return style.dim(`  ${stageLabel(event)}, line ${event.utteranceId}: ${event.kept ? 'kept' : 'done'}`);
    case 'line-overflow':
      return style.dim(
        `  ${event.language ?? ''} line ${event.utteranceId} is ${event.excessMs} ms too long for its place`,
      );
    case 'line-adapted': {
      const after = event.afterMs === null ? 'could not be voiced' : `${event.afterMs} ms`;
      const verdict = event.kept ? '' : ', left as it was';
      return style.dim(
        `  ${event.language ?? ''} line ${event.utteranceId}: ${event.means}, ${event.beforeMs} ms -> ${after} of ${event.wantedMs} ms wanted${verdict}`,
      );
    }
    case 'cost': {
      const money = event.money === null ? 'price unknown' : `${event.money} ${event.currency ?? ''}`.trim();
      return style.dim(`  ${stageLabel(event)}: ${event.provider}, ${event.count} ${event.unit}, ${money}`);
    }
    default:
      return undefined;
  }
}
