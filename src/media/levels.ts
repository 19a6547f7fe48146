import { LevelMeter, levelBlockMs } from '../sound/level.js';
import { openPcmReader } from './pcm.js';
import type { MediaTools } from './tools.js';

/** Rate the speech track is read at, Hz. */
const sampleRate = 16_000;

/**
 * Mean K-weighted power of every block of a speech track, as a stream: memory is one number a block.
 * @param path 16 kHz, one channel
 * @throws INPUT_UNREADABLE, FFMPEG_FAILED, INTERRUPTED
 */
export async function readLevels(
  path: string,
  tools: MediaTools,
  signal: AbortSignal,
  blockMs = levelBlockMs,
): Promise<Float32Array> {
  const meter = new LevelMeter(sampleRate, blockMs);
  const format = { sampleRate, channels: 1, layout: 'mono' };
  const decode = { purpose: 'find pauses in the speech track', input: { from: path }, stream: '0:a:0', format };
  const reader = openPcmReader(decode, tools, signal);
  try {
    for (;;) {
      const samples = await reader.read(sampleRate);
      meter.push(samples);
      if (samples.length < sampleRate) return meter.powers();
    }
  } finally {
    await reader.close();
  }
}
