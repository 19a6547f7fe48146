/** ffmpeg's standard channel layouts and the channels they hold, in order. Source: `ffmpeg -layouts`, 5.1. */
const layouts: Readonly<Record<string, string>> = {
  mono: 'FC',
  stereo: 'FL FR',
  '2.1': 'FL FR LFE',
  '3.0': 'FL FR FC',
  '3.0(back)': 'FL FR BC',
  '4.0': 'FL FR FC BC',
  quad: 'FL FR BL BR',
  'quad(side)': 'FL FR SL SR',
  '3.1': 'FL FR FC LFE',
  '5.0': 'FL FR FC BL BR',
  '5.0(side)': 'FL FR FC SL SR',
  '4.1': 'FL FR FC LFE BC',
  '5.1': 'FL FR FC LFE BL BR',
  '5.1(side)': 'FL FR FC LFE SL SR',
  '6.0': 'FL FR FC BC SL SR',
  '6.0(front)': 'FL FR FLC FRC SL SR',
  hexagonal: 'FL FR FC BL BR BC',
  '6.1': 'FL FR FC LFE BC SL SR',
  '6.1(back)': 'FL FR FC LFE BL BR BC',
  '6.1(front)': 'FL FR LFE FLC FRC SL SR',
  '7.0': 'FL FR FC BL BR SL SR',
  '7.0(front)': 'FL FR FC FLC FRC SL SR',
  '7.1': 'FL FR FC LFE BL BR SL SR',
  '7.1(wide)': 'FL FR FC LFE BL BR FLC FRC',
  '7.1(wide-side)': 'FL FR FC LFE FLC FRC SL SR',
  octagonal: 'FL FR FC BL BR BC SL SR',
  downmix: 'DL DR',
};

/** The layout ffmpeg assumes for a number of channels when the file names none; index 0 is one channel. */
const usualLayouts = ['mono', 'stereo', '2.1', '4.0', '5.0', '5.1', '6.1', '7.1'];

/**
 * The layout to work in: the file's own when it is a known one with that many channels, else ffmpeg's usual one.
 * @returns undefined for a number of channels that has no usual layout
 */
export function workingLayout(layout: string, channels: number): string | undefined {
  if (layouts[layout]?.split(' ').length === channels) return layout;
  return usualLayouts[channels - 1];
}

/**
 * Names of the channels of a layout in order, e.g. `['FL', 'FR']`. A layout that is unknown or has another number of
 * channels is read as ffmpeg's usual one; without a usual one every channel is called `?`.
 */
export function channelNames(layout: string, channels: number): string[] {
  const working = workingLayout(layout, channels);
  return working === undefined ? Array.from({ length: channels }, () => '?') : layouts[working]!.split(' ');
}

/**
 * How much each channel counts in loudness: 1.41 behind or beside the listener, 0 for the LFE, else 1 (ITU-R BS.1770-4,
 * table 3, widened to the other layouts as ffmpeg's ebur128 does).
 */
export function channelWeights(layout: string, channels: number): number[] {
  return channelNames(layout, channels).map((name) => {
    if (name === 'LFE') return 0;
    return ['BL', 'BC', 'BR', 'SL', 'SR'].includes(name) ? 1.41 : 1;
  });
}
