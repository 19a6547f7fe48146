import type { Mix } from '../../domain/dub.js';
import type { Loudness, Soundtrack } from '../../domain/source.js';
import { openPcmReader, openPcmWriter, type PcmFormat, type PcmReader } from '../../media/pcm.js';
import { Limiter } from '../../sound/limiter.js';
import { fromDecibels, LoudnessMeter, toDecibels } from '../../sound/loudness.js';
import { TruePeakMeter } from '../../sound/true-peak.js';
import type { StageContext } from '../context.js';
import type { Balance } from './balance.js';
import { type Ducker, eachBedBlock } from './bed.js';
import { DubTrack } from './dub-track.js';
import { encoderGain } from './encoder-level.js';
import { dubChannels } from './format.js';
import { ceilingOf, chooseGain, findTarget } from './gain.js';
import type { MixOptions } from './options.js';
import type { Report } from './progress.js';

/**
 * The limiter stays this much below the ceiling, dB, because lossy codecs give peaks back higher: about what limited
 * speech and music gained at usual bit rates (AAC, AC-3 up to 0.5 dB, MP3 0.7, Opus 0.9).
 */
const margins = [
  { codecs: /^(flac|alac|pcm_|wavpack|truehd|mlp)/, margin: 0.1, lossless: true },
  { codecs: /^mp[23]$/, margin: 0.8, lossless: false },
  { codecs: /^(opus|vorbis)$/, margin: 1, lossless: false },
  { codecs: /./, margin: 0.5, lossless: false },
];
/** Encoded files are listened to when their peaks may come this near to the ceiling, dB. */
const overshootDb = 2;
const loudnessTolerance = 0.3;
const peakTolerance = 0.005;
/** A peak that came back too high may come back higher still from another limit, dB. */
const againDb = 0.2;
const mostRounds = 4;

/** Everything the second pass needs. */
export interface EncodeJob {
  readonly soundtrack: Soundtrack;
  readonly format: PcmFormat;
  readonly balance: Balance;
  readonly options: MixOptions;
  /** A new one for each time the bed is read from its start. */
  makeDucker(): Ducker;
  /** The bed before it is lowered. */
  openBed(ctx: Pick<StageContext, 'tools' | 'signal'>): PcmReader;
}

interface Setting {
  readonly gainDb: number;
  readonly limitDbtp: number;
}

/**
 * The second pass: mixes, applies one gain to all of it, holds the ceiling and encodes. Done once more, with a corrected
 * setting, only when the loudness came out other than foreseen or the encoder raised a peak over the ceiling.
 */
export async function encodeMix(job: EncodeJob, report: Report, ctx: StageContext): Promise<Mix> {
  const { codec, loudness: wanted, outPath } = job.options;
  const { foreseen } = job.balance;
  const ceilingDbtp = ceilingOf(wanted);
  const { margin, lossless } = margins.find(({ codecs }) => codecs.test(codec.codec))!;
  const target = findTarget(foreseen, wanted, job.soundtrack.loudness.integratedLufs);
  let limitDbtp = ceilingDbtp - margin;
  let aim = target;
  for (let round = 1; ; round++) {
    const gainDb = aim === undefined ? 0 : chooseGain(foreseen, aim, limitDbtp);
    const loudness = await encodeOnce(job, { gainDb, limitDbtp }, report, ctx);
    const last = round === mostRounds;
    const listen = !lossless && !last && loudness.truePeakDbtp > ceilingDbtp - overshootDb;
    const over = listen ? (await encodedPeak(job, ceilingDbtp, ctx)) - ceilingDbtp : 0;
    const short = target === undefined ? 0 : target - loudness.integratedLufs;
    const off = round === 1 && Math.abs(short) > loudnessTolerance;
    if (over <= peakTolerance && !off) {
      const { sampleRate, channels, layout } = codec;
      const format = { codec: codec.codec, sampleRate, channels, layout };
      const targetLufs = target ?? loudness.integratedLufs;
      return { path: outPath, ...format, gainDb, loudness, targetLufs, ceilingDbtp };
    }
    if (over > peakTolerance) limitDbtp -= over + againDb;
    if (off) aim = aim! + short;
  }
}

/** @returns loudness of the mix as it should come back from the encoder */
async function encodeOnce(job: EncodeJob, setting: Setting, report: Report, ctx: StageContext): Promise<Loudness> {
  const { format, options } = job;
  const output = { options: options.codec.options, to: options.outPath };
  const writer = openPcmWriter({ purpose: 'encode the dub', format, output }, ctx.tools, ctx.signal);
  const limiter = new Limiter(format, setting.limitDbtp);
  const meter = new LoudnessMeter(format);
  const gain = fromDecibels(setting.gainDb);
  const raised = encoderGain(options.codec);
  const pass = async (samples: Float32Array) => {
    meter.push(samples);
    if (raised !== 1) for (let i = 0; i < samples.length; i++) samples[i]! *= raised;
    await writer.write(samples);
  };
  try {
    await eachMixedBlock(job, report, ctx, (block) => {
      for (let i = 0; i < block.length; i++) block[i]! *= gain;
      return pass(limiter.push(block));
    });
    await pass(limiter.finish());
    await writer.finish();
  } finally {
    await writer.close();
  }
  return meter.result();
}

async function eachMixedBlock(
  job: EncodeJob,
  report: Report,
  ctx: StageContext,
  visit: (block: Float32Array) => Promise<void>,
): Promise<void> {
  const { soundtrack, format, balance } = job;
  const bed = job.openBed(ctx);
  const dub = new DubTrack(balance.takes, { count: format.channels, targets: dubChannels(format) });
  const duck = job.makeDucker();
  try {
    await eachBedBlock(bed, format.channels, soundtrack.durationMs, report, async (block, firstFrame) => {
      duck(block, firstFrame);
      await dub.addTo(block, firstFrame);
      await visit(block);
    });
  } finally {
    await bed.close();
  }
}

/** True peak of the encoded file as a player decodes it, dBTP; what lies under `floorDbtp` is given as that. */
async function encodedPeak({ format, options }: EncodeJob, floorDbtp: number, ctx: StageContext): Promise<number> {
  const input = { from: options.outPath };
  const decode = { purpose: 'listen to the encoded dub', input, stream: '0:a:0', format };
  const reader = openPcmReader(decode, ctx.tools, ctx.signal);
  const meters = Array.from({ length: format.channels }, () => new TruePeakMeter(fromDecibels(floorDbtp)));
  const frames = 16_384;
  const single = new Float32Array(frames);
  const whole = new Float32Array(frames * format.channels);
  try {
    for (;;) {
      const block = await reader.read(frames, whole);
      const count = block.length / format.channels;
      for (const [channel, meter] of meters.entries()) {
        for (let i = 0, at = channel; i < count; i++, at += format.channels) single[i] = block[at]!;
        meter.push(single, 0, count);
      }
      if (count < frames) return toDecibels(Math.max(...meters.map((meter) => meter.peak())));
    }
  } finally {
    await reader.close();
  }
}
