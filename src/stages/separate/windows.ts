import type { PcmReader, PcmWriter } from '../../media/pcm.js';

/** How long programmes are cut into windows that overlap and fade into each other. */
export interface Cut {
  /** Length of a window, samples. */
  readonly samples: number;
  /** What is left out at both ends of a window, where a model knows only one side. */
  readonly edge: number;
  /** How long one window fades into the next. */
  readonly fade: number;
}

/** Channels that are worked on together, by their number; the others pass. */
export type ChannelGroups = readonly (readonly number[])[];

/** One window: what goes in by channel, what comes out likewise, at the same length. */
export type WindowWork = (window: readonly Float32Array[], firstFrame: number) => Promise<readonly Float32Array[]>;

/** Where the sound comes from and goes to. */
export interface Passage {
  readonly reader: PcmReader;
  readonly writer: PcmWriter;
  readonly channels: number;
  readonly frames: number;
  /** Told after each window. */
  report(doneFrames: number): void;
}

/**
 * Passes a programme through `work` a window at a time, and puts the pieces together again without seams: fades add up
 * to one. One window is in memory, whatever the length.
 */
export async function passInWindows(
  passage: Passage,
  cut: Cut,
  groups: ChannelGroups,
  work: WindowWork,
): Promise<void> {
  const { reader, writer, channels, frames, report } = passage;
  const { samples, edge, fade } = cut;
  const step = samples - 2 * edge - fade;
  const window = Array.from({ length: channels }, () => new Float32Array(samples));
  const tails = Array.from({ length: channels }, () => new Float32Array(fade));
  await fill(reader, window, edge + fade);
  for (let first = 0, done = 0; done < frames; first += step) {
    const worked: Float32Array[] = [...window];
    for (const group of groups) {
      const made = await work(
        group.map((channel) => window[channel]!),
        first - edge - fade,
      );
      for (const [at, channel] of group.entries()) worked[channel] = made[at]!;
    }
    // What comes before the first window's whole part is before the programme.
    const from = first === 0 ? fade : 0;
    const count = Math.min(step - from, frames - done);
    const block = new Float32Array(count * channels);
    for (const [channel, sound] of worked.entries()) {
      for (let i = 0; i < count; i++) {
        const at = from + i;
        const now = sound[edge + at]!;
        block[i * channels + channel] = at < fade ? tails[channel]![at]! + (now * (at + 0.5)) / fade : now;
      }
      for (let i = 0; i < fade; i++) tails[channel]![i] = (sound[edge + step + i]! * (fade - i - 0.5)) / fade;
    }
    await writer.write(block);
    done += count;
    report(done);
    for (const sound of window) sound.copyWithin(0, step);
    await fill(reader, window, samples - step);
  }
}

/** Puts what is read into the channels from an index on, and silence after the end. */
async function fill(reader: PcmReader, window: readonly Float32Array[], from: number): Promise<void> {
  const wanted = window[0]!.length - from;
  const block = await reader.read(wanted);
  const count = block.length / window.length;
  for (const [channel, sound] of window.entries()) {
    for (let i = 0; i < count; i++) sound[from + i] = block[i * window.length + channel]!;
    sound.fill(0, from + count);
  }
}
