import { programmeSamples } from '../../media/filters.js';
import type { PcmFormat } from '../../media/pcm.js';
import { channelNames, workingLayout } from '../../sound/channels.js';

/** The mix is made at this rate, Hz. */
export const mixRate = 48_000;

/** Fade at both ends of a take, frames: 5 ms, so that a cut into sound does not click. */
export const fadeFrames = mixRate * 0.005;

/** Fade of a take that is cut short, frames: 80 ms, heard as an end and not as a fault. */
export const trimFadeFrames = mixRate * 0.08;

/** Whole frames at 48 kHz of milliseconds. */
export function toFrames(ms: number): number {
  return programmeSamples(ms, mixRate);
}

/** The format the mix is made in: the encoded layout, or the usual one of as many channels, at 48 kHz. */
export function mixFormat(codec: { readonly channels: number; readonly layout: string }): PcmFormat {
  const { channels, layout } = codec;
  return { sampleRate: mixRate, channels, layout: workingLayout(layout, channels) ?? layout };
}

/** Channels (indices) that the dub is heard from: front centre where there is one, else the first two alike. */
export function dubChannels(format: PcmFormat): number[] {
  if (format.channels === 1) return [0];
  const centre = channelNames(format.layout, format.channels).indexOf('FC');
  return centre >= 0 ? [centre] : [0, 1];
}
