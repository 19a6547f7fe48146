/** A silence within a recording, in samples. */
export interface InnerPause {
  readonly startSample: number;
  readonly endSample: number;
}

const frameSeconds = 0.01;

/** A pause lies this far under the loud parts of a recording. */
const depthDb = 32;

/**
 * The silences within a stretch of mono sound that are at least `leastMs` long, in order; those at its ends left out.
 * Which level is silent follows the recording: 32 dB under its loud parts.
 */
export function findInnerPauses(
  samples: Float32Array,
  sampleRate: number,
  sound: InnerPause,
  leastMs: number,
): InnerPause[] {
  const frame = Math.max(1, Math.round(sampleRate * frameSeconds));
  const count = Math.floor((sound.endSample - sound.startSample) / frame);
  const powers = Float32Array.from({ length: count }, (_, at) => {
    let sum = 0;
    for (let i = sound.startSample + at * frame, end = i + frame; i < end; i++) sum += samples[i]! ** 2;
    return sum / frame;
  });
  const loud = powers.toSorted()[Math.floor(count * 0.95)] ?? 0;
  const gate = loud / 10 ** (depthDb / 10);
  const least = Math.ceil(leastMs / 1000 / frameSeconds);
  const pauses: InnerPause[] = [];
  let from = 0;
  for (let at = 0; at <= count; at++) {
    if (at < count && powers[at]! < gate) continue;
    if (from > 0 && at < count && at - from >= least) {
      pauses.push({ startSample: sound.startSample + from * frame, endSample: sound.startSample + at * frame });
    }
    from = at + 1;
  }
  return pauses;
}

/**
 * The recording with its pauses made as long as wanted. They grow and shrink in their middle, and what is put in is the
 * pause's own quiet, so that the noise of the voice's room goes on.
 * @param wanted lengths in samples, one for each pause
 */
export function resizePauses(
  samples: Float32Array,
  pauses: readonly InnerPause[],
  wanted: readonly number[],
): Float32Array {
  const grown = pauses.map(({ startSample, endSample }, index) => wanted[index]! - (endSample - startSample));
  const resized = new Float32Array(samples.length + grown.reduce((sum, more) => sum + more, 0));
  let [read, written] = [0, 0];
  const copy = (to: number) => {
    resized.set(samples.subarray(read, to), written);
    written += to - read;
    read = to;
  };
  for (const [index, { startSample, endSample }] of pauses.entries()) {
    const middle = (startSample + endSample) >> 1;
    const more = grown[index]!;
    if (more < 0) {
      copy(middle + Math.ceil(more / 2));
      read -= more;
      continue;
    }
    copy(middle);
    const room = samples.subarray(startSample + ((endSample - startSample) >> 2), middle);
    // Forwards and backwards in turn: no seam clicks.
    for (let i = 0; i < more; i++, written++) {
      const at = i % (2 * room.length);
      resized[written] = room[at < room.length ? room.length - 1 - at : at - room.length] ?? 0;
    }
  }
  copy(samples.length);
  return resized;
}
