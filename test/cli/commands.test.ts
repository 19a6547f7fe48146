import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processIo } from '../../src/cli/io.js';
import { optionTable } from '../../src/cli/options.js';
import { loadConfig } from '../../src/config/load.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => removeFolder(folder));

const env = () => ({ DUBBING_CACHE: join(folder, 'cache') });

async function put(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** A program that prints a text, in place of a real one of another version or build. */
async function putProgram(name: string, script: string): Promise<string> {
  const path = await put(name, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

interface Told {
  readonly name: string;
  readonly status?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly ready?: boolean;
}

describe('dub config', () => {
  it('shows every value and where it comes from', async () => {
    const rc = await put('conf/.dubbingrc', '{"bed": "keep", "voice": {"A": "es"}, "to": ["es", "fr"]}');
    const { exit, stdout, stderr } = await callDub(['config', '--tts', 'flite', '--range', '1:00-1:30'], {
      cwd: join(folder, 'conf'),
      home: folder,
      env: { DUBBING_LOUDNESS: 'ebu' },
    });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['setting', 'value', 'from']);
    expect(rows).toContainEqual(['bed', 'keep', rc]);
    expect(rows).toContainEqual(['to', 'es, fr', rc]);
    expect(rows).toContainEqual(['voice', '{"A":"es"}', rc]);
    expect(rows).toContainEqual(['tts', 'flite', '--tts']);
    expect(rows).toContainEqual(['range', '{"startMs":60000,"endMs":90000}', '--range']);
    expect(rows).toContainEqual(['loudness', 'ebu', 'DUBBING_LOUDNESS']);
    expect(rows).toContainEqual(['subtitles', 'soft', 'default']);
    expect(stdout).toContain(`\nRead: ${rc}\n`);
  });

  it('shows secrets as dots, on a terminal and as JSON', async () => {
    const options =
      '{"providers": {"tts:cloud": {"apiKey": "hush-1", "accessKeyId": "hush-2", "tokens": "tokens.txt", "deep": {"token": "hush-3"}}}}';
    await put('secret/.dubbingrc', options);
    const around = { cwd: join(folder, 'secret'), home: join(folder, 'secret') };
    for (const args of [['config'], ['config', '--json']]) {
      const { stdout } = await callDub(args, around);
      expect(stdout).not.toContain('hush');
      expect(stdout).toContain('••••');
      expect(stdout).toContain('tokens.txt');
    }
  });

  it('shows neither a key of Model Studio nor one of OSS', async () => {
    const secrets = { DASHSCOPE_API_KEY: 'hush-1', OSS_ACCESS_KEY_ID: 'hush-2', OSS_ACCESS_KEY_SECRET: 'hush-3' };
    const open = { OSS_SECURITY_TOKEN: 'hush-4', DASHSCOPE_REGION: 'intl', OSS_BUCKET: 'films' };
    for (const args of [['config'], ['config', '--json']]) {
      const { stdout } = await callDub(args, { cwd: folder, env: { ...secrets, ...open } });
      expect(stdout).not.toContain('hush');
      expect(stdout).toContain('intl');
      expect(stdout).toContain('films');
    }
    const { config } = await loadConfig(
      optionTable,
      { flags: {} },
      { env: secrets, home: folder, cwd: folder, platform: 'linux' },
    );
    for (const name of ['asr:qwen', 'translation:qwen', 'translation:qwen-mt', 'tts:qwen', 'storage:dashscope'])
      expect(config.providers[name]).toEqual({ apiKey: 'hush-1' });
    expect(config.providers['storage:oss']).toEqual({ accessKeyId: 'hush-2', accessKeySecret: 'hush-3' });
  });

  it('is one line of JSON under --json', async () => {
    const { stdout } = await callDub(['config', '--json', '--no-keep-original'], { cwd: folder });
    const [told] = jsonLines(stdout);
    expect(told).toMatchObject({
      v: 1,
      type: 'config',
      files: [],
      settings: {
        keepOriginal: { value: false, from: 'flag', name: '--no-keep-original' },
        tts: { value: null, from: 'default', name: '' },
      },
    });
  });

  it('shows the file and the profile a value came from, and refuses a bad file with exit 2', async () => {
    const rc = await put('night/.dubbingrc', 'profiles: {night: {strict: true}}');
    const around = { cwd: join(folder, 'night'), home: join(folder, 'night') };
    const { stdout } = await callDub(['config', '--profile', 'night'], around);
    expect(stdout).toMatch(new RegExp(`strict +true +profile night of ${rc}`));
    await put('night/.dubbingrc', 'bedd: keep');
    const { exit, stderr } = await callDub(['config'], around);
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: `dub: \`bedd\` is not a setting (${rc}).\n  Did you mean \`bed\`?\n`,
    });
  });
});

describe('dub doctor', () => {
  const checksOf = async (args: string[], more: Record<string, string> = {}, cwd = folder) => {
    const { exit, stdout } = await callDub(['doctor', '--json', ...args], {
      cwd,
      home: folder,
      env: { ...env(), ...more },
    });
    const [told] = jsonLines(stdout) as [{ ok: boolean; checks: Told[] }];
    return { exit, ok: told.ok, check: (name: string) => told.checks.find((check) => check.name === name) };
  };

  it('is content with this machine, and says what each engine that is missing needs', async () => {
    const { exit, stdout } = await callDub(['doctor'], { cwd: folder, env: env() });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^ok {7}node {2,}\d+\./m);
    expect(stdout).toMatch(/^ok {7}ffmpeg encoders {2,}aac/m);
    expect(stdout).toMatch(/^missing {2}tts:piper {2,}not set up\n {9,}--tts piper:VOICE\.onnx/m);
    expect(stdout).toMatch(/\nA dub can be made here\.\n$/);
    expect(stdout).not.toContain('tts:say');
  });

  it('names a missing ffmpeg and how to get one, with exit 4', async () => {
    const { exit, ok, check } = await checksOf([], { FFMPEG_PATH: './none' });
    expect({ exit, ok }).toEqual({ exit: 4, ok: false });
    expect(check('ffmpeg, ffprobe')).toMatchObject({
      status: 'bad',
      detail: expect.stringContaining(`ffmpeg could not be started as \`${folder}/none\``),
    });
    const { stdout } = await callDub(['doctor', '--ffmpeg', './none'], { cwd: folder, env: env() });
    expect(stdout).toContain('\nNo dub can be made here until this is mended: ffmpeg, ffprobe.\n');
  });

  it('names an ffmpeg that is too old', async () => {
    const old = await putProgram('bin/ffmpeg', 'echo "ffmpeg version 4.4.2 Copyright"');
    const { exit, check } = await checksOf(['--ffmpeg', old]);
    expect(exit).toBe(4);
    expect(check('ffmpeg, ffprobe')?.detail).toBe(`\`${old}\` is version 4.4.2; 5.1 or newer is needed.`);
  });

  it('tells parts that every dub needs from those that some do', async () => {
    const bare = (parts: string) =>
      putProgram(
        'bin/bare',
        `case "$*" in *-version*) echo "ffmpeg version 6.0 x";; *) for p in ${parts}; do echo " A $p words"; done;; esac`,
      );
    const all = 'asetpts aresample atrim apad atempo aac flac pcm_s16le srt mov_text webvtt libopus libvorbis';
    const few = await checksOf(['--ffmpeg', await bare(all)]);
    expect(few.exit).toBe(0);
    expect(few.check('ffmpeg encoders')).toMatchObject({
      status: 'missing',
      detail: 'libmp3lame is missing (MP3 files)',
    });
    const less = await checksOf(['--ffmpeg', await bare(all.replace('atempo', ''))]);
    expect(less.exit).toBe(4);
    expect(less.check('ffmpeg filters')).toMatchObject({ status: 'bad', detail: 'atempo is missing' });
  });

  it('names a cache folder that cannot be written to', async () => {
    const file = await put('afile', 'x');
    const { exit, check } = await checksOf(['--cache', join(file, 'deep')]);
    expect(exit).toBe(4);
    expect(check('cache folder')).toMatchObject({
      status: 'bad',
      detail: `${file}/deep cannot be written to (ENOTDIR)`,
    });
  });

  it('names a bad config file with exit 2 and looks at the rest all the same', async () => {
    await put('bad/.dubbingrc', 'bedd: keep');
    const { exit, check } = await checksOf([], {}, join(folder, 'bad'));
    expect(exit).toBe(2);
    expect(check('config')).toMatchObject({ status: 'bad', hint: 'Did you mean `bed`?' });
    expect(check('ffmpeg, ffprobe')?.status).toBe('ok');
  });

  it('says what is wrong with an engine that was set up', async () => {
    const { check } = await checksOf(['--piper-model', 'none.onnx', '--piper-binary', './none']);
    expect(check('tts:piper')).toMatchObject({ status: 'missing' });
    expect(check('tts:piper')?.detail).not.toBe('not set up');
  });
});

describe('dub voices', () => {
  it('lists the voices of an engine for a language', async () => {
    const { exit, stdout, stderr } = await callDub(['voices', '--tts', 'espeak-ng', '--lang', 'Spanish'], {
      cwd: folder,
    });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toMatch(/^tts {2,}voice {2,}languages {2,}gender {2,}note\nespeak-ng {2,}es {2,}es /);
    const { stdout: json } = await callDub(['voices', '--tts', 'espeak-ng', '--lang', 'es', '--json'], { cwd: folder });
    const [told] = jsonLines(json) as [{ type: string; voices: { tts: string; name: string; languages: string[] }[] }];
    expect(told.type).toBe('voices');
    expect(told.voices[0]).toMatchObject({ tts: 'espeak-ng', name: 'es', languages: ['es'] });
  });

  it('lists those of every engine that is ready when none is named', async () => {
    const { stdout } = await callDub(['voices', '--lang', 'en'], { cwd: folder });
    expect(stdout).toMatch(/^espeak-ng /m);
    expect(stdout).toMatch(/^flite /m);
  });

  it('says when an engine does not speak a language, or is not ready', async () => {
    expect(await callDub(['voices', '--tts', 'flite', '--lang', 'es'], { cwd: folder })).toEqual({
      exit: 5,
      stdout: '',
      stderr: 'dub: flite has no voice for Spanish (es).\n  `dub providers` lists other engines for --tts.\n',
    });
    const absent = await callDub(['voices', '--tts', 'say'], { cwd: folder });
    expect(absent.exit).toBe(4);
    const nobody = await callDub(['voices', '--lang', 'cu'], { cwd: folder });
    expect(nobody.stderr).toMatch(/^dub: None of .* speaks Church Slavic \(cu\)\.\n/);
  });
});

describe('dub providers', () => {
  it('lists every engine with what it needs', async () => {
    const { exit, stdout } = await callDub(['providers'], { cwd: folder });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^asr:pocketsphinx {2,}yes {2,}rough {2,}yes/m);
    expect(stdout).toMatch(/^tts:piper {2,}yes {2,}good {2,}no /m);
    const { stdout: json } = await callDub(['providers', '--json'], { cwd: folder });
    const [told] = jsonLines(json) as [{ providers: Told[] }];
    expect(told.providers.find((provider) => provider.name === 'espeak-ng')).toMatchObject({
      kind: 'tts',
      offline: true,
      rough: false,
      ready: true,
    });
  });

  it('tries one out, by either word for its kind', async () => {
    const { exit, stdout } = await callDub(['providers', 'check', 'tts:espeak-ng'], { cwd: folder });
    expect({ exit, stdout }).toEqual({
      exit: 0,
      stdout: expect.stringMatching(/^tts:espeak-ng is ready: espeak-ng \d/),
    });
    expect(stdout).toContain('passed  gives audio that decodes and is not empty');
    expect(stdout).not.toContain('failed');
    const { stdout: json } = await callDub(['providers', 'check', 'translator:apertium', '--json'], { cwd: folder });
    expect(jsonLines(json)[0]).toMatchObject({ type: 'provider', kind: 'translation', name: 'apertium', ready: true });
    const absent = await callDub(['providers', 'check', 'tts:say'], { cwd: folder });
    expect(absent.exit).toBe(4);
    expect(absent.stderr).toMatch(/^dub: tts:say is not ready: /);
  });

  it('tries a module that the command line names, whatever a found file says of its kind', async () => {
    await put('own/.dubbingrc', '{"tts": "./evil.mjs"}');
    await put(
      'own/mine.mjs',
      `const ready = async () => ({ ready: false, detail: 'no key', hint: 'Set MINE_KEY.' });
       const options = { safeParse: (data) => ({ success: true, data }) };
       export default { kind: 'storage', name: 'mine', summary: 'x', options, create: () => ({ stores: true, ready, put: 0, remove: 0 }) };`,
    );
    const { exit, stderr } = await callDub(['providers', 'check', 'store:./mine.mjs'], {
      cwd: join(folder, 'own'),
      home: folder,
    });
    expect({ exit, stderr }).toEqual({ exit: 4, stderr: 'dub: storage:mine is not ready: no key\n  Set MINE_KEY.\n' });
  });
});

it('the io of the process is the process itself', () => {
  const io = processIo();
  expect(io).toMatchObject({
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    platform: process.platform,
  });
  expect(process.stdout.listeners('error').at(-1)).toSatisfy((listener: (error: object) => void) => {
    listener({ code: 'EPIPE' });
    return true;
  });
  expect(() => process.stderr.emit('error', Object.assign(new Error('disk'), { code: 'EIO' }))).toThrow('disk');
});
