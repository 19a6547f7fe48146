import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseAudioStream } from '../../src/media/audio-stream.js';
import { programmeClockFilter } from '../../src/media/filters.js';
import { probeFile } from '../../src/media/probe.js';
import { extract } from '../../src/stages/extract.js';
import {
  clickTrack,
  decodeMono,
  ffmpeg,
  findClick,
  makeFolder,
  makeMedia,
  probeJson,
  removeFolder,
} from '../support/media.js';
import { makeContext, type RecordedContext } from '../support/stage-context.js';

const rate = 16_000;
const clicksAt = [0.5, 1.5];
const clicks = clickTrack(2, clicksAt);
let folder: string;
let ctx: RecordedContext;

beforeAll(async () => {
  folder = await makeFolder();
  ctx = await makeContext(folder);
});
afterAll(() => removeFolder(folder));

const probe = (path: string) => probeFile(path, ctx.tools, ctx.signal);

/** A film of two seconds with clicks at 0.5 and 1.5 s. */
function clickFilm(name: string, codec: string, options: readonly string[] = []): Promise<string> {
  return makeMedia(folder, { name, audio: [{ samples: clicks, codec }], options });
}

/** Where the clicks are in the speech track, in seconds from the programme's start. */
async function heardAt(path: string, near: readonly number[]): Promise<number[]> {
  const source = await probe(path);
  const soundtrack = await extract(source, { needsSpeech: true }, ctx);
  const speech = await decodeMono(soundtrack.speechPath!, rate);
  expect(speech.length).toBe(Math.round((source.durationMs * rate) / 1000));
  return near.map((at) => findClick(speech, rate, at));
}

function expectWithinOneMs(heard: readonly number[], wanted: readonly number[]): void {
  for (const [index, at] of wanted.entries()) expect(Math.abs(heard[index]! - at)).toBeLessThanOrEqual(0.001);
}

describe('the speech track lies on the programme clock to the millisecond', () => {
  it.each([
    ['aac.mp4', 'aac'],
    ['mp3.mp4', 'libmp3lame'],
    ['flac.mkv', 'flac'],
    ['ac3.mp4', 'ac3'],
    ['opus.mp4', 'libopus'],
  ])('%s: the encoder’s delay is not heard', async (name, codec) => {
    expectWithinOneMs(await heardAt(await clickFilm(name, codec), clicksAt), clicksAt);
  });

  it('sound alone: MP3, Ogg and WAV start at their first sound', async () => {
    for (const name of ['only.mp3', 'only.opus', 'only.wav']) {
      const path = await makeMedia(folder, { name, video: false, audio: [{ samples: clicks }] });
      expectWithinOneMs(await heardAt(path, clicksAt), clicksAt);
    }
  });

  it('Opus in WebM: where the file says, a few milliseconds before the picture', async () => {
    const path = await clickFilm('opus.webm', 'libopus');
    const { start_time: pictureStart } = (await probeJson(path)).streams[0]!;
    const heard = await heardAt(path, clicksAt);
    // ffmpeg 5.1 writes the picture 7 ms late against Opus; the clock starts with the sound.
    expect(Number(pictureStart)).toBeCloseTo(0.007, 6);
    expectWithinOneMs(heard, clicksAt);
  });

  it('a late start by edit list is padded', async () => {
    const film = await clickFilm('late-base.mp4', 'aac');
    const path = join(folder, 'late.mp4');
    await ffmpeg('-i', film, '-itsoffset', '1.25', '-i', film, '-map', '0:v', '-map', '1:a', '-c', 'copy', path);
    expectWithinOneMs(await heardAt(path, [1.75, 2.75]), [1.75, 2.75]);
  });

  it('a transport stream that starts at ten seconds with late sound keeps it late', async () => {
    const film = await clickFilm('transport-base.mp4', 'aac');
    const path = join(folder, 'late.ts');
    const shifted = ['-output_ts_offset', '10', '-muxdelay', '0', '-muxpreload', '0'];
    const inputs = ['-i', film, '-itsoffset', '0.479', '-i', film];
    await ffmpeg(...inputs, '-map', '0:v', '-map', '1:a', '-c', 'copy', ...shifted, path);
    const video = (await probeJson(path)).streams.find((stream) => stream.codec_type === 'video');
    const late = Number((await probe(path)).zeroUs / 1e6 - Number(video!.start_time));
    const wanted = [0.979 - late, 1.979 - late];
    expectWithinOneMs(await heardAt(path, wanted), wanted);
  });

  it('sound that starts before the picture keeps its start', async () => {
    const film = await clickFilm('early-base.mp4', 'flac', ['-strict', '-2']);
    const path = join(folder, 'early.mkv');
    await ffmpeg('-itsoffset', '0.3', '-i', film, '-i', film, '-map', '0:v', '-map', '1:a', '-c', 'copy', path);
    expectWithinOneMs(await heardAt(path, clicksAt), clicksAt);
  });

  it('a gap in the timestamps is filled', async () => {
    const film = await clickFilm('gap-base.mkv', 'flac');
    const path = join(folder, 'gap.mkv');
    // What is heard from 1 s on is moved 0.7 s later.
    await ffmpeg('-i', film, '-map', '0', '-c', 'copy', '-bsf:a', "setts=ts='TS+if(gte(TS*TB,1),0.7/TB,0)'", path);
    expectWithinOneMs(await heardAt(path, [0.5, 2.2]), [0.5, 2.2]);
  });
});

describe('programmeClockFilter', () => {
  it('cuts what comes before the start and yields exactly the length asked for', async () => {
    const film = await clickFilm('early.wav', 'pcm_s16le', ['-vn']).catch(() => '');
    const path = film || (await makeMedia(folder, { name: 'early.wav', video: false, audio: [{ samples: clicks }] }));
    for (const [offsetUs, at] of [
      [-300_000, 0.2],
      [5333, 0.505333],
    ] as const) {
      const filter = programmeClockFilter(offsetUs, 44_100, 2500);
      const bytes = await ffmpeg('-i', path, '-af', filter, '-f', 'f32le', '-');
      const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      expect(samples.length).toBe(110_250);
      expect(Math.abs(findClick(samples, 44_100, at) - at)).toBeLessThanOrEqual(0.0001);
    }
  });
});

describe('what is measured', () => {
  it('measures loudness and format of the stream without making a speech track', async () => {
    const path = await makeMedia(folder, {
      name: 'stereo.mkv',
      audio: [{ channels: 2, sampleRate: 44_100, codec: 'flac' }],
    });
    const before = (await readdir(folder)).filter((name) => name.endsWith('.flac')).length;
    const soundtrack = await extract(await probe(path), { needsSpeech: false }, ctx);
    expect(soundtrack.speechPath).toBeUndefined();
    expect((await readdir(folder)).filter((name) => name.endsWith('.flac')).length).toBe(before);
    expect(soundtrack).toMatchObject({
      sampleRate: 44_100,
      channels: 2,
      layout: 'stereo',
      streamIndex: 1,
      offsetUs: 0,
    });
    // A sine of peak 0.5 (lavfi's 1/8, times four) on both channels: -6.02 - 3.01 + 3.01 dB and the K-weight at 440 Hz.
    expect(soundtrack.loudness.integratedLufs).toBeGreaterThan(-8);
    expect(soundtrack.loudness.integratedLufs).toBeLessThan(-5);
    expect(soundtrack.loudness.truePeakDbtp).toBeCloseTo(-6.02, 0);
  });

  it('decodes nothing again that it kept', async () => {
    const own = await makeFolder();
    try {
      const context = await makeContext(own);
      const path = await makeMedia(own, { name: 'kept.mp4' });
      const source = await probe(path);
      const first = await extract(source, { needsSpeech: true }, context);
      const told = context.events.length;
      expect(told).toBeGreaterThan(0);
      const again = await extract(source, { needsSpeech: true }, context);
      expect(again).toEqual(first);
      expect(context.events.length).toBe(told);
    } finally {
      await removeFolder(own);
    }
  });

  it('warns when less sound decodes than the header claims', async () => {
    const path = await makeMedia(folder, { name: 'whole.mp4', seconds: 6, options: ['-movflags', '+faststart'] });
    const size = (await readFile(path)).length;
    await truncate(path, Math.round(size * 0.6));
    const own = await makeContext(folder);
    await extract(await probe(path), { needsSpeech: false }, own);
    const warnings = own.events.filter((event) => event.type === 'warning');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(
      /^whole\.mp4 holds 0:00:0[2-5]\.\d+ of sound where its header says 0:00:06\.000/,
    );
  });

  it('says nothing of the kind about a whole file', async () => {
    const own = await makeContext(folder);
    const path = await makeMedia(folder, { name: 'fine.mp4', seconds: 6 });
    await extract(await probe(path), { needsSpeech: false }, own);
    expect(own.events.filter((event) => event.type === 'warning')).toEqual([]);
  });
});

describe('what cannot be dubbed', () => {
  it('says that there is no audio track', async () => {
    const path = await makeMedia(folder, { name: 'mute.mp4', audio: [] });
    const error = await extract(await probe(path), { needsSpeech: true }, ctx).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'INPUT_NO_AUDIO',
      message: `${path} has no audio track, so there is nothing to dub.`,
    });
  });

  it('says that the audio is silent all through', async () => {
    const path = await makeMedia(folder, { name: 'silent.mp4', audio: [{ silent: true }] });
    const error = await extract(await probe(path), { needsSpeech: false }, ctx).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'INPUT_NO_SPEECH',
      message: `The audio of ${path} (stream 1) is silent all through: no sound at all.`,
      hint: 'Check the recording; there is nothing in it to dub.',
    });
  });

  it('does not take a short sound for silence', async () => {
    const path = await makeMedia(folder, { name: 'short.mp4', seconds: 0.3 });
    expect((await extract(await probe(path), { needsSpeech: true }, ctx)).durationMs).toBeLessThanOrEqual(330);
  });

  it('is interrupted by the signal', async () => {
    const path = await makeMedia(folder, { name: 'stopped.mp4' });
    const stopped = await makeContext(folder, AbortSignal.abort());
    await expect(extract(await probe(path), { needsSpeech: true }, stopped)).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('chooseAudioStream', () => {
  const twoTracks = async () => {
    const path = await makeMedia(folder, {
      name: 'two.mkv',
      audio: [
        { language: 'eng', codec: 'flac' },
        { language: 'spa', codec: 'flac' },
      ],
      options: ['-disposition:a:0', '0', '-disposition:a:1', 'default'],
    });
    return probe(path);
  };

  it('takes the language spoken before the default mark, the default mark before the first', async () => {
    const source = await twoTracks();
    expect(chooseAudioStream(source).index).toBe(2);
    expect(chooseAudioStream(source, { language: 'en-US' }).index).toBe(1);
    expect(chooseAudioStream(source, { language: 'fr' }).index).toBe(2);
  });

  it('takes the track that is named and lists the tracks when there is none', async () => {
    const source = await twoTracks();
    expect(chooseAudioStream(source, { audioTrack: 0 }).index).toBe(1);
    expect(chooseAudioStream(source, { audioTrack: 'spa', language: 'en' }).index).toBe(2);
    expect(() => chooseAudioStream(source, { audioTrack: 5 })).toThrow(
      'There is no audio track 5; there are: 0 (English), 1 (Spanish).',
    );
  });

  it('passes over commentary', async () => {
    const source = await twoTracks();
    const streams = source.streams.map((stream) =>
      stream.index === 2 ? { ...stream, dispositions: ['default', 'comment'] } : stream,
    );
    expect(chooseAudioStream({ ...source, streams }).index).toBe(1);
  });
});
