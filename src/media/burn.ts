import type { SourceStream } from '../domain/source.js';
import { type Container, holds } from './container-table.js';

/**
 * The ffmpeg video filter that draws an SRT file into the picture.
 * @param family the font, as fontconfig names it
 */
export function burnFilter(srtPath: string, family: string): string {
  return `subtitles=filename=${escapeValue(srtPath)}:force_style=${escapeValue(`FontName=${family.replaceAll(',', '')}`)}`;
}

/**
 * A value inside a filter chain, whatever characters it has: escaped once as an option's value and once as a part of
 * the chain (ffmpeg-filters, Notes on filtergraph escaping).
 */
function escapeValue(text: string): string {
  return text.replaceAll(/[\\':]/g, '\\$&').replaceAll(/[\\'[\],;]/g, '\\$&');
}

/** Encoders by the codec they keep; visually lossless settings. */
const encoders: Readonly<Record<string, readonly string[]>> = {
  h264: ['libx264', '-crf', '17', '-preset', 'medium'],
  hevc: ['libx265', '-crf', '18', '-preset', 'medium', '-x265-params', 'log-level=error'],
  vp9: ['libvpx-vp9', '-crf', '24', '-b:v', '0', '-row-mt', '1', '-deadline', 'good', '-cpu-used', '3'],
  vp8: ['libvpx', '-crf', '8', '-b:v', '4M', '-deadline', 'good', '-cpu-used', '3'],
};

/** How a picture with burnt-in subtitles is encoded: as it was where that can be, else as the container likes it. */
export function pictureEncoder(stream: SourceStream, container: Container): readonly string[] {
  const own = encoders[stream.codec];
  if (own && holds(container, 'video', stream.codec)) return own;
  return holds(container, 'video', 'h264') ? encoders.h264! : encoders.vp9!;
}
