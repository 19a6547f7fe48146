/**
 * LAME plays softer than what it is given, by bit rate in kb/s, so that its own overshoot does not clip (presets.c of
 * LAME 3.100; measured through ffmpeg 5.1: -0.45 dB up to 160, -0.27 at 192, -0.18 at 224, 0 from 256 on).
 */
const lameScales = [
  { upTo: 160, scale: 0.95 },
  { upTo: 192, scale: 0.97 },
  { upTo: 224, scale: 0.98 },
];
/** ffmpeg's bit rate for MP3 when none is asked for, kb/s. */
const usualRate = 128;

/**
 * What samples are multiplied by on their way to the encoder, so that the decoded file is as loud as the mix. 1 for
 * encoders that keep the level: AAC, Opus, Vorbis, AC-3 and the lossless ones are within 0.1 dB.
 */
export function encoderGain(codec: { readonly codec: string; readonly options: readonly string[] }): number {
  if (codec.codec !== 'mp3') return 1;
  const at = codec.options.indexOf('-b:a');
  const rate = at < 0 ? usualRate : Number.parseInt(codec.options[at + 1] ?? '', 10);
  const scale = lameScales.find(({ upTo }) => rate <= upTo)?.scale ?? 1;
  return 1 / scale;
}
