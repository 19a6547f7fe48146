import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dub } from '../../src/domain/dub.js';
import type { Source } from '../../src/domain/source.js';
import { chooseAudioStream } from '../../src/media/audio-stream.js';
import { type ContainerName, findContainer } from '../../src/media/containers.js';
import { hasIndexFirst } from '../../src/media/mp4-layout.js';
import { probeFile } from '../../src/media/probe.js';
import { type MuxOptions, mux } from '../../src/stages/mux/index.js';
import { hashFile } from '../../src/workspace/hash.js';
import { encodeDub } from '../support/dub-track.js';
import {
  clickTrack,
  decodeMono,
  ffmpeg,
  findClick,
  firstSampleTime,
  makeFolder,
  makeMedia,
  packetsOf,
  packetTimes,
  probeJson,
  removeFolder,
  streamHash,
} from '../support/media.js';
import { makeContext, type RecordedContext } from '../support/stage-context.js';

let folder: string;
let ctx: RecordedContext;
let srt: string;

beforeAll(async () => {
  folder = await makeFolder();
  ctx = await makeContext(folder);
  srt = join(folder, 'dub.srt');
  await writeFile(srt, '1\n00:00:00,600 --> 00:00:01,400\nHola, ¿qué tal?\n');
});
afterAll(() => removeFolder(folder));

const probe = (path: string) => probeFile(path, ctx.tools, ctx.signal);

interface Muxed {
  readonly source: Source;
  readonly dub: Dub;
  readonly path: string;
  readonly output: Source;
}

const clicksAt = [0.3, 1.6];

/** Muxes a dub with clicks at 0.3 and 1.6 s into a copy of `from` with this extension. */
async function dubInto(from: string, extension: string, options: Partial<MuxOptions> = {}): Promise<Muxed> {
  const source = await probe(from);
  const container = options.container ?? (findContainer(extension)!.name as ContainerName);
  const samples = clickTrack(source.durationMs / 1000, clicksAt);
  const mix = await encodeDub(folder, source, samples, container);
  const path = join(folder, `${Math.random().toString(36).slice(2)}.es${extension}`);
  const dubbedStreamIndex = chooseAudioStream(source).index;
  const usual = { container, language: 'es', title: 'Español', dubbedStreamIndex, keepOriginal: true };
  const dub = await mux(source, mix, { ...usual, ...options, path }, ctx);
  return { source, dub, path, output: await probe(path) };
}

/** Where the dub's clicks are heard, in seconds from the programme's start as the picture (or the sound) shows it. */
async function heardAt({ source, path, output }: Muxed): Promise<number[]> {
  const before = source.streams.find((stream) => stream.type === 'video' && !stream.attachedPicture);
  const after = output.streams.find((stream) => stream.type === 'video' && !stream.attachedPicture);
  const zeroUs = before && after ? after.startUs! - (before.startUs! - source.zeroUs) : output.zeroUs;
  const lead = (await firstSampleTime(path)) - zeroUs / 1e6;
  const samples = await decodeMono(path, 48_000);
  return clicksAt.map((at) => lead + findClick(samples, 48_000, at - lead));
}

async function expectInPlace(muxed: Muxed): Promise<void> {
  const heard = await heardAt(muxed);
  for (const [index, at] of clicksAt.entries()) expect(Math.abs(heard[index]! - at)).toBeLessThanOrEqual(0.001);
  const excess = Math.abs(muxed.output.durationMs - muxed.source.durationMs);
  expect(excess).toBeLessThanOrEqual(muxed.source.frameMs);
}

/** The picture has the same packets at the same times. */
async function expectSamePicture({ source, path }: Muxed): Promise<void> {
  const [before, after] = await Promise.all([packetsOf(source.path, 'v:0'), packetsOf(path, 'v:0')]);
  expect(after.map((packet) => packet.hash)).toEqual(before.map((packet) => packet.hash));
  const shifts = before.map(({ at }, index) => after[index]!.at - at);
  expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThanOrEqual(0.001);
}

describe.concurrent('the dub lies on the picture to the millisecond, and the length stays', () => {
  it.each([
    ['MP4', 'a.mp4', 'aac', '.mp4'],
    ['QuickTime', 'b.mov', 'aac', '.mov'],
    ['Matroska with Opus', 'c.mkv', 'libopus', '.mkv'],
    ['Matroska with AAC', 'd.mkv', 'aac', '.mkv'],
    ['Matroska with AC-3', 'e.mkv', 'ac3', '.mkv'],
    ['Matroska with MP3', 'f.mkv', 'libmp3lame', '.mkv'],
    ['WebM', 'g.webm', 'libopus', '.webm'],
    ['MP4 into Matroska', 'h.mp4', 'aac', '.mkv'],
    ['Opus from Matroska into MP4', 'i.mkv', 'libopus', '.mp4'],
    ['MPEG-TS into MP4', 'j.ts', 'aac', '.mp4'],
    ['AVI into Matroska', 'k.avi', 'libmp3lame', '.mkv'],
  ])('%s', async (_name, name, codec, extension) => {
    const from = await makeMedia(folder, { name, audio: [{ codec, tone: 300 }] });
    const muxed = await dubInto(from, extension);
    await expectInPlace(muxed);
    if (!name.endsWith('.ts')) await expectSamePicture(muxed);
  });

  it.each([
    ['AVI', 'reordered.avi', ['-c:v', 'mpeg4', '-bf', '2']],
    ['a program stream', 'reordered.vob', ['-c:v', 'mpeg2video', '-bf', '2', '-c:a', 'ac3']],
  ])('%s whose B-frames have no presentation times', async (_name, name, options) => {
    const muxed = await dubInto(await makeMedia(folder, { name, options }), '.mkv');
    await expectInPlace(muxed);
    const shown = async (path: string) => (await ffmpeg('-i', path, '-map', '0:v', '-f', 'framehash', '-')).toString();
    const frames = (text: string) => [...text.matchAll(/^0,.*, (\w+)$/gm)].map(([, hash]) => hash);
    expect(frames(await shown(muxed.path))).toEqual(frames(await shown(muxed.source.path)));
    const times = await packetTimes(muxed.path, 'v');
    expect(new Set(times.slice(1).map((at, index) => Math.round((at - times[index]!) * 1000)))).toEqual(new Set([40]));
  });

  it.each(['.mp3', '.wav', '.flac', '.opus', '.m4a', '.mka'])('sound alone: %s', async (extension) => {
    const from = await makeMedia(folder, { name: `only${extension}`, video: false });
    const muxed = await dubInto(from, extension);
    await expectInPlace(muxed);
    expect(muxed.output.kind).toBe('audio');
  });

  it('MPEG-TS stays MPEG-TS when asked for', async () => {
    const shifted = ['-c:a', 'aac', '-output_ts_offset', '7'];
    const from = await makeMedia(folder, { name: 'seven.ts', options: shifted });
    const muxed = await dubInto(from, '.ts');
    expect(muxed.output.format).toBe('mpegts');
    const heard = await heardAt(muxed);
    for (const [index, at] of clicksAt.entries()) expect(Math.abs(heard[index]! - at)).toBeLessThanOrEqual(0.001);
    expect(muxed.output.streams.find((stream) => stream.type === 'audio')?.language).toBe('es');
  });

  it.each(['.mp4', '.mkv', '.opus'])(
    'comes out the same byte for byte when it is made once more: %s',
    async (extension) => {
      const from = await makeMedia(folder, { name: `same${extension}`, video: extension !== '.opus' });
      const [once, again] = [await dubInto(from, extension), await dubInto(from, extension)];
      expect(await hashFile(again.path)).toBe(await hashFile(once.path));
    },
  );

  it('at 60 frames a second a last long packet does not lengthen a Matroska file by a frame', async () => {
    const from = await makeMedia(folder, { name: 'sixty.mp4', seconds: 2.05, frameRate: 60 });
    const muxed = await dubInto(from, '.mkv');
    await expectInPlace(muxed);
    await expectSamePicture(muxed);
  });

  it('sound that starts late stays late beside the dub', async () => {
    const film = await makeMedia(folder, { name: 'late-base.mp4', seconds: 2.4 });
    const from = join(folder, 'late.mp4');
    await ffmpeg('-i', film, '-itsoffset', '0.7', '-i', film, '-map', '0:v', '-map', '1:a', '-c', 'copy', from);
    for (const extension of ['.mp4', '.mkv']) {
      const muxed = await dubInto(from, extension);
      await expectInPlace(muxed);
      expect(Math.abs(muxed.output.streams[2]!.startUs! - muxed.source.streams[1]!.startUs!)).toBeLessThanOrEqual(1000);
    }
  });

  it('a copied Opus track does not slide against the picture, copy after copy', async () => {
    const from = await makeMedia(folder, { name: 'slide.webm', audio: [{ codec: 'libopus' }] });
    const once = await dubInto(from, '.webm');
    const twice = await dubInto(once.path, '.webm', { keepOriginal: true });
    const gap = (source: Source) => {
      const sounds = source.streams.filter((stream) => stream.type === 'audio');
      return sounds.at(-1)!.startUs! - source.streams.find((stream) => stream.type === 'video')!.startUs!;
    };
    expect(gap(once.output)).toBe(gap(once.source));
    expect(gap(twice.output)).toBe(gap(once.source));
    await expectSamePicture(twice);
  });
});

describe.concurrent('the order and the marks of the tracks', () => {
  it('puts the dub first, default, named and tagged; the original follows as it was', async () => {
    const from = await makeMedia(folder, {
      name: 'two.mkv',
      audio: [
        { language: 'eng', codec: 'flac' },
        { language: 'fre', codec: 'flac', tone: 600 },
      ],
      options: ['-disposition:a:0', '0', '-disposition:a:1', 'default', '-metadata:s:a:0', 'title=Director'],
    });
    const { dub, output, path, source } = await dubInto(from, '.mkv', { subtitles: { path: srt, title: 'Español' } });
    const [video, first, second, third, subtitles] = output.streams;
    expect(video?.type).toBe('video');
    expect(first).toMatchObject({ type: 'audio', language: 'es', title: 'Español' });
    expect(first?.dispositions).toContain('default');
    // French was the default, so it is what is dubbed: it follows the dub.
    expect(second).toMatchObject({ language: 'fr', dispositions: [] });
    expect(third).toMatchObject({ language: 'en', title: 'Director', dispositions: [] });
    expect(subtitles).toMatchObject({ type: 'subtitle', codec: 'subrip', language: 'es', dispositions: [] });
    expect(await streamHash(path, 'a:1')).toBe(await streamHash(source.path, 'a:1'));
    expect(await streamHash(path, 'a:2')).toBe(await streamHash(source.path, 'a:0'));
    expect(dub.warnings).toEqual([]);
    expect(dub.streams.map((fate) => fate.fate)).toEqual(['kept', 'kept', 'kept']);
    const { streams } = await probeJson(path);
    expect(streams[1]?.tags?.language).toBe('spa');
    expect((await packetTimes(path, 's:0'))[0]).toBeCloseTo(0.6, 3);
  });

  it('leaves out the one original that is not wanted, and nothing else', async () => {
    const audio = [{ language: 'eng' }, { language: 'fre', tone: 600 }];
    const from = await makeMedia(folder, { name: 'drop.mp4', audio });
    const { dub, output } = await dubInto(from, '.mp4', { keepOriginal: false });
    const sounds = output.streams.filter((stream) => stream.type === 'audio');
    expect(sounds.map((stream) => stream.language)).toEqual(['es', 'fr']);
    expect(dub.streams[1]).toMatchObject({ fate: 'left-out', note: 'left out as asked (--no-keep-original)' });
    expect(dub.warnings).toEqual([]);
  });

  it('names tracks in MP4 where players look, in any script', async () => {
    const from = await makeMedia(folder, { name: 'named.mp4', options: ['-metadata:s:a', 'handler_name=Stage mic'] });
    const options = { language: 'zh-Hans', title: '中文 “A=B;C”' };
    const { output, path } = await dubInto(from, '.mp4', options);
    const sounds = output.streams.filter((stream) => stream.type === 'audio');
    expect(sounds.map((stream) => stream.title)).toEqual(['中文 “A=B;C”', 'Stage mic']);
    expect((await probeJson(path)).streams[1]?.tags?.language).toBe('zho');
    const inMatroska = await dubInto(path, '.mkv', options);
    expect(inMatroska.output.streams.map((stream) => stream.title)).toEqual([
      undefined,
      '中文 “A=B;C”',
      '中文 “A=B;C”',
      'Stage mic',
    ]);
    expect((await probeJson(inMatroska.path)).streams[1]?.tags?.language).toBe('chi');
  });
});

describe.concurrent('everything else is kept', () => {
  /** A Matroska film with subtitles, a font, a cover, chapters and tags. */
  async function richFilm(name: string, font = true): Promise<string> {
    const [ass, cover, notes, ttf] = ['s.ass', 'c.png', 'n.txt', 'f.ttf'].map((file) => join(folder, name + file));
    const base = await makeMedia(folder, { name: `base-${name}`, audio: [{ codec: 'flac' }] });
    await ffmpeg('-i', srt, ass!);
    await ffmpeg('-f', 'lavfi', '-i', 'color=s=32x32', '-frames:v', '1', cover!);
    await writeFile(ttf!, 'no real font');
    const chapters = [
      [0, 700, 'One; #1'],
      [700, 2000, 'Dos = 2'],
    ].map(([start, end, title]) => {
      const escaped = String(title).replace(/[=;#]/g, '\\$&');
      return `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${start}\nEND=${end}\ntitle=${escaped}\n`;
    });
    await writeFile(notes!, `;FFMETADATA1\ntitle=A film\nmy_own_key=kept\n${chapters.join('')}`);
    const path = join(folder, name);
    const attach = [
      '-attach',
      cover!,
      '-metadata:s:t:0',
      'mimetype=image/png',
      '-metadata:s:t:0',
      'filename=front.png',
    ];
    const attachFont = ['-attach', ttf!, '-metadata:s:t:1', 'mimetype=application/x-truetype-font'];
    const inputs = ['-i', base, '-i', srt, '-i', ass!, '-i', notes!];
    const maps = ['-map', '0', '-map', '1', '-map', '2', '-map_metadata', '3', '-map_chapters', '3'];
    const tags = ['-metadata:s:s:0', 'language=eng', '-disposition:s:1', 'forced'];
    await ffmpeg(...inputs, ...maps, '-c', 'copy', ...tags, ...attach, ...(font ? attachFont : []), path);
    return path;
  }

  it('in Matroska: subtitles, chapters, tags, attachments and the cover', async () => {
    const from = await richFilm('rich.mkv');
    const { dub, output, path, source } = await dubInto(from, '.mkv', { subtitles: { path: srt, title: 'Español' } });
    expect(dub.warnings).toEqual([]);
    expect(dub.streams.every((fate) => fate.fate === 'kept')).toBe(true);
    const kinds = output.streams.map((stream) => `${stream.type} ${stream.codec}`);
    expect(kinds).toEqual([
      'video h264',
      'audio flac',
      'audio flac',
      'subtitle subrip',
      'subtitle subrip',
      'subtitle ass',
      'attachment ttf',
      'video png',
    ]);
    expect(output.streams[5]?.dispositions).toEqual(['forced']);
    expect(output.streams.at(-1)).toMatchObject({ attachedPicture: true, title: undefined });
    expect(output.streams.at(-1)?.tags).toMatchObject({ filename: 'front.png', mimetype: 'image/png' });
    expect(output.chapters).toEqual(source.chapters);
    expect(source.chapters.map((chapter) => chapter.title)).toEqual(['One; #1', 'Dos = 2']);
    expect(output.tags).toMatchObject({ title: 'A film', MY_OWN_KEY: 'kept' });
    const cover = await ffmpeg('-i', path, '-map', '0:7', '-c', 'copy', '-f', 'rawvideo', '-');
    expect(cover.equals(await readFile(join(folder, 'rich.mkvc.png')))).toBe(true);
  });

  it('in MP4: text subtitles are converted and said; nothing is lost but styling', async () => {
    const from = await richFilm('plain.mkv', false);
    const { dub, output } = await dubInto(from, '.mp4', { subtitles: { path: srt, title: 'Español' } });
    expect(dub.warnings).toEqual([
      'Stream 2 (subtitle, subrip): MP4 cannot hold subrip; it is mov_text now.',
      'Stream 3 (subtitle, ass): MP4 cannot hold ass; it is mov_text now, without its styling.',
    ]);
    expect(ctx.events).toContainEqual({ type: 'warning', stage: 'mux', message: dub.warnings[0] });
    expect(dub.streams.map((fate) => fate.fate)).toEqual(['kept', 'kept', 'converted', 'converted', 'kept']);
    const texts = output.streams.filter((stream) => stream.type === 'subtitle');
    expect(texts.map((stream) => stream.language)).toEqual(['es', 'en', undefined]);
    expect(output.chapters.map(({ startMs, title }) => [startMs, title])).toEqual([
      [0, 'One; #1'],
      [700, 'Dos = 2'],
    ]);
    expect(output.streams.some((stream) => stream.attachedPicture)).toBe(true);
    expect(output.tags.title).toBe('A film');
  });

  it('chapters that begin late keep their places in MP4', async () => {
    const notes = join(folder, 'late-chapters.txt');
    await writeFile(notes, ';FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=2000\ntitle=Late\n');
    const film = await makeMedia(folder, { name: 'late-chapters-base.mkv' });
    const from = join(folder, 'late-chapters.mkv');
    await ffmpeg('-i', film, '-i', notes, '-map', '0', '-map_chapters', '1', '-c', 'copy', from);
    const { output } = await dubInto(from, '.mp4');
    expect(output.chapters).toContainEqual({ startMs: 500, endMs: 2000, title: 'Late' });
  });

  it('rotation, variable frame rate and free tags of a phone’s film', async () => {
    const base = await makeMedia(folder, {
      name: 'vfr-base.mov',
      options: ['-vf', "select='not(mod(n,3))+lt(n,10)'", '-vsync', 'vfr'],
    });
    const from = join(folder, 'phone.mov');
    const tags = ['-metadata', 'com.example.device=Phone 7', '-movflags', 'use_metadata_tags'];
    await ffmpeg('-i', base, '-c', 'copy', '-metadata:s:v', 'rotate=90', ...tags, from);
    const muxed = await dubInto(from, '.mov');
    await expectSamePicture(muxed);
    await expectInPlace(muxed);
    expect(muxed.output.streams[0]?.video?.rotation).toBe(muxed.source.streams[0]?.video?.rotation);
    expect(muxed.source.streams[0]?.video?.rotation).not.toBe(0);
    expect(muxed.output.tags['com.example.device']).toBe('Phone 7');
  });

  it('HDR and the hvc1 mark; HEVC from Matroska is marked as Apple’s players want it', async () => {
    const hdr = 'colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=error';
    const color = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];
    const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', hdr, '-pix_fmt', 'yuv420p10le', ...color];
    const from = await makeMedia(folder, { name: 'hdr.mp4', seconds: 2, options: [...hevc, '-tag:v', 'hvc1'] });
    const muxed = await dubInto(from, '.mp4');
    await expectSamePicture(muxed);
    const shown = (await probeJson(muxed.path)).streams[0] as unknown as Record<string, string>;
    expect(shown).toMatchObject({ codec_tag_string: 'hvc1', color_transfer: 'smpte2084', color_space: 'bt2020nc' });
    const inMatroska = await dubInto(from, '.mkv');
    const back = await dubInto(inMatroska.path, '.mp4', { keepOriginal: false });
    expect((await probeJson(back.path)).streams[0]?.codec_tag_string).toBe('hvc1');
  });

  it('time code and camera data; data that no muxer takes is left out and said', async () => {
    const film = await makeMedia(folder, { name: 'data-base.mp4' });
    const tagged = join(folder, 'timecode.mov');
    const inputs = ['-i', film, '-i', srt, '-i', srt];
    const maps = ['-map', '0', '-map', '1', '-map', '2', '-c', 'copy', '-c:s', 'mov_text'];
    await ffmpeg(...inputs, ...maps, '-timecode', '01:00:00:00', tagged);
    const from = join(folder, 'camera.mov');
    await writeFile(from, asDataTracks(await readFile(tagged), ['gpmd', 'qqqq']));
    const { dub, output, source } = await dubInto(from, '.mov');
    expect(source.streams.slice(2).map((stream) => stream.codecTag)).toEqual(['gpmd', 'qqqq', 'tmcd']);
    expect(output.streams.slice(3).map((stream) => stream.codecTag)).toEqual(['gpmd', 'tmcd']);
    expect(output.streams[0]?.tags?.timecode).toBe('01:00:00:00');
    expect(dub.streams.slice(2)).toMatchObject([
      { fate: 'kept' },
      { fate: 'left-out', note: 'QuickTime cannot hold qqqq data' },
      { fate: 'kept', note: 'written anew from the time code' },
    ]);
    expect(dub.warnings).toEqual(['Stream 3 (data, unknown) is left out: QuickTime cannot hold qqqq data.']);
  });

  it('covers and tags of a song', async () => {
    const cover = ['-f', 'lavfi', '-i', 'color=s=32x32:d=0.04'];
    const maps = ['-map', '1:v', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic', '-metadata', 'title=My song'];
    for (const extension of ['.mp3', '.flac', '.m4a']) {
      const name = `song${extension}`;
      const from = await makeMedia(folder, { name, video: false, moreInputs: cover, options: maps });
      const { dub, output, path } = await dubInto(from, extension);
      const picture = output.streams.find((stream) => stream.attachedPicture);
      expect(picture?.codec).toBe('mjpeg');
      expect(await streamHash(path, 'v')).toBe(await streamHash(from, 'v'));
      expect(output.tags.title ?? output.tags.TITLE).toBe('My song');
      if (extension === '.m4a') expect(dub.warnings).toEqual([]);
      else expect(dub.warnings).toEqual([expect.stringMatching(/holds one track, and that is the dub\.$/)]);
    }
    const song = await makeMedia(folder, { name: 'song.opus', video: false, options: ['-metadata', 'title=My song'] });
    const { path } = await dubInto(song, '.opus');
    expect((await probeJson(path)).streams[0]?.tags).toMatchObject({ title: 'My song', language: 'spa' });
  });

  it('PCM in MP4 becomes ALAC, sample for sample', async () => {
    const from = await makeMedia(folder, { name: 'pcm.mov', audio: [{ codec: 'pcm_s24le' }] });
    const { dub, output, path } = await dubInto(from, '.mp4');
    expect(output.streams[2]?.codec).toBe('alac');
    expect(dub.warnings).toEqual([
      'Stream 1 (audio, pcm_s24le): MP4 cannot hold PCM; it is ALAC now, which loses nothing.',
    ]);
    const pcm = (file: string, map: string) => ffmpeg('-i', file, '-map', map, '-f', 's24le', '-c:a', 'pcm_s24le', '-');
    expect((await pcm(path, '0:2')).equals(await pcm(from, '0:1'))).toBe(true);
  });

  it('says what Matroska does not take over from MP4: the delay before the first sound', async () => {
    const from = await makeMedia(folder, { name: 'delay.mp4' });
    const { dub, output, source } = await dubInto(from, '.mkv');
    expect(dub.streams[1]).toMatchObject({
      fate: 'converted',
      note: 'copied without the 21 ms of encoder delay before its first sound',
    });
    expect(dub.warnings).toEqual([]);
    expect(output.streams.map((stream) => stream.startUs)).toEqual([0, 0, 0]);
    expect(output.zeroUs).toBe(source.zeroUs);
  });

  it('chapters a transport stream cannot hold are told', async () => {
    const from = await richFilm('to-ts.mkv', false);
    const { dub } = await dubInto(from, '.ts');
    expect(dub.warnings).toContain('2 chapters are left out: MPEG-TS cannot hold chapters.');
    expect(dub.warnings).toContain('Stream 4 (cover art, png) is left out: MPEG-TS cannot hold cover art.');
  });
});

describe('the file as a whole', () => {
  it('has its index where the input had it', async () => {
    const last = await makeMedia(folder, { name: 'last.mp4' });
    const first = await makeMedia(folder, { name: 'first.mp4', options: ['-movflags', '+faststart'] });
    expect(await hasIndexFirst((await dubInto(last, '.mp4')).path)).toBe(false);
    expect(await hasIndexFirst((await dubInto(first, '.mp4')).path)).toBe(true);
    const web = await makeMedia(folder, { name: 'web.mkv' });
    expect(await hasIndexFirst((await dubInto(web, '.mp4')).path)).toBe(true);
    expect(await hasIndexFirst(web)).toBe(false);
    expect(await hasIndexFirst(srt)).toBe(false);
  });

  it('leaves no helper file behind, also when it fails', async () => {
    const from = await makeMedia(folder, { name: 'helpers.mp4' });
    const source = await probe(from);
    const mix = await encodeDub(folder, source, clickTrack(2, clicksAt), 'mp4');
    const path = join(folder, 'no-such-folder', 'out.mp4');
    const container: ContainerName = 'mp4';
    const options = { container, language: 'es', title: 'Español', dubbedStreamIndex: 1, keepOriginal: true, path };
    await expect(mux(source, mix, options, ctx)).rejects.toMatchObject({ code: 'FFMPEG_FAILED' });
    const stopped = { ...ctx, signal: AbortSignal.abort() };
    await expect(mux(source, mix, options, stopped)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect((await readdir(folder)).filter((name) => name.startsWith('mux-'))).toEqual([]);
  });
});

/** Turns text tracks of a QuickTime file into data tracks of these four-letter kinds, in their order. */
function asDataTracks(bytes: Buffer, kinds: readonly string[]): Buffer {
  const out = Buffer.from(bytes);
  let at = 0;
  for (const kind of kinds) {
    const handler = ['mhlrtext', 'mhlrsbtl'].map((name) => out.indexOf(name, at)).filter((found) => found >= 0);
    at = Math.min(...handler);
    out.write('meta', at + 4, 'latin1');
    const description = out.indexOf('stsd', at);
    const names = ['text', 'tx3g'].map((name) => out.indexOf(name, description)).filter((found) => found >= 0);
    out.write(kind, Math.min(...names), 'latin1');
  }
  return out;
}
