import { describe, expect, it } from 'vitest';
import type { Source, SourceStream } from '../../src/domain/source.js';
import { type ContainerName, chooseContainer, containers, findContainer } from '../../src/media/containers.js';
import { audioCodecFor } from '../../src/media/dub-codec.js';
import { planStream } from '../../src/media/stream-plan.js';

function stream(type: SourceStream['type'], codec: string, more: Partial<SourceStream> = {}): SourceStream {
  return { index: 0, type, codec, dispositions: [], attachedPicture: false, ...more };
}

function sound(codec: string, channels = 2, more: Partial<SourceStream> = {}): SourceStream {
  const layout = { 1: 'mono', 2: 'stereo', 6: '5.1(side)', 8: '7.1' }[channels] ?? `${channels}c`;
  return stream('audio', codec, { audio: { sampleRate: 44_100, channels, layout }, ...more });
}

function source(streams: readonly SourceStream[], more: Partial<Source> = {}): Source {
  return {
    path: '/films/talk.mp4',
    fingerprint: 'f',
    format: 'mov,mp4,m4a,3gp,3g2,mj2',
    kind: streams.some((each) => each.type === 'video' && !each.attachedPicture) ? 'video' : 'audio',
    zeroUs: 0,
    durationMs: 1000,
    frameMs: 40,
    streams: streams.map((each, index) => ({ ...each, index })),
    chapters: [],
    tags: {},
    ...more,
  };
}

const film = source([stream('video', 'h264'), sound('aac')]);
const soft = { keepOriginal: true, softSubtitles: true };

describe('findContainer', () => {
  it('knows extensions in any case and no others', () => {
    expect(findContainer('.MKV')?.name).toBe('matroska');
    expect(findContainer('.m4v')?.name).toBe('mp4');
    expect(findContainer('.avi')).toBeUndefined();
    expect(findContainer('')).toBeUndefined();
  });

  it('lists every container under its own name with an extension', () => {
    for (const [name, container] of Object.entries(containers)) {
      expect(container.name).toBe(name);
      for (const extension of container.extensions) expect(findContainer(extension)).toBe(container);
    }
  });
});

describe('what becomes of a stream', () => {
  const cover = { attachedPicture: true };
  it.each<[string, ContainerName, SourceStream, string]>([
    ['H.264 in MP4', 'mp4', stream('video', 'h264'), 'copy'],
    ['VP8 in MP4', 'mp4', stream('video', 'vp8'), 'leave-out'],
    ['anything in Matroska', 'matroska', stream('video', 'ffv1'), 'copy'],
    ['what ffmpeg has no name for', 'matroska', stream('video', 'unknown'), 'leave-out'],
    ['AAC in WebM', 'webm', sound('aac'), 'leave-out'],
    ['PCM in MP4', 'mp4', sound('pcm_s24le'), 'convert'],
    ['float PCM in MP4', 'mp4', sound('pcm_f32le'), 'leave-out'],
    ['PCM in QuickTime', 'mov', sound('pcm_s24be'), 'copy'],
    ['SRT in MP4', 'mp4', stream('subtitle', 'subrip'), 'convert'],
    ['MP4 text in Matroska', 'matroska', stream('subtitle', 'mov_text'), 'convert'],
    ['SRT in WebM', 'webm', stream('subtitle', 'subrip'), 'convert'],
    ['bitmap subtitles in MP4', 'mp4', stream('subtitle', 'hdmv_pgs_subtitle'), 'leave-out'],
    ['bitmap subtitles in Matroska', 'matroska', stream('subtitle', 'hdmv_pgs_subtitle'), 'copy'],
    ['text subtitles in MPEG-TS', 'mpegts', stream('subtitle', 'subrip'), 'leave-out'],
    ['a font in Matroska', 'matroska', stream('attachment', 'ttf'), 'copy'],
    ['a font in MP4', 'mp4', stream('attachment', 'ttf'), 'leave-out'],
    ['a cover in MP4', 'mp4', stream('video', 'mjpeg', cover), 'copy'],
    ['a cover in Matroska', 'matroska', stream('video', 'png', cover), 'attach'],
    ['a cover in WebM', 'webm', stream('video', 'png', cover), 'leave-out'],
    ['a cover of an odd kind', 'mp4', stream('video', 'bmp', cover), 'leave-out'],
    ['camera data in MP4', 'mp4', stream('data', 'bin_data', { codecTag: 'gpmd' }), 'copy'],
    ['camera data in Matroska', 'matroska', stream('data', 'bin_data', { codecTag: 'gpmd' }), 'leave-out'],
    ['a time code in MP4', 'mp4', stream('data', 'unknown', { codecTag: 'tmcd' }), 'rewrite'],
    ['a chapter track in MP4', 'mp4', stream('data', 'bin_data', { codecTag: 'text' }), 'rewrite'],
    ['a chapter track in Matroska', 'matroska', stream('data', 'bin_data', { codecTag: 'text' }), 'leave-out'],
    ['data of an unknown kind', 'mp4', stream('data', 'unknown'), 'leave-out'],
  ])('%s', (_name, container, one, action) => {
    expect(planStream(one, containers[container]).action).toBe(action);
  });

  it('says what is lost and what is not', () => {
    const styled = planStream(stream('subtitle', 'ass'), containers.mp4);
    expect(styled).toMatchObject({ note: 'MP4 cannot hold ass; it is mov_text now, without its styling' });
    const chapters = planStream(stream('data', 'bin_data', { codecTag: 'text' }), containers.matroska);
    expect(chapters).toMatchObject({ lost: false, note: 'Matroska keeps chapters without a track' });
    expect(planStream(stream('data', 'unknown'), containers.mp4)).toMatchObject({
      lost: true,
      note: 'MP4 cannot hold data of an unknown kind',
    });
  });
});

describe('chooseContainer', () => {
  it('keeps what was asked for, in its spelling, when nothing is lost', () => {
    expect(chooseContainer(film, '.M4V', soft)).toEqual({ container: 'mp4', extension: '.M4V' });
    expect(chooseContainer(film, '.mkv', soft)).toEqual({ container: 'matroska', extension: '.mkv' });
    const talk = source([sound('mp3')]);
    expect(chooseContainer(talk, '.mp3', soft)).toEqual({ container: 'mp3', extension: '.mp3' });
  });

  it('takes Matroska and says why when the wanted one would lose something', () => {
    const subtitled = source([...film.streams, stream('subtitle', 'hdmv_pgs_subtitle'), stream('attachment', 'ttf')]);
    expect(chooseContainer(subtitled, '.mp4', soft)).toEqual({
      container: 'matroska',
      extension: '.mkv',
      warning: 'MP4 cannot hold hdmv_pgs_subtitle subtitles and attachments, so the dub is Matroska (.mkv) instead.',
    });
    expect(chooseContainer(film, '.webm', soft).warning).toBe(
      'WebM cannot hold h264 video and aac audio, so the dub is Matroska (.mkv) instead.',
    );
    expect(chooseContainer(source([sound('mp3')]), '.m4a', soft)).toMatchObject({ extension: '.mka' });
  });

  it('does not count the original that is left out, nor what Matroska loses too', () => {
    const vp9 = source([stream('video', 'vp9'), sound('aac')]);
    expect(chooseContainer(vp9, '.webm', { keepOriginal: false }).container).toBe('webm');
    expect(chooseContainer(vp9, '.webm', { keepOriginal: false, dubbedStreamIndex: 0 }).container).toBe('matroska');
    const camera = source([...film.streams, stream('data', 'unknown', { codecTag: 'mebx' })]);
    expect(chooseContainer(camera, '.mp4', soft).container).toBe('mp4');
  });

  it('leaves a transport stream when subtitles or chapters would be lost', () => {
    expect(chooseContainer(film, '.ts', { keepOriginal: true }).container).toBe('mpegts');
    expect(chooseContainer(film, '.ts', soft).warning).toContain('MPEG-TS cannot hold subtitles as text');
    const chapters = source(film.streams, { chapters: [{ startMs: 0, endMs: 1, title: '' }] });
    expect(chooseContainer(chapters, '.ts', { keepOriginal: true }).warning).toContain('MPEG-TS cannot hold chapters');
  });

  it('replaces containers that are not written', () => {
    expect(chooseContainer(film, '.avi', soft)).toEqual({
      container: 'matroska',
      extension: '.mkv',
      warning: '.avi files cannot tell tracks and languages apart, so the dub is Matroska (.mkv) instead.',
    });
    expect(chooseContainer(source([sound('aac')]), '.aac', soft)).toMatchObject({
      container: 'm4a',
      extension: '.m4a',
    });
    expect(chooseContainer(source([sound('wmav2')]), '.wma', soft)).toMatchObject({ extension: '.mka' });
  });

  it('honours an audio file asked for from a film', () => {
    expect(chooseContainer(film, '.mp3', soft)).toEqual({ container: 'mp3', extension: '.mp3' });
    expect(chooseContainer(film, '.m4a', soft)).toEqual({ container: 'm4a', extension: '.m4a' });
  });

  it('gives a file without an extension its own kind', () => {
    const bare = (format: string, streams = film.streams) => source(streams, { path: '/films/talk', format });
    expect(chooseContainer(bare('mov,mp4,m4a,3gp,3g2,mj2'), '', soft).extension).toBe('.mp4');
    expect(chooseContainer(bare('mov,mp4,m4a,3gp,3g2,mj2', [sound('aac')]), '', soft).extension).toBe('.m4a');
    expect(chooseContainer(bare('matroska,webm'), '', soft).extension).toBe('.mkv');
    expect(chooseContainer(bare('mp3', [sound('mp3')]), '', soft).extension).toBe('.mp3');
    expect(chooseContainer(bare('avi'), '', soft).extension).toBe('.mkv');
    expect(chooseContainer(source(film.streams, { path: '/films/talk.mov' }), '', soft).extension).toBe('.mov');
  });

  it('can be asked about a film without sound', () => {
    expect(chooseContainer(source([stream('video', 'h264')]), '.mp4', soft).container).toBe('mp4');
  });
});

describe('audioCodecFor', () => {
  it.each<[string, ContainerName, string]>([
    ['aac', 'mp4', 'aac'],
    ['aac', 'matroska', 'aac'],
    ['aac', 'webm', 'opus'],
    ['opus', 'webm', 'opus'],
    ['opus', 'matroska', 'opus'],
    ['vorbis', 'webm', 'opus'],
    ['vorbis', 'ogg', 'vorbis'],
    ['ac3', 'mp4', 'ac3'],
    ['dts', 'matroska', 'aac'],
    ['flac', 'matroska', 'flac'],
    ['flac', 'mp4', 'aac'],
    ['alac', 'm4a', 'alac'],
    ['pcm_s24le', 'mov', 'pcm_s24le'],
    ['pcm_s24le', 'wav', 'pcm_s24le'],
    ['pcm_mulaw', 'wav', 'pcm_s16le'],
    ['aac', 'mp3', 'mp3'],
    ['aac', 'mpegts', 'aac'],
    ['wmav2', 'flac', 'flac'],
  ])('%s in %s becomes %s', (codec, container, expected) => {
    expect(audioCodecFor(sound(codec), container).codec).toBe(expected);
  });

  const rateOf = (one: SourceStream, container: ContainerName) => {
    const { options } = audioCodecFor(one, container);
    return options.includes('-b:a') ? options[options.indexOf('-b:a') + 1] : undefined;
  };

  it('encodes at the source’s rate, but never poorly and never absurdly', () => {
    expect(rateOf(sound('aac', 2, { bitRate: 64_000 }), 'mp4')).toBe('160k');
    expect(rateOf(sound('aac', 2, { bitRate: 192_500 }), 'mp4')).toBe('193k');
    expect(rateOf(sound('aac', 2, { bitRate: 9_000_000 }), 'mp4')).toBe('320k');
    expect(rateOf(sound('aac', 1), 'mp4')).toBe('80k');
    expect(rateOf(sound('aac', 6), 'mp4')).toBe('480k');
    expect(rateOf(sound('opus', 2), 'webm')).toBe('96k');
    expect(rateOf(sound('opus', 2, { bitRate: 900_000 }), 'webm')).toBe('256k');
    expect(rateOf(sound('mp3', 2, { bitRate: 170_000 }), 'mp3')).toBe('192k');
    expect(rateOf(sound('ac3', 6, { bitRate: 384_000 }), 'matroska')).toBe('576k');
    expect(rateOf(sound('flac'), 'flac')).toBeUndefined();
    // The rate of another codec says nothing about this one.
    expect(rateOf(sound('dts', 2, { bitRate: 1_500_000 }), 'mp4')).toBe('160k');
  });

  it('mixes down where the codec holds fewer channels, and spells layouts as the encoder does', () => {
    expect(audioCodecFor(sound('mp3', 6), 'mp3')).toMatchObject({ channels: 2, layout: 'stereo' });
    expect(audioCodecFor(sound('aac', 8), 'matroska')).toMatchObject({ channels: 8, layout: '7.1' });
    expect(audioCodecFor(sound('ac3', 8), 'matroska')).toMatchObject({ codec: 'aac', channels: 8 });
    const surround = audioCodecFor(sound('opus', 6), 'webm');
    expect(surround).toMatchObject({ channels: 6, layout: '5.1' });
    expect(surround.options).toContain('aformat=channel_layouts=5.1');
  });

  it('leaves the encoder’s delay out where the container cannot declare it', () => {
    expect(audioCodecFor(sound('aac'), 'matroska').options).toContain('atrim=start_sample=1024');
    expect(audioCodecFor(sound('ac3'), 'matroska').options).toContain('atrim=start_sample=256');
    expect(audioCodecFor(sound('aac'), 'mp4').options).not.toContain('-af');
    expect(audioCodecFor(sound('opus'), 'webm').options).not.toContain('-af');
  });

  it('waits for the mux in a file that keeps the start exact', () => {
    const extensions = (['mp4', 'm4a', 'mov', 'matroska', 'webm', 'mp3', 'wav', 'ogg', 'mpegts'] as const).map(
      (container) => audioCodecFor(sound('aac'), container).extension,
    );
    expect(extensions).toEqual(['.mp4', '.mp4', '.mov', '.mka', '.mka', '.mp3', '.wav', '.ogg', '.mka']);
  });
});
