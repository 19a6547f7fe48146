import type { Script, Utterance } from '../../domain/script.js';
import { lengthMs, type Span } from '../../domain/time.js';
import { linesAlone } from './listen.js';

/** Where a speaker is heard alone: whole lines, in order. */
export interface SampleWindow {
  /** One stretch, or several that are to be joined. */
  readonly spans: readonly Span[];
  readonly text: string;
}

/** How long samples may be. */
export interface WindowLimits {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Pauses within a sample: Model Studio takes 2 s at most. */
const longestPauseMs = 1500;
/** A line shorter than this is a cry or a yes, which tells little of a voice. */
const shortestLineMs = 800;
/** What a cloned voice gains from: less is missed, more is not listened to (IndexTTS, Qwen). */
const idealMs = { least: 5000, most: 12_000 };

/**
 * Stretches that could be a sample of a speaker: consecutive whole lines of 5 to 12 s that nobody else speaks into. Where
 * there is none that long, single lines joined together. What is shorter than `limits.minMs` is none.
 * @returns best first as far as the script tells: none is better than another by its sound
 */
export function findWindows(script: Script, speaker: string, limits: WindowLimits): SampleWindow[] {
  const lines = linesAlone(script, speaker).filter((line) => lengthMs(line) >= Math.min(shortestLineMs, limits.minMs));
  const most = Math.min(idealMs.most, limits.maxMs);
  const runs = joinRuns(lines, script, speaker);
  const whole = runs.flatMap((run) => windowsOf(run, Math.max(idealMs.least, limits.minMs), most));
  if (whole.length > 0) return whole.sort((a, b) => distance(a) - distance(b));
  const long = lines
    .filter((line) => lengthMs(line) > most && lengthMs(line) <= limits.maxMs)
    .map((line) => toWindow([line]));
  const joined = joinLines(lines, most);
  return [...long, ...(joined === undefined ? [] : [joined])].filter((window) => soundMs(window) >= limits.minMs);
}

/** How much of the speaker a window holds. */
export function soundMs({ spans }: SampleWindow): number {
  return spans.reduce((sum, span) => sum + lengthMs(span), 0);
}

/** Lines that follow each other without anybody else and without a long pause. */
function joinRuns(lines: readonly Utterance[], script: Script, speaker: string): Utterance[][] {
  const others = script.utterances.filter((utterance) => utterance.speaker !== speaker);
  const runs: Utterance[][] = [];
  for (const line of lines) {
    const last = runs.at(-1)?.at(-1);
    const follows = last !== undefined && line.startMs - last.endMs <= longestPauseMs;
    const isApart = !follows || others.some((other) => other.startMs < line.startMs && other.endMs > last.endMs);
    if (isApart) runs.push([line]);
    else runs.at(-1)!.push(line);
  }
  return runs;
}

function windowsOf(run: readonly Utterance[], least: number, most: number): SampleWindow[] {
  const windows: SampleWindow[] = [];
  for (let from = 0; from < run.length; from++) {
    for (let to = from + 1; to <= run.length; to++) {
      const lengthOfAll = run[to - 1]!.endMs - run[from]!.startMs;
      if (lengthOfAll > most) break;
      if (lengthOfAll >= least) windows.push(toWindow(run.slice(from, to)));
    }
  }
  return windows;
}

/** The longest lines in the order they are spoken, as many as there is room for. */
function joinLines(lines: readonly Utterance[], most: number): SampleWindow | undefined {
  const chosen: Utterance[] = [];
  let lengthOfAll = 0;
  for (const line of [...lines].sort((a, b) => lengthMs(b) - lengthMs(a) || a.startMs - b.startMs)) {
    if (lengthOfAll + lengthMs(line) > most) continue;
    chosen.push(line);
    lengthOfAll += lengthMs(line);
  }
  if (chosen.length === 0) return undefined;
  chosen.sort((a, b) => a.startMs - b.startMs);
  const spans = chosen.map(({ startMs, endMs }) => ({ startMs, endMs }));
  return { spans, text: chosen.map((line) => line.text).join(' ') };
}

function toWindow(lines: readonly Utterance[]): SampleWindow {
  const span = { startMs: lines[0]!.startMs, endMs: lines.at(-1)!.endMs };
  return { spans: [span], text: lines.map((line) => line.text).join(' ') };
}

/** Sentences that end are better than halves of them, and so is a length in the middle. */
function distance(window: SampleWindow): number {
  const ends = /[.!?…。！？؟"”»]$/.test(window.text.trim()) ? 0 : 2000;
  return Math.abs(soundMs(window) - (idealMs.least + idealMs.most) / 2) + ends;
}
