import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Script } from '../../../src/domain/script.js';
import type { SeparatorModel } from '../../../src/domain/separator.js';
import type { Soundtrack } from '../../../src/domain/source.js';
import { probeFile } from '../../../src/media/probe.js';
import { extract } from '../../../src/stages/extract.js';
import { separate } from '../../../src/stages/separate.js';
import { callDub, jsonLines } from '../../support/command.js';
import { decodeMono, ffmpeg, makeFolder, removeFolder } from '../../support/media.js';
import { buildOnnx, midModel, midSpectrumModel, selfModel, stackedMidModel } from '../../support/onnx.js';
import { makeContext, type RecordedContext } from '../../support/stage-context.js';

const rate = 48_000;
const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url));
let folder: string;
let ctx: RecordedContext;
let speech: Float32Array;
let noise: Float32Array;
let film: string;
let soundtrack: Soundtrack;
const script = { language: 'en', utterances: [{ id: 'u0001', startMs: 400, endMs: 5000 }] } as unknown as Script;
const pink = 'anoisesrc=color=pink:seed=7:amplitude=0.1:duration=5:sample_rate=48000,lowpass=f=12000';

/** Real words in the middle, and noise that is upside down on the right. */
beforeAll(async () => {
  folder = await makeFolder();
  ctx = await makeContext(folder);
  film = join(folder, 'talk.mkv');
  const [voice, wide] = [join(folder, 'voice.wav'), join(folder, 'noise.wav')];
  await ffmpeg(
    '-i',
    join(fixtures, 'talk.mp4'),
    '-t',
    '5',
    '-ac',
    '1',
    '-af',
    'aresample=48000,highpass=f=80,highpass=f=80,volume=0.5',
    voice,
  );
  await ffmpeg('-f', 'lavfi', '-i', pink, wide);
  const graph =
    '[1:a]pan=stereo|c0=c0|c1=c0[v];[2:a]pan=stereo|c0=c0|c1=-1*c0[n];[v][n]amix=inputs=2:normalize=0:duration=longest[a]';
  const inputs = ['-i', join(fixtures, 'talk.mp4'), '-i', voice, '-i', wide, '-filter_complex', graph, '-t', '5'];
  await ffmpeg(...inputs, '-map', '0:v', '-map', '[a]', '-c:v', 'copy', '-c:a', 'pcm_s16le', film);
  soundtrack = await soundOf(film);
  [speech, noise] = await Promise.all([decodeMono(voice, rate), decodeMono(wide, rate)]);
});

afterAll(() => removeFolder(folder));

async function soundOf(path: string): Promise<Soundtrack> {
  return extract(await probeFile(path, ctx.tools, ctx.signal), { needsSpeech: false }, ctx);
}

async function model(name: string, bytes: Buffer): Promise<SeparatorModel> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return { path, folder };
}

const separated = async (by: SeparatorModel | Promise<SeparatorModel>, sound = soundtrack, context = ctx) =>
  separate(sound, script, await by, context);

async function channel(path: string, number: number): Promise<Float32Array> {
  const to = join(folder, `channel${number}.wav`);
  await ffmpeg('-y', '-i', path, '-af', `pan=mono|c0=c${number}`, to);
  return decodeMono(to, rate);
}

/** Gains of the speech and the noise in a sound, dB, and what is neither against the noise, dB. */
function levels(sound: Float32Array) {
  const end = 4.8 * rate;
  let [ss, sn, nn, xs, xn] = [0, 0, 0, 0, 0];
  for (let i = 0; i < end; i++) {
    const [s, n, x] = [speech[i]!, noise[i]!, sound[i]!];
    ss += s * s;
    sn += s * n;
    nn += n * n;
    xs += x * s;
    xn += x * n;
  }
  const det = ss * nn - sn * sn;
  const [ofSpeech, ofNoise] = [(xs * nn - xn * sn) / det, (xn * ss - xs * sn) / det];
  let rest = 0;
  for (let i = 0; i < end; i++) rest += (sound[i]! - ofSpeech * speech[i]! - ofNoise * noise[i]!) ** 2;
  const db = (power: number) => 10 * Math.log10(power + 1e-20);
  return { speechDb: db(ofSpeech ** 2), noiseDb: db(ofNoise ** 2), restDb: db(rest / nn) };
}

describe('a model that takes out what is in the middle', () => {
  it.each([
    ['on samples, giving the voices', 'a.onnx', () => midModel(44_100)],
    ['on spectra, giving the voices, as UVR has them', 'UVR_MDXNET_1.onnx', () => midSpectrumModel(2048, 64, 'vocals')],
    [
      'on spectra, giving the background, with its transform noted',
      'x_instrumental.onnx',
      () => midSpectrumModel(3000, 64, 'background', { n_fft: '7680' }),
    ],
  ])('leaves the background in its place, without the speech or a seam: %s', async (_, name, bytes) => {
    const left = levels(await channel(await separated(model(name, bytes())), 0));
    expect(left.speechDb).toBeLessThan(-35);
    expect(Math.abs(left.noiseDb)).toBeLessThan(0.05);
    expect(left.restDb).toBeLessThan(-30);
  });

  it('in pieces, stacked as Demucs stacks, leaves what one window over the whole leaves, left and right upside down', async () => {
    const [pieces, whole] = await Promise.all(
      ['htdemucs.onnx', 'whole.onnx'].map(async (name, at) =>
        channel(await separated(model(name, at === 0 ? stackedMidModel(33_333) : midModel(300_000))), at),
      ),
    );
    const difference = pieces!.reduce((most, sample, i) => Math.max(most, Math.abs(sample + whole![i]!)), 0);
    expect(pieces).toHaveLength((soundtrack.durationMs * rate) / 1000);
    // One step of 16 bits, where rounding falls to the other side.
    expect(difference).toBeLessThan(1.5 / 32_768);
  });

  it('tells how far it is', async () => {
    const told = ctx.events.filter((event) => event.type === 'stage-progress' && event.stage === 'separate');
    expect(told.at(-1)).toMatchObject({ done: soundtrack.durationMs, total: soundtrack.durationMs });
  });

  it('works on the front of surround sound and leaves the rest', async () => {
    const wide = join(folder, 'wide.mkv');
    const graph = '[0:a]pan=5.1|c0=c0|c1=c1|c2=0.5*c0+0.5*c1|c4=0.3*c0|c5=0.3*c1[a]';
    await ffmpeg(
      '-i',
      film,
      '-filter_complex',
      graph,
      '-map',
      '0:v',
      '-map',
      '[a]',
      '-c:v',
      'copy',
      '-c:a',
      'pcm_s16le',
      wide,
    );
    const path = await separated(model('wide.onnx', midModel(44_100)), await soundOf(wide));
    const [front, centre, rear] = await Promise.all([0, 2, 4].map((number) => channel(path, number)));
    const [ofFront, ofRear] = [levels(front!), levels(rear!)];
    expect([ofFront.speechDb < -35, Math.abs(ofFront.noiseDb) < 0.05]).toEqual([true, true]);
    expect(centre!.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThan(0.001);
    expect([ofRear.speechDb, ofRear.noiseDb].map(Math.round)).toEqual([-10, -10]);
  });

  it('is given both ears of mono sound', async () => {
    const mono = join(folder, 'mono.mkv');
    await ffmpeg('-i', film, '-map', '0', '-c:v', 'copy', '-af', 'pan=mono|c0=c0', '-c:a', 'pcm_s16le', mono);
    const side = join(folder, 'mono.wav');
    const half = { op: 'Mul', inputs: ['mix', 'half'], outputs: ['vocals'] };
    const dims = [1, 2, 44_100];
    const bytes = buildOnnx({
      inputs: [{ name: 'mix', dims }],
      outputs: [{ name: 'vocals', dims }],
      nodes: [half],
      floats: { half: { dims: [1], values: [0.5] } },
    });
    await ffmpeg('-i', await separated(model('mono.onnx', bytes), await soundOf(mono)), side);
    const { noiseDb } = levels(await decodeMono(side, rate));
    expect(noiseDb).toBeCloseTo(-6.02, 1);
  });
});

describe('a model that cannot be used', () => {
  it.each([
    ['no.onnx', () => Buffer.from('<!doctype html><p>Not found'), 'CONFIG_INVALID', /no\.onnx is not an ONNX model/],
    [
      'cut.onnx',
      () => midModel(44_100).subarray(0, 60),
      'CONFIG_INVALID',
      /cut\.onnx is not an ONNX model: it is cut off/,
    ],
    ['plain.onnx', () => midModel(44_100, 'out'), 'CONFIG_INVALID', /whether it gives the voices or the background/],
    ['crowd.onnx', () => stackedMidModel(44_100), 'CONFIG_INVALID', /whether it gives the voices or the background/],
    [
      'voc.onnx',
      () => midSpectrumModel(1000, 64, 'vocals'),
      'CONFIG_INVALID',
      /how long its Fourier transform of 1000/,
    ],
    [
      'short.onnx',
      () => midModel(100),
      'CONFIG_INVALID',
      /takes mix \[1,2,100\] and gives voices \[1,2,100\]: 100 samples are too short/,
    ],
    [
      'nan.onnx',
      () => selfModel('Div', 44_100, 'vocals'),
      'PROVIDER_BAD_REPLY',
      /no number \(NaN or infinite\) in the window at 0:00:00/,
    ],
    [
      'still.onnx',
      () => selfModel('Sub', 44_100, 'vocals'),
      'PROVIDER_BAD_REPLY',
      /still\.onnx took nothing out of the sound/,
    ],
    [
      'bad.onnx',
      () => buildOnnx({ ...openModel, nodes: [{ ...openModel.nodes[0]!, op: 'NoSuchStep' }] }),
      'CONFIG_INVALID',
      /ONNX Runtime cannot load bad\.onnx/,
    ],
    [
      'two.onnx',
      () => buildOnnx({ ...openModel, inputs: [...openModel.inputs, { name: 'spec', dims: [1, 4, 5, 6] }] }),
      'CONFIG_INVALID',
      /takes mix \[1,2,\?\] and spec \[1,4,5,6\] .*more than one thing/,
    ],
  ])('says why: %s', async (name, bytes, code, message) => {
    await expect(separated(model(name, bytes()))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  const openModel = {
    inputs: [{ name: 'mix', dims: [1, 2, 'time'] }],
    outputs: [{ name: 'vocals', dims: [1, 2, 'time'] }],
    nodes: [{ op: 'Identity', inputs: ['mix'], outputs: ['vocals'] }],
  };

  it('is left in mid-run when the run is', async () => {
    const abort = new AbortController();
    const own = await makeContext(folder, abort.signal);
    const emit = ({ type }: RecordedContext['events'][number]) => type === 'stage-progress' && abort.abort();
    await expect(separated(model('long.onnx', midModel(5000)), soundtrack, { ...own, emit })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('--separator model.onnx', () => {
  const call = (...more: readonly string[]) => {
    const texts = ['--script', join(fixtures, 'talk.en.srt'), '--translation', `es=${join(fixtures, 'talk.es.srt')}`];
    const args = [film, '--to', 'es', '--offline', ...texts, '--bed', 'separate', '--json', ...more];
    return callDub(args, { cwd: folder, env: { DUBBING_CACHE: join(folder, 'cache') } });
  };

  it('dubs over what the model left', async () => {
    await model('mid model.onnx', midModel(88_200, 'out'));
    const { exit, stdout, stderr } = await call('--separator', 'mid model.onnx?vocals', '-o', 'a.mkv', '--work', 'a');
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    const stages = jsonLines(stdout).filter((event) => event.type === 'stage-end');
    expect(stages.map((event) => event.stage)).toContain('separate');
  });

  it('refuses a file that is no model before anything is done', async () => {
    await model('page.onnx', Buffer.from('<p>Not found'));
    const { exit, stdout, stderr } = await call('--separator', 'page.onnx', '--work', 'p');
    expect({ exit, stages: jsonLines(stdout).filter(({ type }) => type === 'stage-end') }).toEqual({
      exit: 2,
      stages: [],
    });
    expect(stderr).toContain('page.onnx is not an ONNX model');
  });

  it.each([
    ['gone.onnx', 'there is no model'],
    ['onnx:', 'there is no model onnx:'],
    ['mid model.onnx?voice', '`voice` says nothing of a model'],
    ['mid model.onnx?vocals&background', 'a model gives vocals or background, not both'],
    ['mid model.onnx?n_fft=many', 'n_fft must be a whole number'],
  ])('refuses %s before anything is done', async (separator, message) => {
    const { exit, stderr } = await call('--separator', separator);
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
  });
});
