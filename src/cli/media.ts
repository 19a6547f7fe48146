import type { Config } from '../config/config.js';
import type { MediaTools } from '../media/tools.js';
import type { SubtitleTrack } from '../providers/asr/contract.js';

/** ffmpeg and ffprobe as configured. This file is where the command line touches `media`, besides `doctor`. */
export async function findTools(config: Config): Promise<MediaTools> {
  const { findMediaTools } = await import('../media/tools.js');
  return findMediaTools({ ffmpeg: config.ffmpeg, ffprobe: config.ffprobe });
}

/** Codecs of subtitle tracks that hold pictures or pages instead of text. */
const noText = ['hdmv_pgs_subtitle', 'dvd_subtitle', 'dvb_subtitle', 'xsub', 'dvb_teletext', 'unknown'];

/** Subtitle tracks of a file that a script could be read from. */
export async function findTextTracks(path: string, tools: MediaTools, signal: AbortSignal): Promise<SubtitleTrack[]> {
  const { probeFile } = await import('../media/probe.js');
  const source = await probeFile(path, tools, signal);
  const tracks = source.streams.filter((stream) => stream.type === 'subtitle' && !noText.includes(stream.codec));
  return tracks.map(({ index, language, codec }) => ({ index, language, codec }));
}
