import type { MultiBar, SingleBar } from 'cli-progress';
import type { TextStream } from '../io.js';
import { padEnd, visible } from './text.js';

/** Progress bars at the foot of a terminal, with lines scrolling above them. */
export interface Bars {
  /** A line above the bars, ending in a newline. */
  line(text: string): void;
  /** Shows a stage at work; a bar appears with the first count. */
  begin(key: string, label: string): void;
  advance(key: string, done: number, total: number): void;
  finish(key: string): void;
  /** Takes all bars away and gives the cursor back. */
  stop(): void;
}

interface Stage {
  readonly bar: SingleBar;
  readonly label: string;
  readonly counted: boolean;
}

const barWidth = 24;

/** Makes the bars; nothing is drawn before the first stage begins. */
export async function createBars(stream: TextStream): Promise<Bars> {
  const { default: progress } = await import('cli-progress');
  const multi = new progress.MultiBar({
    stream: stream as NodeJS.WritableStream,
    clearOnComplete: true,
    hideCursor: true,
    // Its own handler would outlive the run; the command stops the bars itself.
    gracefulExit: false,
    // Otherwise a bar whose text did not change stays erased after a line was printed above it.
    forceRedraw: true,
    fps: 10,
    format: (_options, { value, total }, stage: { readonly label: string; readonly counted: boolean }) =>
      formatBar(stage.label, stage.counted ? { value, total } : undefined),
  });
  return barsOver(multi, stream);
}

function barsOver(multi: MultiBar, stream: TextStream): Bars {
  const stages = new Map<string, Stage>();
  return {
    line(text) {
      if (stages.size === 0) return void stream.write(text);
      // Each line also erases what a bar left to its right.
      multi.log(text.replaceAll('\n', '\x1b[K\n'));
      multi.update();
    },
    begin(key, label) {
      if (stages.has(key)) return;
      stages.set(key, { bar: multi.create(1, 0, { label, counted: false }), label, counted: false });
      multi.update();
    },
    advance(key, done, total) {
      const stage = stages.get(key);
      if (!stage || total <= 0) return;
      stage.bar.setTotal(total);
      stage.bar.update(Math.min(done, total), { label: stage.label, counted: true });
      if (!stage.counted) multi.update();
      stages.set(key, { ...stage, counted: true });
    },
    finish(key) {
      const stage = stages.get(key);
      if (!stage) return;
      stages.delete(key);
      multi.remove(stage.bar);
      if (stages.size === 0) multi.stop();
    },
    stop() {
      stages.clear();
      if (multi.isActive) multi.stop();
    },
  };
}

function formatBar(label: string, count: { readonly value: number; readonly total: number } | undefined): string {
  const name = padEnd(visible(label), 16);
  if (!count) return `  ${name} …`;
  const filled = Math.round((barWidth * count.value) / count.total);
  const share = Math.floor((100 * count.value) / count.total);
  // Large totals are milliseconds or bytes: their share says more than their digits.
  const told = count.total < 10_000 ? `  ${count.value}/${count.total}` : '';
  return `  ${name} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${String(share).padStart(3)} %${told}`;
}
