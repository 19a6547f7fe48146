/** The containers an output may have. */
export type ContainerName = 'mp4' | 'mov' | 'm4a' | 'matroska' | 'webm' | 'mpegts' | 'mp3' | 'wav' | 'flac' | 'ogg';

/** What a container can hold without loss, and how ffmpeg writes it. */
export interface Container {
  readonly name: ContainerName;
  /** What people call it. */
  readonly title: string;
  /** ffmpeg's muxer name. */
  readonly muxer: string;
  /** With the dot; the first is the usual one. */
  readonly extensions: readonly string[];
  /** True when it holds one audio stream and no other sound. */
  readonly singleTrack: boolean;
  /** ffmpeg codec names; `any` where practically everything fits. */
  readonly video: readonly string[] | 'any';
  readonly audio: readonly string[] | 'any';
  readonly subtitle: readonly string[];
  /** The text subtitle codec other text subtitles become; undefined when it holds none. */
  readonly textSubtitle: string | undefined;
  readonly attachments: boolean;
  /** True for cover art as an attached picture. */
  readonly coverArt: boolean;
  /** Data streams by codec and tag, `bin_data/gpmd`, or by codec alone. */
  readonly data: readonly string[];
  /** Data streams, by tag, that are written anew from chapters and time codes instead of being copied. */
  readonly rewritten: readonly string[];
  readonly chapters: boolean;
  /** True when tracks carry titles and a default mark; a language they all carry but MP3, WAV, FLAC and Ogg. */
  readonly trackTitles: boolean;
  /** The codec of a dub whose source's codec cannot be written here. */
  readonly usualAudio: string;
  /** True when it tells players how much encoder delay to skip for every codec (edit lists, Ogg and MP3 headers). */
  readonly declaresDelay: boolean;
}

const pcm = ['pcm_s16le', 'pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le', 'pcm_u8', 'pcm_mulaw', 'pcm_alaw'];
const pcmBigEndian = ['pcm_s8', 'pcm_s16be', 'pcm_s24be', 'pcm_s32be', 'pcm_f32be', 'pcm_f64be'];
const mp4Audio = ['aac', 'ac3', 'eac3', 'mp3', 'mp2', 'opus', 'flac', 'alac', 'dts', 'truehd', 'vorbis', 'mp4als'];
const movVideo = [
  'h264 hevc mpeg4 mpeg2video mpeg1video mjpeg png prores dnxhd ffv1 rawvideo qtrle dvvideo cfhd jpeg2000 h263 vc1',
  'v210 hap svq1 svq3 cinepak rpza gif tiff msmpeg4v3 flv1 wmv1 wmv2 theora',
]
  .join(' ')
  .split(' ');
const coverCodecs = ['mjpeg', 'png'];

/**
 * What each container holds, as ffmpeg 5.1's muxers accept it (each pair tried) less what players cannot use: MPEG-TS
 * takes any codec as private data, and AVI cannot name a track's language at all, so it is not written.
 */
export const containers: Readonly<Record<ContainerName, Container>> = {
  mp4: {
    name: 'mp4',
    title: 'MP4',
    muxer: 'mp4',
    extensions: ['.mp4', '.m4v'],
    singleTrack: false,
    video: 'h264 hevc av1 vp9 mpeg4 mpeg2video mpeg1video mjpeg png jpeg2000 vc1'.split(' '),
    audio: mp4Audio,
    subtitle: ['mov_text', 'dvd_subtitle'],
    textSubtitle: 'mov_text',
    attachments: false,
    coverArt: true,
    data: ['bin_data/gpmd'],
    rewritten: ['tmcd', 'text'],
    chapters: true,
    trackTitles: true,
    usualAudio: 'aac',
    declaresDelay: true,
  },
  mov: {
    name: 'mov',
    title: 'QuickTime',
    muxer: 'mov',
    extensions: ['.mov', '.qt'],
    singleTrack: false,
    video: movVideo,
    audio: [...mp4Audio.filter((codec) => !['opus', 'flac', 'truehd'].includes(codec)), ...pcm, ...pcmBigEndian],
    subtitle: ['mov_text', 'eia_608'],
    textSubtitle: 'mov_text',
    attachments: false,
    coverArt: true,
    data: ['bin_data/gpmd'],
    rewritten: ['tmcd', 'text'],
    chapters: true,
    trackTitles: true,
    usualAudio: 'aac',
    declaresDelay: true,
  },
  m4a: {
    name: 'm4a',
    title: 'M4A',
    muxer: 'ipod',
    extensions: ['.m4a', '.m4b'],
    singleTrack: false,
    video: [],
    audio: ['aac', 'alac', 'ac3'],
    subtitle: ['mov_text'],
    textSubtitle: 'mov_text',
    attachments: false,
    coverArt: true,
    data: [],
    rewritten: ['text'],
    chapters: true,
    trackTitles: true,
    usualAudio: 'aac',
    declaresDelay: true,
  },
  matroska: {
    name: 'matroska',
    title: 'Matroska',
    muxer: 'matroska',
    extensions: ['.mkv', '.mka', '.mk3d'],
    singleTrack: false,
    video: 'any',
    audio: 'any',
    subtitle: 'subrip ass ssa webvtt hdmv_pgs_subtitle dvd_subtitle dvb_subtitle hdmv_text_subtitle'.split(' '),
    textSubtitle: 'subrip',
    attachments: true,
    coverArt: true,
    data: [],
    rewritten: [],
    chapters: true,
    trackTitles: true,
    usualAudio: 'aac',
    declaresDelay: false,
  },
  webm: {
    name: 'webm',
    title: 'WebM',
    muxer: 'webm',
    extensions: ['.webm', '.weba'],
    singleTrack: false,
    video: ['vp8', 'vp9', 'av1'],
    audio: ['opus', 'vorbis'],
    subtitle: ['webvtt'],
    textSubtitle: 'webvtt',
    attachments: false,
    coverArt: false,
    data: [],
    rewritten: [],
    chapters: true,
    trackTitles: true,
    usualAudio: 'opus',
    declaresDelay: false,
  },
  mpegts: {
    name: 'mpegts',
    title: 'MPEG-TS',
    muxer: 'mpegts',
    extensions: ['.ts', '.m2ts', '.mts'],
    singleTrack: false,
    video: ['h264', 'hevc', 'mpeg2video', 'mpeg1video', 'mpeg4'],
    audio: ['aac', 'ac3', 'eac3', 'mp3', 'mp2', 'dts', 'truehd', 'opus'],
    subtitle: ['dvb_subtitle', 'dvb_teletext'],
    textSubtitle: undefined,
    attachments: false,
    coverArt: false,
    data: ['klv', 'timed_id3'],
    rewritten: [],
    chapters: false,
    trackTitles: false,
    usualAudio: 'aac',
    declaresDelay: false,
  },
  mp3: single('mp3', 'MP3', ['.mp3'], ['mp3'], 'mp3', true),
  wav: single('wav', 'WAV', ['.wav'], pcm, 'pcm_s16le', false),
  flac: single('flac', 'FLAC', ['.flac'], ['flac'], 'flac', true),
  ogg: single('ogg', 'Ogg', ['.ogg', '.opus', '.oga'], ['opus', 'vorbis', 'flac', 'speex'], 'opus', false),
};

function single(
  name: ContainerName,
  title: string,
  extensions: readonly string[],
  audio: readonly string[],
  usualAudio: string,
  coverArt: boolean,
): Container {
  return {
    name,
    title,
    muxer: name,
    extensions,
    singleTrack: true,
    video: [],
    audio,
    subtitle: [],
    textSubtitle: undefined,
    attachments: false,
    coverArt,
    data: [],
    rewritten: [],
    chapters: name === 'mp3' || name === 'ogg',
    trackTitles: false,
    usualAudio,
    declaresDelay: true,
  };
}

/** The container an extension means (`.MKV` too), undefined for one that is not written. */
export function findContainer(extension: string): Container | undefined {
  const wanted = extension.toLowerCase();
  return Object.values(containers).find((container) => container.extensions.includes(wanted));
}

/** True when the container takes the codec bit for bit. */
export function holds(container: Container, type: 'video' | 'audio' | 'subtitle', codec: string): boolean {
  const list = container[type];
  // What ffmpeg has no name for it cannot write either.
  return list === 'any' ? codec !== 'unknown' : list.includes(codec);
}

/** True when an attached picture of this codec can stay one. */
export function holdsCover(container: Container, codec: string): boolean {
  return container.coverArt && coverCodecs.includes(codec);
}

const textSubtitles = ['mov_text', 'subrip', 'srt', 'webvtt', 'ass', 'ssa', 'text'];

/** True for subtitles made of text, which become one another; the rest are pictures or teletext pages. */
export function isTextSubtitle(codec: string): boolean {
  return textSubtitles.includes(codec);
}
