import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DubError } from '../../src/errors.js';
import { ffmpegPath, runFfmpeg } from '../../src/media/run.js';
import { findMediaTools, type MediaTools } from '../../src/media/tools.js';
import { findChildren, waitForChild } from '../support/children.js';
import { decodeMono, makeFolder, makeMedia, probeJson, removeFolder } from '../support/media.js';

const run = promisify(execFile);
const never = new AbortController().signal;
const rawAudio = ['-f', 'f32le', '-ar', '8000', '-ac', '1'];
const tenSeconds = 8000 * 4 * 10;

let folder: string;
let tools: MediaTools;
let tone: string;

beforeAll(async () => {
  folder = await makeFolder();
  tools = await findMediaTools();
  tone = await makeMedia(folder, { name: 'tone.wav', video: false, seconds: 10, audio: [{ sampleRate: 8000 }] });
});
afterAll(() => removeFolder(folder));

/** An endless job that writes into `name`. */
function endless(name: string) {
  return {
    purpose: 'make noise',
    inputs: [{ options: ['-re', '-stream_loop', '-1'], from: tone }],
    outputs: [{ options: ['-c:a', 'pcm_s16le', '-f', 'wav'], to: join(folder, name) }],
  };
}

async function failure(promise: Promise<unknown>): Promise<DubError> {
  const error = await promise.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DubError)) throw error;
  return error;
}

describe('runFfmpeg', () => {
  it('keeps options with spaces whole', async () => {
    const to = join(folder, 'titled.wav');
    const options = ['-metadata', 'title=Two words', '-metadata', 'comment=it\'s 100 % "so"'];
    await runFfmpeg({ purpose: 'copy', inputs: [{ from: tone }], outputs: [{ options, to }] }, tools, never);
    expect((await probeJson(to)).format.tags).toMatchObject({ title: 'Two words', comment: 'it\'s 100 % "so"' });
  });

  it('reads from a stream and writes to a stream at once, whole', async () => {
    const received: Buffer[] = [];
    const to = new Writable({
      highWaterMark: 4096,
      write(chunk: Buffer, _encoding, done) {
        received.push(chunk);
        setImmediate(done);
      },
    });
    const from = createReadStream(tone);
    const job = { purpose: 'decode', inputs: [{ from }], outputs: [{ options: rawAudio, to }] };
    await runFfmpeg(job, tools, never);
    expect(Buffer.concat(received).length).toBe(tenSeconds);
    expect(to.writableFinished).toBe(true);
  });

  it('waits for its files after the stream has ended', async () => {
    const to = new Writable({ write: (_chunk, _encoding, done) => done() });
    const file = join(folder, 'beside.flac');
    const outputs = [
      { options: rawAudio, to },
      { options: ['-c:a', 'flac'], to: file },
    ];
    await runFfmpeg({ purpose: 'decode', inputs: [{ from: tone }], outputs }, tools, never);
    expect((await decodeMono(file, 8000)).length).toBe(tenSeconds / 4);
  });

  it('takes no more from ffmpeg than the reader wants', async () => {
    let taken = 0;
    let letOn: () => void = () => {};
    const to = new Writable({
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length;
        letOn = done;
      },
    });
    const options = ['-t', '3600', ...rawAudio];
    const abort = new AbortController();
    const inputs = [{ options: ['-stream_loop', '-1'], from: tone }];
    const running = runFfmpeg({ purpose: 'decode', inputs, outputs: [{ options, to }] }, tools, abort.signal);
    const ended = failure(running);
    while (taken === 0) await sleep(10);
    await sleep(300);
    const first = taken;
    expect(first).toBeLessThan(200_000);
    letOn();
    while (taken === first) await sleep(10);
    abort.abort();
    expect((await ended).code).toBe('INTERRUPTED');
  });

  it('names the purpose, the command and the last lines when ffmpeg fails', async () => {
    const to = join(folder, "it's no codec.wav");
    const job = { purpose: 'try this', inputs: [{ from: tone }], outputs: [{ options: ['-c:a', 'nonsense'], to }] };
    const error = await failure(runFfmpeg(job, tools, never));
    expect(error.code).toBe('FFMPEG_FAILED');
    expect(error.message).toMatch(/^ffmpeg could not try this \(ffmpeg exited with code 1/);
    expect(error.message).toContain("'file:");
    expect(error.message).toContain("it'\\''s no codec.wav'");
    expect(error.message).toContain("Unknown encoder 'nonsense'");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('reports a process that was killed from outside', async () => {
    const failed = failure(runFfmpeg(endless('killed.wav'), tools, never));
    process.kill(await waitForChild('killed.wav'), 'SIGKILL');
    const error = await failed;
    expect(error.code).toBe('FFMPEG_FAILED');
    expect(error.message).toContain('killed with signal SIGKILL');
    expect(error.message).toContain('killed.wav');
  });

  it('has ended the process when an abort rejects', async () => {
    const abort = new AbortController();
    const failed = failure(runFfmpeg(endless('aborted.wav'), tools, abort.signal));
    await waitForChild('aborted.wav');
    abort.abort();
    expect((await failed).code).toBe('INTERRUPTED');
    expect(await findChildren('aborted.wav')).toEqual([]);
  });

  it('starts nothing when aborted before, and stops what is just starting', async () => {
    expect((await failure(runFfmpeg(endless('none.wav'), tools, AbortSignal.abort()))).code).toBe('INTERRUPTED');
    const abort = new AbortController();
    const failed = failure(runFfmpeg(endless('none.wav'), tools, abort.signal));
    abort.abort();
    expect((await failed).code).toBe('INTERRUPTED');
    expect(await findChildren('none.wav')).toEqual([]);
  });

  it("rejects with the input stream's own error once the process is gone", async () => {
    const broken = new Error('the source broke');
    async function* half() {
      yield Buffer.alloc(80_000);
      await sleep(50);
      throw broken;
    }
    const to = join(folder, 'from-broken.wav');
    const inputs = [{ options: rawAudio, from: Readable.from(half()) }];
    const running = runFfmpeg({ purpose: 'encode', inputs, outputs: [{ options: [], to }] }, tools, never);
    await expect(running).rejects.toBe(broken);
    expect(await findChildren('from-broken.wav')).toEqual([]);
  });

  it("rejects with the output stream's own error once the process is gone", async () => {
    const broken = new Error('the reader broke');
    const to = new Writable({ write: (_chunk, _encoding, done) => done(broken) });
    const options = ['-t', '600', ...rawAudio];
    const inputs = [{ options: ['-stream_loop', '-1'], from: tone }];
    const running = runFfmpeg({ purpose: 'decode', inputs, outputs: [{ options, to }] }, tools, never);
    await expect(running).rejects.toBe(broken);
    expect(await findChildren('tone.wav')).toEqual([]);
  });

  it('goes on well when ffmpeg needs less than the input stream has', async () => {
    const from = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    const to = join(folder, 'enough.wav');
    const job = {
      purpose: 'encode',
      inputs: [{ options: rawAudio, from }],
      outputs: [{ options: ['-t', '1'], to }],
    };
    await runFfmpeg(job, tools, never);
    expect((await decodeMono(to, 8000)).length).toBe(8000);
  });

  it('says FFMPEG_MISSING when the program has gone since it was found', async () => {
    const gone = { ...tools, ffmpeg: join(folder, 'gone') };
    const error = await failure(runFfmpeg(endless('gone.wav'), gone, never));
    expect(error.code).toBe('FFMPEG_MISSING');
    expect(error.message).toContain('ENOENT');
  });

  it('says DISK_FULL when a stream reports a full disk', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const to = new Writable({ write: (_chunk, _encoding, done) => done(full) });
    const running = runFfmpeg(
      { purpose: 'decode', inputs: [{ from: tone }], outputs: [{ options: rawAudio, to }] },
      tools,
      never,
    );
    const error = await failure(running);
    expect(error.code).toBe('DISK_FULL');
    expect(error.message).toBe('The disk filled up while ffmpeg tried to decode.');
    expect(error.cause).toBe(full);
  });

  it('says DISK_FULL when ffmpeg cannot write its file', async () => {
    const { path, done } = await smallDisk();
    try {
      const outputs = [{ options: ['-ar', '48000', '-f', 'wav'], to: path }];
      const error = await failure(runFfmpeg({ purpose: 'copy', inputs: [{ from: tone }], outputs }, tools, never));
      expect(error.code).toBe('DISK_FULL');
      expect(error.hint).toContain('--work DIR');
    } finally {
      await done();
    }
  });
});

/** A file on a file system of 64 KiB where this user may mount one, else `/dev/full`. */
async function smallDisk(): Promise<{ path: string; done: () => Promise<unknown> }> {
  const mounted = join(folder, 'small-disk');
  await mkdir(mounted);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mounted]);
    return { path: join(mounted, 'big.wav'), done: () => run('umount', [mounted]) };
  } catch {
    await stat('/dev/full');
    return { path: '/dev/full', done: async () => (await open('/dev/full')).close() };
  }
}

describe('ffmpegPath', () => {
  it('marks every path as a file', () => {
    expect(ffmpegPath('concat:a.mp4')).toBe('file:concat:a.mp4');
    expect(ffmpegPath('-i')).toBe('file:-i');
  });
});
