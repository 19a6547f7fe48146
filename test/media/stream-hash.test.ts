import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashRepackagedStreams, hashStreams } from '../../src/media/stream-hash.js';
import { findMediaTools } from '../../src/media/tools.js';
import { ffmpeg, makeFolder, makeMedia, removeFolder, streamHash } from '../support/media.js';

let folder: string;
let context: Parameters<typeof hashStreams>[2];
let film: string;

beforeAll(async () => {
  folder = await makeFolder();
  context = { tools: await findMediaTools(), signal: new AbortController().signal, scratch: folder };
  film = await makeMedia(folder, { name: 'film %d.mp4', seconds: 1, audio: [{ tone: 300 }, { tone: 500 }] });
});

afterAll(() => removeFolder(folder));

describe('hashStreams', () => {
  it('gives each stream its own hash, by its index', async () => {
    const hashes = await hashStreams(film, [2, 0], context);
    expect(hashes).toEqual(
      new Map([
        [2, await streamHash(film, '2')],
        [0, await streamHash(film, '0')],
      ]),
    );
  });

  it('asks nothing when there is nothing to hash', async () => {
    expect(await hashStreams('/nowhere.mp4', [], context)).toEqual(new Map());
  });

  it('throws for a file that ffmpeg cannot read', async () => {
    await expect(hashStreams(`${folder}/gone.mp4`, [0], context)).rejects.toMatchObject({ code: 'FFMPEG_FAILED' });
  });
});

describe('hashRepackagedStreams', () => {
  it('makes a transport stream comparable with MP4 and Matroska', async () => {
    const [ts, mp4, mkv] = ['a.ts', 'a.mp4', 'a.mkv'].map((name) => `${folder}/${name}`) as [string, string, string];
    await ffmpeg('-i', film, '-map', '0:v', '-map', '0:a:0', '-c', 'copy', ts);
    await ffmpeg('-i', ts, '-c', 'copy', mp4);
    await ffmpeg('-i', mp4, '-c', 'copy', mkv);
    const streams = [
      { index: 0, codec: 'h264' },
      { index: 1, codec: 'aac' },
    ];
    const repackaged = await hashRepackagedStreams(ts, streams, context);
    expect(repackaged).toEqual(await hashStreams(mp4, [0, 1], context));
    expect(repackaged).toEqual(await hashStreams(mkv, [0, 1], context));
    expect(repackaged).not.toEqual(await hashStreams(ts, [0, 1], context));
  });

  it('gives up on what MP4 cannot hold', async () => {
    const wav = await makeMedia(folder, { name: 'a.wav', seconds: 1, video: false });
    expect(await hashRepackagedStreams(wav, [{ index: 0, codec: 'pcm_s16le' }], context)).toEqual(new Map());
    expect(await hashRepackagedStreams(wav, [], context)).toEqual(new Map());
  });

  it('stops when it is told to', async () => {
    const stopped = { ...context, signal: AbortSignal.abort() };
    await expect(hashRepackagedStreams(film, [{ index: 0, codec: 'h264' }], stopped)).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});
