import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DubError } from '../../src/errors.js';
import { probeFile, readFirstSampleUs } from '../../src/media/probe.js';
import { findMediaTools, type MediaTools } from '../../src/media/tools.js';
import { ffmpeg, makeFolder, makeMedia, removeFolder } from '../support/media.js';

const never = new AbortController().signal;
let folder: string;
let tools: MediaTools;
let film: string;

beforeAll(async () => {
  folder = await makeFolder();
  tools = await findMediaTools();
  film = await makeMedia(folder, { name: 'film.mp4', audio: [{ language: 'eng' }] });
});
afterAll(() => removeFolder(folder));

const probe = (path: string) => probeFile(path, tools, never);

async function refusal(path: string): Promise<DubError> {
  const error = await probe(path).catch((reason: unknown) => reason);
  if (!(error instanceof DubError)) throw new Error(`${path} was read`, { cause: error });
  expect(error.code).toBe('INPUT_UNREADABLE');
  return error;
}

describe('what a file holds', () => {
  it('reads streams, languages and the length of an MP4 on the programme clock', async () => {
    const source = await probe(film);
    expect(source).toMatchObject({ path: film, kind: 'video', zeroUs: 0, durationMs: 2000, frameMs: 40 });
    const [video, audio] = source.streams;
    expect(video).toMatchObject({ type: 'video', codec: 'h264', codecTag: 'avc1', startUs: 0, durationMs: 2000 });
    expect(video?.video).toMatchObject({ width: 64, height: 48, frameRate: 25, rotation: 0 });
    expect(audio).toMatchObject({ type: 'audio', codec: 'aac', language: 'en', startUs: 0, delayUs: 21_333 });
    expect(audio?.audio).toEqual({ sampleRate: 48_000, channels: 1, layout: 'mono' });
    expect(audio?.dispositions).toContain('default');
  });

  it('gives a changed file another fingerprint and an unchanged one the same', async () => {
    const copy = join(folder, 'copy.mp4');
    await copyFile(film, copy);
    const before = (await probe(copy)).fingerprint;
    expect((await probe(copy)).fingerprint).toBe(before);
    const bytes = await readFile(copy);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(copy, bytes);
    expect((await probe(copy)).fingerprint).not.toBe(before);
  });

  it('starts the clock at the earliest of picture and sound, whatever the container counts from', async () => {
    const options = ['-output_ts_offset', '9', '-muxdelay', '0', '-muxpreload', '0'];
    const transport = await makeMedia(folder, { name: 'offset.ts', options: ['-c:a', 'mp2', ...options] });
    const source = await probe(transport);
    expect(source.zeroUs).toBe(Math.min(...source.streams.map((stream) => stream.startUs!)));
    expect(source.zeroUs).toBeGreaterThan(8_900_000);
    expect(Math.abs(source.durationMs - 2000)).toBeLessThanOrEqual(40);
  });

  it('sees sound that an edit list starts late', async () => {
    const late = await makeMedia(folder, { name: 'plain.mp4' });
    const path = join(folder, 'late.mp4');
    await ffmpeg('-i', late, '-itsoffset', '1.5', '-i', late, '-map', '0:v', '-map', '1:a', '-c', 'copy', path);
    const source = await probe(path);
    expect(source.zeroUs).toBe(0);
    // The encoder's first 21 ms come before what was at 1.5 s.
    expect(source.streams[1]?.startUs).toBe(1_478_000);
    expect(Math.abs(source.durationMs - 3500)).toBeLessThanOrEqual(25);
  });

  it('takes the pre-skip of Opus in Matroska off its start and its end', async () => {
    const path = await makeMedia(folder, { name: 'opus.mkv', audio: [{ codec: 'libopus' }] });
    const [video, audio] = (await probe(path)).streams;
    expect(audio?.delayUs).toBe(6500);
    expect(Math.abs(audio!.startUs!)).toBeLessThanOrEqual(1000);
    expect(Math.abs(audio!.durationMs! - 2000)).toBeLessThanOrEqual(20);
    expect(video?.durationMs).toBe(2000);
  });

  it('starts a picture of AVI with B-frames when its first frame is shown, not when it is decoded', async () => {
    const path = await makeMedia(folder, { name: 'reordered.avi', options: ['-c:v', 'mpeg4', '-bf', '2'] });
    const { zeroUs, streams } = await probe(path);
    expect([zeroUs, streams[0]!.startUs, streams[0]!.durationMs]).toEqual([0, 40_000, 2000]);
  });

  it('counts the length of an MP3 from its first sound', async () => {
    const path = await makeMedia(folder, { name: 'tone.mp3', video: false });
    const source = await probe(path);
    expect(source.kind).toBe('audio');
    expect(source.zeroUs).toBe(23_021);
    expect(Math.abs(source.durationMs - 2000)).toBeLessThanOrEqual(24);
  });

  it('measures an MP3 whose length would be a guess', async () => {
    const noise = ['-f', 'lavfi', '-i', 'anoisesrc=d=3:a=0.3', '-f', 'lavfi', '-i', 'anullsrc=d=9'];
    const path = join(folder, 'no-index.mp3');
    const codec = ['-c:a', 'libmp3lame', '-q:a', '4', '-write_xing', '0'];
    await ffmpeg(...noise, '-filter_complex', '[0][1]concat=v=0:a=1', ...codec, path);
    expect(Math.abs((await probe(path)).durationMs - 12_000)).toBeLessThan(60);
  });

  it('measures a WebM that has no durations at all', async () => {
    const path = join(folder, 'live.webm');
    const made = await ffmpeg('-i', film, '-c:v', 'libvpx', '-c:a', 'libopus', '-live', '1', '-f', 'webm', 'pipe:1');
    await writeFile(path, made);
    expect(Math.abs((await probe(path)).durationMs - 2000)).toBeLessThanOrEqual(25);
  });

  it('reads rotation, chapters and tags, and takes cover art for no film', async () => {
    const notes = join(folder, 'notes.txt');
    await writeFile(
      notes,
      ';FFMETADATA1\ntitle=A “talk”\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=Two words\n',
    );
    const rotated = join(folder, 'rotated.mov');
    const meta = ['-map_metadata', '1', '-map_chapters', '1', '-metadata:s:v', 'rotate=90'];
    await ffmpeg('-i', film, '-i', notes, '-map', '0', ...meta, '-c', 'copy', rotated);
    const source = await probe(rotated);
    expect(Math.abs(source.streams[0]!.video!.rotation)).toBe(90);
    expect(source.chapters).toContainEqual({ startMs: 0, endMs: 2000, title: 'Two words' });
    expect(source.tags.title).toBe('A “talk”');

    const cover = join(folder, 'cover.mp3');
    const tone = ['-f', 'lavfi', '-i', 'sine=d=1', '-f', 'lavfi', '-i', 'color=s=32x32:d=0.04'];
    await ffmpeg(...tone, '-map', '0', '-map', '1', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic', cover);
    const song = await probe(cover);
    expect(song.kind).toBe('audio');
    expect(song.streams.find((stream) => stream.type === 'video')?.attachedPicture).toBe(true);
  });

  it('ignores subtitles that run past the picture', async () => {
    const srt = join(folder, 'long.srt');
    await writeFile(srt, '1\n00:00:00,500 --> 00:00:05,000\nStill here\n');
    const path = join(folder, 'long-subs.mkv');
    await ffmpeg('-i', film, '-i', srt, '-map', '0', '-map', '1', '-c', 'copy', '-c:s', 'srt', path);
    expect(Math.abs((await probe(path)).durationMs - 2000)).toBeLessThanOrEqual(25);
  });

  it('tells when the first sample that decodes is heard', async () => {
    expect(await readFirstSampleUs(film, 1, tools, never)).toBe(0);
    const silentPicture = await makeMedia(folder, { name: 'mute.mp4', audio: [] });
    expect(await readFirstSampleUs(silentPicture, 1, tools, never)).toBeUndefined();
  });
});

describe('names of any kind', () => {
  const names = [
    'two words.mp4',
    `it's "so".mp4`,
    'line\nbreak.mp4',
    '100%d%03d.mp4',
    'a:b.mp4',
    '-i.mp4',
    '🎬 你好 ñ.mp4',
    'file:a.mp4',
    'concat:a.mp4|b.mp4',
    'pipe:0.mp4',
    'back\\slash [x] {y} $HOME.mp4',
    `${'é'.repeat(125)}x.mp4`,
  ];
  it.each(names)('reads %j', async (name) => {
    await mkdir(join(folder, 'names'), { recursive: true });
    const path = join(folder, 'names', name);
    await copyFile(film, path);
    const source = await probe(path);
    expect(source.path).toBe(path);
    expect(source.durationMs).toBe(2000);
  });
});

describe('what cannot be read', () => {
  it('says there is no such file', async () => {
    const error = await refusal(join(folder, 'nowhere', 'a.mp4'));
    expect(error.message).toBe(`There is no file ${join(folder, 'nowhere', 'a.mp4')}.`);
    expect((await refusal(join(film, 'a.mp4'))).message).toMatch(/^There is no file/);
  });

  it('says that a folder, an empty file, a device and an endless name are none', async () => {
    expect((await refusal(folder)).message).toBe(`${folder} is a folder, not a media file.`);
    const empty = join(folder, 'empty.mp4');
    await writeFile(empty, '');
    expect((await refusal(empty)).message).toBe(`${empty} is empty (0 bytes).`);
    expect((await refusal('/dev/null')).message).toBe('/dev/null is not a regular file.');
    expect((await refusal(join(folder, 'x'.repeat(256)))).message).toMatch(/^The name is too long/);
  });

  it.skipIf(process.getuid?.() === 0)('says that a file may not be read', async () => {
    const locked = join(folder, 'locked.mp4');
    await copyFile(film, locked);
    await chmod(locked, 0);
    expect((await refusal(locked)).message).toBe(`${locked} may not be read by this user.`);
  });

  it('knows a text with the name of a film', async () => {
    const path = join(folder, 'text.mp4');
    await writeFile(path, 'This is no film.\n'.repeat(50));
    const error = await refusal(path);
    expect(error.message).toBe(`${path} cannot be read as audio or video (Invalid data found when processing input).`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('knows text and subtitles that ffprobe takes for streams', async () => {
    const text = join(folder, 'readme.txt');
    await writeFile(text, 'This is no film.\n'.repeat(50));
    expect((await refusal(text)).message).toBe(`${text} holds neither sound nor moving pictures (only text).`);
    const srt = join(folder, 'only.srt');
    await writeFile(srt, '1\n00:00:00,500 --> 00:00:01,000\nHello\n');
    const error = await refusal(srt);
    expect(error.message).toBe(`${srt} holds neither sound nor moving pictures (only subtitle).`);
    expect(error.hint).toContain('--script');
  });

  it('knows an MP4 that was cut off before its index', async () => {
    const path = join(folder, 'cut.mp4');
    await copyFile(film, path);
    await truncate(path, 6000);
    const error = await refusal(path);
    expect(error.message).toBe(`${path} is cut off: its index (the moov atom) is missing.`);
    expect(error.hint).toContain('broke off');
  });

  it('says FFMPEG_MISSING when ffprobe has gone', async () => {
    const gone = { ...tools, ffprobe: join(folder, 'gone') };
    await expect(probeFile(film, gone, never)).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
  });

  it('is interrupted by the signal, before and while ffprobe runs', async () => {
    await expect(probeFile(film, tools, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const slow = join(folder, 'slow-ffprobe');
    await writeFile(slow, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    await runs(slow);
    const abort = new AbortController();
    const probing = probeFile(film, { ...tools, ffprobe: slow }, abort.signal);
    setTimeout(() => abort.abort(), 50);
    await expect(probing).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

/** A program just written may be "busy" while another child of this process still holds it open. */
async function runs(program: string): Promise<void> {
  for (;;) {
    const child = spawn(program, { stdio: 'ignore' });
    const [outcome] = await Promise.race([once(child, 'spawn').then(() => ['spawned']), once(child, 'error')]);
    child.kill('SIGKILL');
    if (outcome === 'spawned') return;
  }
}
