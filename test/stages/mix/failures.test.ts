import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Timeline } from '../../../src/domain/timeline.js';
import { findMediaTools } from '../../../src/media/tools.js';
import type { StageEvent } from '../../../src/stages/context.js';
import type { MixCodec } from '../../../src/stages/mix/index.js';
import { mix } from '../../../src/stages/mix/index.js';
import { Progress } from '../../../src/stages/mix/progress.js';
import { noise } from '../../sound/signals.js';
import { noBuyer } from '../../support/buyers.js';
import { findChildren, waitForChild } from '../../support/children.js';
import { makeFolder, removeFolder } from '../../support/media.js';
import { floatCodec, mixScene, type Scene } from './scene.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => removeFolder(folder));

const flac: MixCodec = {
  codec: 'flac',
  sampleRate: 48_000,
  channels: 1,
  layout: 'mono',
  options: ['-c:a', 'flac', '-f', 'flac'],
};

const scene: Scene = {
  source: noise(6 * 48_000, 0.3),
  takes: Array.from({ length: 5 }, (_, i) => ({ hz: 500 + i * 40, startMs: 1000 * i, tempo: 1.1 })),
};

describe('a mix that cannot be finished', () => {
  it.skipIf(!existsSync('/dev/full'))('says that the disk is full', async () => {
    const full = mixScene(folder, { ...scene, options: { codec: flac, outPath: '/dev/full' } });
    await expect(full).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await findChildren(folder)).toEqual([]);
  });

  it('ends its processes and clears up when it is interrupted', async () => {
    const stop = new AbortController();
    const outPath = join(folder, 'stopped.mp4');
    const aac = { ...flac, codec: 'aac', options: ['-c:a', 'aac', '-f', 'mp4'] };
    // One minute: the encoder is still at work when it is found.
    const source = noise(60 * 48_000, 0.3);
    const mixing = mixScene(folder, { ...scene, source, signal: stop.signal, options: { codec: aac, outPath } });
    const rejected = expect(mixing).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await waitForChild('stopped.mp4');
    stop.abort();
    await rejected;
    expect(await findChildren(folder)).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.startsWith('mix-'))).toEqual([]);
  });

  it('does not start when it was interrupted before', async () => {
    await expect(mixScene(folder, { ...scene, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });

  it('says which take cannot be read, and ends the decoder', async () => {
    const soundtrack = {
      sourcePath: join(folder, 'scene-0 source.wav'),
      streamIndex: 0,
      offsetUs: 0,
      durationMs: 6000,
      sampleRate: 48_000,
      channels: 1,
      layout: 'mono',
      loudness: { integratedLufs: -20, truePeakDbtp: -1 },
    };
    await rm(join(folder, 'gone.wav'), { force: true });
    const take = {
      path: join(folder, 'gone.wav'),
      sampleRate: 48_000,
      startSample: 0,
      endSample: 4800,
      durationMs: 100,
    };
    const takes = { takes: [{ ...take, utteranceId: 'u1', voice: 'v', provider: 'p' }], failures: [] };
    const timeline: Timeline = {
      programmeMs: 6000,
      placements: [{ utteranceId: 'u1', startMs: 0, durationMs: 100, tempo: 1 }],
      overflows: [],
      cost: 0,
    };
    const options = {
      bed: 'duck',
      duckDb: -20,
      loudness: 'source',
      onOverflow: 'overrun',
      codec: floatCodec(1),
    } as const;
    const ctx = {
      signal: new AbortController().signal,
      scratch: folder,
      tools: await findMediaTools(),
      buyer: noBuyer,
      keeper: { file: () => Promise.reject(new Error('the mix keeps nothing')) },
      emit: () => {},
    };
    const outPath = join(folder, 'never.wav');
    const mixing = mix(soundtrack, takes, timeline, { ...options, outPath }, ctx);
    await expect(mixing).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringContaining('gone.wav'),
    });
    expect(await findChildren(folder)).toEqual([]);
    await expect(mix(soundtrack, { takes: [], failures: [] }, timeline, { ...options, outPath }, ctx)).rejects.toThrow(
      'u1',
    );
  });
});

describe('progress', () => {
  it('rises from part to part, at most once a second', () => {
    let now = 0;
    const events: StageEvent[] = [];
    const progress = new Progress(10_000, { emit: (event) => events.push(event) }, () => now);
    const [first, second] = [progress.part(0, 0.2), progress.part(0.2, 1)];
    const tell = (at: number, report: (share: number) => void, share: number) => {
      now = at;
      report(share);
    };
    tell(500, first, 0.2);
    tell(1000, first, 0.5);
    tell(1900, first, 0.9);
    tell(2100, second, 0);
    tell(4000, first, 0.1);
    tell(5000, second, 0.5);
    tell(9000, second, 1.2);
    const done = events.map((event) => (event.type === 'stage-progress' ? event.done : -1));
    expect(done).toEqual([1000, 2000, 6000, 10_000]);
    expect(events[0]).toEqual({ type: 'stage-progress', stage: 'mix', done: 1000, total: 10_000 });
  });
});
