import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPcmReader, openPcmWriter } from '../../src/media/pcm.js';
import { findMediaTools, type MediaTools } from '../../src/media/tools.js';
import { noise } from '../sound/signals.js';
import { findChildren, waitForChild } from '../support/children.js';
import { makeFolder, removeFolder } from '../support/media.js';

const stereo = { sampleRate: 48_000, channels: 2, layout: 'stereo' };
const never = new AbortController().signal;
let folder: string;
let tools: MediaTools;

beforeAll(async () => {
  folder = await makeFolder();
  tools = await findMediaTools();
});

afterAll(() => removeFolder(folder));

function writerTo(name: string, signal = never) {
  const output = { options: ['-c:a', 'pcm_f32le', '-f', 'wav'], to: name.startsWith('/') ? name : join(folder, name) };
  return openPcmWriter({ purpose: 'write a test', format: stereo, output }, tools, signal);
}

function readerOf(name: string, more: { filter?: string; stream?: string; signal?: AbortSignal } = {}) {
  const { filter, stream = '0:a:0', signal = never } = more;
  const input = { from: join(folder, name) };
  return openPcmReader({ purpose: 'read a test', input, stream, filter, format: stereo }, tools, signal);
}

async function writeNoise(name: string, frames: number): Promise<Float32Array> {
  const samples = noise(frames * 2);
  const writer = writerTo(name);
  for (let at = 0; at < samples.length; at += 9998) await writer.write(samples.subarray(at, at + 9998));
  await writer.finish();
  return samples;
}

describe('PCM through ffmpeg', () => {
  it('comes back bit for bit, in pieces of any size', async () => {
    const samples = await writeNoise('round trip.wav', 300_000);
    const reader = readerOf('round trip.wav');
    const back = new Float32Array(samples.length);
    let at = 0;
    for (const frames of [1, 7, 100_000, 150_000, 60_000, 60_000]) {
      const piece = await reader.read(frames);
      back.set(piece, at);
      at += piece.length;
    }
    expect(at).toBe(samples.length);
    expect(Buffer.from(back.buffer).equals(Buffer.from(samples.buffer))).toBe(true);
    expect(await reader.read(10)).toHaveLength(0);
    await reader.close();
  });

  it('keeps blocks in order, however many are written', async () => {
    const writer = writerTo('order.wav');
    for (let value = 1; value <= 200; value++) await writer.write(new Float32Array(2000).fill(value / 256));
    await writer.finish();
    const samples = await readerOf('order.wav').read(200_000);
    for (let value = 1; value <= 200; value++) expect(samples[value * 2000 - 1]).toBe(value / 256);
  });

  it('makes ffmpeg wait for a slow reader', async () => {
    await writeNoise('long.wav', 2_000_000);
    const reader = readerOf('long.wav');
    await reader.read(10);
    await sleep(300);
    const children = await findChildren('long.wav');
    await reader.close();
    expect(children).toHaveLength(1);
    expect(await findChildren('long.wav')).toEqual([]);
  });

  it('gives what there is in the layout asked for', async () => {
    await writeNoise('to stereo.wav', 4800);
    const reader = readerOf('to stereo.wav', { filter: 'aresample=24000,pan=mono|c0=c0' });
    expect(await reader.read(100_000)).toHaveLength(4800 * 2);
  });
});

describe('PCM when something breaks', () => {
  it('says what ffmpeg said when the file is no sound', async () => {
    await writeFile(join(folder, 'text.wav'), 'no sound at all');
    const reading = readerOf('text.wav').read(10);
    await expect(reading).rejects.toMatchObject({
      code: 'FFMPEG_FAILED',
      message: expect.stringContaining('read a test'),
    });
  });

  it('does not take a missing stream for an empty one', async () => {
    await writeNoise('one stream.wav', 100);
    await expect(readerOf('one stream.wav', { stream: '0:5' }).read(10)).rejects.toMatchObject({
      code: 'FFMPEG_FAILED',
    });
  });

  it('says that ffmpeg is missing, to a reader and to a writer', async () => {
    const without = { ...tools, ffmpeg: join(folder, 'no-ffmpeg') };
    const input = { from: join(folder, 'x.wav') };
    const reader = openPcmReader({ purpose: 'read', input, stream: '0:a', format: stereo }, without, never);
    await expect(reader.read(1)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
    const output = { options: ['-f', 'wav'], to: join(folder, 'y.wav') };
    const writer = openPcmWriter({ purpose: 'write', format: stereo, output }, without, never);
    await expect(writeForEver(writer)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });

  it.skipIf(!existsSync('/dev/full'))('reports a full disk to the writer', async () => {
    await expect(writeForEver(writerTo('/dev/full'))).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  it('ends both processes and rejects when the run is interrupted', async () => {
    await writeNoise('interrupted.wav', 1_000_000);
    const stop = new AbortController();
    const reader = readerOf('interrupted.wav', { signal: stop.signal });
    const writer = writerTo('interrupted out.wav', stop.signal);
    await reader.read(10);
    await writer.write(new Float32Array(200_000));
    await waitForChild('interrupted out.wav');
    stop.abort();
    await expect(writeForEver(writer)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(reader.read(2_000_000)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await Promise.all([reader.close(), writer.close()]);
    expect(await findChildren('interrupted')).toEqual([]);
  });

  it('starts nothing when the run was interrupted before', async () => {
    const reader = readerOf('interrupted.wav', { signal: AbortSignal.abort() });
    await expect(reader.read(1)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('closes a writer midway without an error', async () => {
    const writer = writerTo('midway.wav');
    await writer.write(new Float32Array(200_000));
    await writer.close();
    expect(await findChildren('midway.wav')).toEqual([]);
  });

  it('fails when ffmpeg is killed midway', async () => {
    const writer = writerTo('killed.wav');
    await writer.write(new Float32Array(200_000));
    process.kill(await waitForChild('killed.wav'), 'SIGKILL');
    await expect(writeForEver(writer)).rejects.toMatchObject({ code: 'FFMPEG_FAILED' });
  });
});

/** Writes until it is refused. */
async function writeForEver(writer: ReturnType<typeof openPcmWriter>): Promise<void> {
  for (let block = 0; block < 2000; block++) await writer.write(new Float32Array(100_000));
  await writer.finish();
}
