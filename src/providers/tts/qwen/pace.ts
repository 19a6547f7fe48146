import { usualMs } from '../../vendors/dashscope/speech/text.js';

/** Looks at the length of what comes back, because a speech rate may be ignored without a word. */
export interface PaceWatch {
  heard(text: string, durationMs: number): void;
  warnings(): string[];
}

/** Voices differ by a third in pace: smaller changes cannot be told from that. */
const leastChange = 1.3;
/** Half a minute of speech evens out what single lines do. */
const leastMs = 30_000;

/** A watch for that rate; it never warns without one. */
export function createPaceWatch(speechRate: number | undefined): PaceWatch {
  let [expected, measured] = [0, 0];
  return {
    heard(text, durationMs) {
      expected += usualMs(text);
      measured += durationMs;
    },
    warnings() {
      if (speechRate === undefined || expected < leastMs) return [];
      const asked = Math.log(speechRate);
      if (Math.abs(asked) < Math.log(leastChange)) return [];
      const found = Math.log(expected / measured);
      // Nearer to the usual pace than to the one that was asked for.
      if (Math.abs(found) >= Math.abs(found - asked)) return [];
      return [
        `speechRate ${speechRate} seems to be ignored: the speech comes at the usual pace. It is undocumented; leave it out.`,
      ];
    },
  };
}
