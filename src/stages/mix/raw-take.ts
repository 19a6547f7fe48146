import { readFile } from 'node:fs/promises';

/** The samples of a prepared take, -1…1, as many as are there up to `length`. */
export async function readRawTake(path: string, length: number): Promise<Float32Array> {
  const bytes = await readFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(Math.min(length, bytes.length >> 1));
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(i * 2, true) / 32_768;
  return samples;
}
