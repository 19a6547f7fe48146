import { EventEmitter } from 'node:events';
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { worstExit } from '../../src/cli/batch/outcome.js';
import { type RunEvent, runEvent } from '../../src/pipeline/events.js';
import { type CallOptions, callDub, jsonLines } from '../support/command.js';
import { makeFolder, makeMedia, probeJson, removeFolder } from '../support/media.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  await makeMedia(folder, { name: 'talk.mp4', seconds: 4, audio: [{ samples: hum(4) }] });
  await writeFile(join(folder, 'talk.en.srt'), cues('Good morning.', 'Thank you.'));
  await writeFile(join(folder, 'talk.es.srt'), cues('Buenos días.', 'Gracias.'));
});

afterAll(() => removeFolder(folder));

/** A quiet tone, as loud as a room. */
function hum(seconds: number): Float32Array {
  return Float32Array.from(
    { length: seconds * 48_000 },
    (_, index) => 0.05 * Math.sin((2 * Math.PI * 300 * index) / 48_000),
  );
}

function cues(first: string, second: string): string {
  return `1\n00:00:00,500 --> 00:00:01,700\n${first}\n\n2\n00:00:02,500 --> 00:00:03,700\n${second}\n`;
}

const words = ['--script', 'talk.en.srt', '--translation', 'talk.es.srt'];

function call(args: readonly string[], more: Partial<CallOptions> = {}) {
  return callDub(args, { cwd: folder, env: { DUBBING_CACHE: join(folder, 'cache') }, ...more });
}

/** A folder of its own with the film and its words. */
async function own(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  for (const file of ['talk.mp4', 'talk.en.srt', 'talk.es.srt']) await copyFile(join(folder, file), join(path, file));
  return path;
}

/** A stderr that is a terminal, and what was written to it. */
function terminal() {
  const written: string[] = [];
  const stderr = { isTTY: true, columns: 80, write: (text: string) => written.push(text) > 0 };
  return { stderr, text: () => written.join('') };
}

function eventsOf(stdout: string): RunEvent[] {
  return jsonLines(stdout).map((line) => runEvent.parse(line));
}

describe('--dry-run', () => {
  it('prints the plan, says what --offline chose, and leaves nothing behind', async () => {
    const cwd = await own('dry');
    const { exit, stdout, stderr } = await call(['talk.mp4', '--to', 'es', '--offline', '--dry-run', ...words], {
      cwd,
    });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^ {2}synthesize es {2,}run {5}espeak-ng/m);
    expect(stdout).toContain('2 lines, 23 characters. Nothing leaves this machine.\n');
    expect(stdout).toContain(`  es  ${cwd}/talk.es.mp4\n`);
    expect(stderr).toMatch(/^Chosen by --offline: tts espeak-ng \S+\n$/);
    expect((await readdir(cwd)).sort()).toEqual(['talk.en.srt', 'talk.es.srt', 'talk.mp4']);
  });

  it('ends in a summary under --json, and --quiet silences stderr', async () => {
    const { stdout, stderr } = await call([
      'talk.mp4',
      '--to',
      'es',
      '--offline',
      '--dry-run',
      '--json',
      '--quiet',
      ...words,
    ]);
    const events = eventsOf(stdout);
    expect(events.map((event) => event.type)).toEqual(['plan', 'summary']);
    expect(events[0]).toMatchObject({ lines: 2, outputs: [{ language: 'es', path: join(folder, 'talk.es.mp4') }] });
    expect(stderr).toBe('');
  });

  it('tells two languages of one region from one language', async () => {
    const { exit } = await call([
      'talk.mp4',
      '--to',
      'pt-BR',
      '--from',
      'pt-PT',
      '--tts',
      'espeak-ng',
      '--dry-run',
      ...words,
    ]);
    expect(exit).not.toBe(1);
    const same = await call(['talk.mp4', '--to', 'pt-BR', '--from', 'pt', '--tts', 'espeak-ng', '--dry-run', ...words]);
    expect(same.stderr).toContain('The speech is Portuguese (pt) already, and --to asks for pt-BR.');
  });

  it('finds the script in the input when --offline has no other', async () => {
    const cwd = await own('track');
    await makeMedia(cwd, {
      name: 'sub.mkv',
      seconds: 4,
      moreInputs: ['-i', join(cwd, 'talk.en.srt')],
      options: ['-map', '2:s', '-c:s', 'srt', '-metadata:s:s:0', 'language=eng'],
    });
    const args = ['sub.mkv', '--to', 'es', '--offline', '--dry-run', '--translation', 'talk.es.srt'];
    const { stdout, stderr } = await call(args, { cwd });
    expect(stderr).toContain('asr subtitles (subtitle track 2 of the input (en))');
    expect(stdout).toContain('2 lines');
  });

  it('counts options of engines as configured', async () => {
    const cwd = await own('configured');
    await writeFile(join(cwd, '.dubbingrc'), '{"providers": {"tts:espeak-ng": {"rat": 150}}}');
    const { exit, stderr } = await call(['talk.mp4', '--to', 'es', '--tts', 'espeak-ng', '--dry-run', ...words], {
      cwd,
    });
    expect(exit).toBe(2);
    expect(stderr).toMatch(/there is no option `rat` \(did you mean `rate`\?\)/);
  });
});

it('says that rough engines are rough, and is silent about it when quiet', async () => {
  const args = [
    'talk.mp4',
    '--to',
    'es',
    '--asr',
    'pocketsphinx',
    '--translator',
    'apertium',
    '--tts',
    'espeak-ng',
    '--dry-run',
  ];
  const { exit, stderr } = await call(args);
  expect({ exit, stderr }).toEqual({
    exit: 0,
    stderr: 'pocketsphinx and apertium are rough: for rehearsals, not for an audience.\n',
  });
  expect((await call([...args, '--quiet'])).stderr).toBe('');
});

describe('a run', () => {
  it('prints the path of the finished file and nothing else on stdout', async () => {
    const cwd = await own('plain');
    const { exit, stdout, stderr } = await call(
      ['talk.mp4', '--to', 'es', '--offline', '-o', 'dub of {name}.mp4', ...words],
      { cwd },
    );
    expect(stdout).toBe(`${cwd}/dub of talk.mp4\n`);
    expect(exit).toBe(0);
    expect(stderr).toMatch(
      /^Chosen by --offline: tts espeak-ng \S+\ntalk\.mp4 to es \(asr subtitles, translator subtitles, tts espeak-ng, store none\)\n {2}extract /,
    );
    expect(stderr).toMatch(/^ {2}synthesize es {2,}.* \(\d+\.\d s\)$/m);
    expect(stderr).toMatch(/\ndub of talk\.mp4: passed all \d+ gates, 2 of 2 lines voiced\n {2}\S/);
    const streams = (await probeJson(join(cwd, 'dub of talk.mp4'))).streams.filter(
      (stream) => stream.codec_type === 'audio',
    );
    expect(streams.map((stream) => stream.tags?.language)).toEqual(['spa', expect.anything()]);

    const again = await call(['talk.mp4', '--to', 'es', '--offline', '-o', 'dub of {name}.mp4', ...words], { cwd });
    expect({ exit: again.exit, stdout: again.stdout }).toEqual({ exit: 2, stdout: '' });
    expect(again.stderr).toContain(
      `dub: ${cwd}/dub of talk.mp4 exists already.\n  Give --force to replace it, or another name with -o.\n`,
    );

    const forced = await call(
      ['talk.mp4', '--to', 'es', '--offline', '--force', '--quiet', '-o', 'dub of {name}.mp4', ...words],
      { cwd },
    );
    expect(forced).toEqual({ exit: 0, stdout: `${cwd}/dub of talk.mp4\n`, stderr: '' });

    const checked = await call(['check', 'dub of talk.mp4'], { cwd });
    expect(checked.exit).toBe(0);
    expect(checked.stdout).toMatch(new RegExp(`^${cwd}/dub of talk\\.mp4: `));
    expect(checked.stdout).toMatch(/^ {2}passed {2,}loudness /m);
    const json = await call(['check', '--json', '--lang', 'es', 'talk.dub'], { cwd });
    expect(jsonLines(json.stdout)[0]).toMatchObject({
      type: 'verdict',
      output: `${cwd}/dub of talk.mp4`,
      report: `${cwd}/talk.dub/es/report.html`,
    });
  });

  it('gives every event on stdout under --json while bars are drawn on the terminal and taken away', async () => {
    const cwd = await own('json');
    const { stderr, text } = terminal();
    const { exit, stdout } = await call(['talk.mp4', '--to', 'es', '--offline', '--json', ...words], { cwd, stderr });
    expect(text()).toContain('\x1b[?25l');
    expect(text().lastIndexOf('\x1b[?25h')).toBeGreaterThan(text().lastIndexOf('\x1b[?25l'));
    expect(text()).toContain('\x1b[1mtalk.es.mp4\x1b[22m: ');
    const events = eventsOf(stdout);
    expect(events[0]?.type).toBe('run-start');
    expect(events.at(-1)).toMatchObject({
      type: 'summary',
      exit,
      outputs: [{ path: `${cwd}/talk.es.mp4`, language: 'es' }],
    });
    expect(new Set(events.map((event) => event.run)).size).toBe(1);
    expect(events.some((event) => event.type === 'stage-end' && event.stage === 'mux')).toBe(true);
  });

  it('goes on after an input that fails, and the gravest exit number wins', async () => {
    const cwd = await own('several');
    await writeFile(join(cwd, 'text.mp4'), 'no film at all');
    await makeMedia(cwd, {
      name: 'sub.mkv',
      seconds: 4,
      moreInputs: ['-i', join(cwd, 'talk.en.srt')],
      options: ['-map', '2:s', '-c:s', 'srt', '-metadata:s:s:0', 'language=eng'],
    });
    const provider = `const limits = { maxLines: 99, maxChars: 9999, concurrency: 1, adapts: false };
      const ready = async () => ({ ready: true, detail: 'x' });
      const translate = async ({ lines }) => ({ lines: lines.map(({ id }) => ({ id, text: 'Hola.' })), failures: [], warnings: [], units: [], requestIds: [] });
      const options = { safeParse: (data) => ({ success: true, data }) };
      export default { kind: 'translation', name: 'greeter', summary: 'x', options, create: () => ({ limits, ready, supports: async () => true, translate }) };`;
    await writeFile(join(cwd, 'greeter.mjs'), provider);
    const args = [
      'text.mp4',
      'sub.mkv',
      '--to',
      'es',
      '--asr',
      'subtitles',
      '--translator',
      './greeter.mjs',
      '--tts',
      'espeak-ng',
    ];
    const { exit, stdout, stderr } = await call(args, { cwd });
    expect(stdout).toBe(`${cwd}/sub.es.mkv\n`);
    expect(stderr).toMatch(
      /^2 files to es\ntext\.mp4: exit 3, INPUT_UNREADABLE: .*text\.mp4 cannot be read as audio or video.*\n/,
    );
    expect(stderr).toMatch(/\nsub\.mkv: exit 0, es 2 of 2 lines, \S.*\)\n2 files: 1 done, 1 failed; exit 3, /);
    expect(exit).toBe(3);
  });

  it('ends in an error event of the same run when it fails midway', async () => {
    const cwd = await own('midway');
    await writeFile(join(cwd, 'talk.es.srt'), 'no cues in here');
    const { exit, stdout, stderr } = await call(['talk.mp4', '--to', 'es', '--offline', '--json', ...words], { cwd });
    const events = eventsOf(stdout);
    expect(events[0]?.type).toBe('run-start');
    expect(events.at(-1)).toMatchObject({ type: 'error', exit, run: events[0]?.run });
    expect(stderr).toMatch(/\ndub: .+\n {2}.+\n$/);
  });
});

describe('an interruption', () => {
  it('stops the run with 130, keeps what is finished and says how to go on; a second one ends the process', async () => {
    const cwd = await own('stopped');
    const signals = new EventEmitter();
    const ended: number[] = [];
    let stdout = '';
    const write = (text: string) => {
      stdout += text;
      if (text.includes('"stage-start"') && text.includes('"synthesize"')) {
        signals.emit('SIGINT');
        signals.emit('SIGINT');
      }
      return true;
    };
    const { exit, stderr } = await call(['talk.mp4', '--to', 'es', '--offline', '--json', ...words], {
      cwd,
      signals,
      stdout: { write },
      exitNow: (number) => ended.push(number),
    });
    expect(exit).toBe(130);
    expect(ended).toEqual([130]);
    expect(stderr).toMatch(
      /\ndub: The run was interrupted; finished work is kept\.\n {2}Run the same command again to go on from here\.\n$/,
    );
    expect(eventsOf(stdout).at(-1)).toMatchObject({ type: 'error', code: 'INTERRUPTED', exit: 130 });
    await expect(stat(join(cwd, 'talk.es.mp4'))).rejects.toThrow('ENOENT');
    expect(signals.listenerCount('SIGINT')).toBe(0);

    const resumed = await call(['talk.mp4', '--to', 'es', '--offline', '--json', ...words], { cwd });
    expect(resumed.exit).toBe(0);
    const kept = eventsOf(resumed.stdout).filter((event) => event.type === 'stage-end' && event.kept);
    expect(kept.map((event) => 'stage' in event && event.stage)).toContain('extract');
  });

  it('is announced on a terminal, which gets its cursor back before the process ends', async () => {
    const signals = new EventEmitter();
    const { stderr, text } = terminal();
    const stdout = {
      write: () => {
        signals.emit('SIGTERM');
        signals.emit('SIGTERM');
        return true;
      },
    };
    await call(['config'], { signals, stderr, stdout });
    expect(text()).toBe('\nStopping; Ctrl-C again stops at once.\n\x1b[?25h\x1b[?7h');
  });
});

it('--audio-track names the sound to dub, and one that is not there ends the run', async () => {
  const { exit, stderr } = await call(['talk.mp4', '--to', 'es', '--offline', '--audio-track', '3', ...words], {
    cwd: await own('tracks'),
  });
  expect(exit).toBe(2);
  expect(stderr).toContain(
    'dub: There is no audio track 3; there are: 0.\n  Give --audio-track one of these; a language works where',
  );
});

it.each([
  [[0, 8, 0], 8],
  [[8, 7], 7],
  [[3, 2, 7], 2],
  [[4, 5, 6], 4],
  [[1, 4], 1],
  [[1, 130, 4], 130],
  [[], 0],
])('of %j the gravest is %i', (exits, worst) => {
  expect(worstExit(exits)).toBe(worst);
});
