import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { optionTable } from '../../src/cli/options.js';
import type { LoadedConfig } from '../../src/config/config.js';
import { type Given, loadConfig } from '../../src/config/load.js';
import { DubError } from '../../src/errors.js';
import { makeFolder, removeFolder } from '../support/media.js';

let home: string;
let cwd: string;

beforeEach(async () => {
  home = await makeFolder();
  cwd = join(home, 'films', 'talk');
  await mkdir(cwd, { recursive: true });
});

afterEach(() => removeFolder(home));

function load(given: Partial<Given> = {}, env: Record<string, string> = {}): Promise<LoadedConfig> {
  return loadConfig(optionTable, { flags: {}, ...given }, { env, home, cwd, platform: 'linux' });
}

async function put(path: string, content: unknown): Promise<string> {
  const whole = join(home, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, typeof content === 'string' ? content : JSON.stringify(content));
  return whole;
}

async function refusal(loading: Promise<unknown>): Promise<DubError> {
  const error = await loading.catch((thrown: unknown) => thrown);
  if (error instanceof DubError) return error;
  throw new Error(`no DubError but ${JSON.stringify(error)}`);
}

describe('where a value comes from', () => {
  it('is the default when nobody says otherwise', async () => {
    const { config, origins, files } = await load();
    expect(config.bed).toBe('duck');
    expect(config.cache).toBe(join(home, '.cache', 'dubbing'));
    expect(origins.bed).toEqual({ from: 'default', name: '', trusted: true });
    expect(files).toEqual([]);
  });

  it('is the flag before the variable, the profile, the project and the user', async () => {
    const user = await put('.dubbingrc', {
      bed: 'mute',
      loudness: 'ebu',
      subtitles: 'srt',
      tts: 'flite',
      asr: 'subtitles',
    });
    const project = await put(
      'films/.dubbingrc.yaml',
      'loudness: youtube\nsubtitles: vtt\ntts: say\nprofiles:\n  night: { subtitles: none, tts: espeak-ng }\n',
    );
    const { config, origins, files } = await load(
      { flags: { tts: 'piper', profile: 'night' } },
      { DUBBING_TTS: 'x', DUBBING_SUBTITLES: 'soft' },
    );
    expect(config).toMatchObject({
      bed: 'mute',
      loudness: 'youtube',
      subtitles: 'soft',
      tts: 'piper',
      asr: 'subtitles',
    });
    expect(origins.tts).toEqual({ from: 'flag', name: '--tts', trusted: true });
    expect(origins.subtitles).toEqual({ from: 'environment', name: 'DUBBING_SUBTITLES', trusted: true });
    expect(origins.loudness).toEqual({ from: 'file', name: project, trusted: false });
    expect(origins.bed).toEqual({ from: 'file', name: user, trusted: true });
    expect(files).toEqual([project, user]);
  });

  it('is the profile before the top of the files', async () => {
    const path = await put('.dubbingrc', {
      bed: 'mute',
      profile: 'day',
      profiles: { day: { bed: 'keep' }, night: { bed: 'duck' } },
    });
    const { config, origins } = await load();
    expect(config.bed).toBe('keep');
    expect(origins.bed).toEqual({ from: 'profile', name: `profile day of ${path}`, trusted: true });
    expect((await load({}, { DUBBING_PROFILE: 'night' })).config.bed).toBe('duck');
  });

  it('is the built-in profile `offline` without any file', async () => {
    const { config, origins } = await load({ flags: { profile: 'offline' } });
    expect(config.offline).toBe(true);
    expect(origins.offline.name).toBe('built-in profile offline');
  });

  it('is a profile that ships: one word switches every stage, and a flag still goes before it', async () => {
    await put('.dubbingrc', { asr: 'pocketsphinx', tts: 'flite', store: 'oss', offline: true });
    const legacy = await load({ flags: { profile: 'legacy', tts: 'piper' } });
    expect(legacy.config).toMatchObject({
      asr: 'volcengine',
      translator: 'glm',
      tts: 'piper',
      store: 's3',
      offline: false,
    });
    expect(legacy.origins.asr).toEqual({ from: 'profile', name: 'built-in profile legacy', trusted: true });
    const { config } = await load({}, { DUBBING_PROFILE: 'autodl' });
    expect(config).toMatchObject({ asr: 'qwen', translator: 'qwen', tts: 'indextts', store: 'dashscope' });
  });

  it('is the profile of a file before the one that ships under its name, and what it extends beneath it', async () => {
    await put('.dubbingrc', {
      profiles: {
        aliyun: { tts: 'qwen:qwen3-tts-instruct-flash' },
        legacy: { extends: 'night' },
        night: { extends: 'autodl', translator: 'qwen-mt' },
      },
    });
    const aliyun = await load({ flags: { profile: 'aliyun' } });
    expect(aliyun.config).toMatchObject({ asr: 'qwen', tts: 'qwen:qwen3-tts-instruct-flash' });
    const legacy = await load({ flags: { profile: 'legacy' } });
    expect(legacy.config).toMatchObject({ asr: 'qwen', translator: 'qwen-mt', tts: 'indextts' });
    expect(legacy.origins.asr.name).toBe('built-in profile autodl');
  });

  it('refuses profiles in a circle and one that extends nothing there is', async () => {
    await put('.dubbingrc', { profiles: { a: { extends: 'b' }, b: { extends: 'a' }, c: { extends: 'aliyn' } } });
    expect((await refusal(load({ flags: { profile: 'a' } }))).message).toBe(
      'Profiles extend each other in a circle: a → b → a.',
    );
    const missing = await refusal(load({ flags: { profile: 'c' } }));
    expect(missing.message).toBe('There is no profile `aliyn` (asked for by the profile c).');
    expect(missing.hint).toContain('Did you mean `aliyun`?');
  });

  it('is not an empty variable', async () => {
    const { config } = await load({}, { DUBBING_TTS: ' ', FFMPEG_PATH: '' });
    expect(config.tts).toBeUndefined();
    expect(config.ffmpeg).toBeUndefined();
  });

  it('lets a negative flag overrule a file', async () => {
    await put('.dubbingrc', { offline: true });
    const { config, origins } = await load({ flags: { offline: false } });
    expect(config.offline).toBe(false);
    expect(origins.offline.name).toBe('--no-offline');
  });
});

describe('the settings in force', () => {
  it('are frozen to the bottom', async () => {
    const { config } = await load({ flags: { voice: 'a' } });
    expect(() => Object.assign(config, { bed: 'keep' })).toThrow(TypeError);
    expect(() => Object.assign(config.voice, { B: 'b' })).toThrow(TypeError);
  });

  it('join options of providers from all files with the shorthands, option by option', async () => {
    await put('.dubbingrc', { providers: { 'tts:piper': { model: './user.onnx', lengthScale: 1.1 } } });
    await put('films/talk/.dubbingrc', { providers: { 'tts:piper': { model: 'project.onnx' } } });
    expect((await load()).config.providers).toEqual({ 'tts:piper': { model: 'project.onnx', lengthScale: 1.1 } });
    const { config } = await load({}, { PIPER_MODEL: 'mine.onnx' });
    expect(config.providers['tts:piper']).toEqual({ model: join(cwd, 'mine.onnx'), lengthScale: 1.1 });
  });

  it('take relative paths of a file from its folder', async () => {
    await put('films/.dubbingrc', { cache: 'kept', output: 'done/{name}.mkv' });
    const { config } = await load();
    expect(config.cache).toBe(join(home, 'films', 'kept'));
    expect(config.output).toBe(join(home, 'films', 'done', '{name}.mkv'));
  });

  it.each([
    ['darwin', 'Library/Caches/dubbing'],
    ['win32', 'AppData/Local/dubbing/Cache'],
  ] as const)('keep the cache where %s wants it', async (platform, folder) => {
    const { config } = await loadConfig(optionTable, { flags: {} }, { env: {}, home, cwd, platform });
    expect(config.cache).toBe(join(home, folder));
  });
});

describe('a config file', () => {
  it('is looked for upwards, and not above the home folder', async () => {
    await put('films/.dubbingrc.json', { bed: 'keep' });
    const { config } = await loadConfig(optionTable, { flags: {} }, { env: {}, home: cwd, cwd, platform: 'linux' });
    expect(config.bed).toBe('duck');
    expect((await load()).config.bed).toBe('keep');
  });

  it("is also the user's in the config folder", async () => {
    const path = await put('conf/dubbing/config.yml', 'bed: mute');
    const { config, files } = await load({}, { XDG_CONFIG_HOME: join(home, 'conf') });
    expect(config.bed).toBe('mute');
    expect(files).toEqual([path]);
  });

  it('is passed over when it is empty', async () => {
    await put('films/talk/.dubbingrc', '\n');
    await put('films/.dubbingrc', 'bed: keep');
    expect((await load()).config.bed).toBe('keep');
  });

  it('is the only one when it is named, and then it may be code', async () => {
    await put('.dubbingrc', { bed: 'mute' });
    const path = await put('films/talk/night.mjs', 'export default { loudness: "ebu", ffmpeg: "./bin/ffmpeg" };');
    const { config, files } = await load({ file: 'night.mjs' });
    expect(config).toMatchObject({ bed: 'duck', loudness: 'ebu', ffmpeg: join(cwd, 'bin/ffmpeg') });
    expect(files).toEqual([path]);
    expect((await load({}, { DUBBING_CONFIG: path })).files).toEqual([path]);
  });

  it('that is code is not run from a folder nobody named', async () => {
    const ran = join(home, 'ran');
    const code = `require("node:fs").writeFileSync(${JSON.stringify(ran)}, "x"); module.exports = { bed: "keep" };`;
    for (const name of [
      '.dubbingrc.js',
      '.dubbingrc.cjs',
      'dubbing.config.js',
      '.config/config.cjs',
      '.config/config.js',
    ]) {
      await put(`films/talk/${name}`, code);
    }
    const { config } = await load();
    expect(config.bed).toBe('duck');
    await expect(import('node:fs/promises').then(({ stat }) => stat(ran))).rejects.toThrow('ENOENT');
  });

  it('cannot pull in other files', async () => {
    const path = await put('films/talk/.dubbingrc', { $import: './evil.js' });
    expect((await refusal(load())).message).toBe(`\`$import\` is not a setting (${path}).`);
  });

  it('may name its schema', async () => {
    await put('.dubbingrc', { $schema: 'x', bed: 'keep' });
    expect((await load()).config.bed).toBe('keep');
  });
});

describe('a config file that was only found', () => {
  it.each([
    [{ ffmpeg: './ffmpeg' }, '`ffmpeg`'],
    [{ providers: { 'tts:piper': { binary: './piper' } } }, '`tts:piper binary`'],
    [{ profiles: { night: { ffprobe: 'x' } } }, '`ffprobe`'],
    [{ providers: { 'asr:openai': { baseUrl: 'http://x' } } }, '`asr:openai baseUrl`'],
  ])('may not name a program or a host: %j', async (values, what) => {
    const path = await put('films/talk/.dubbingrc', values);
    const error = await refusal(load());
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toBe(
      `${what} in ${path} names a program or a host, and that file was only found, not named.`,
    );
    expect(error.hint).toBe(`If you trust the file, name it: --config ${path}. Or set it in your own ~/.dubbingrc.`);
    expect((await load({ file: path })).files).toContain(path);
  });

  it("is trusted when it is the user's own", async () => {
    await put('.dubbingrc', { ffmpeg: '/opt/ffmpeg' });
    expect((await load()).config.ffmpeg).toBe('/opt/ffmpeg');
  });
});

describe('a fault in a config file', () => {
  it.each([
    ['{"bedd": "keep"}', '`bedd` is not a setting (FILE).', 'Did you mean `bed`?'],
    ['{"on-line-failure": "fail"}', '`on-line-failure` is not a setting (FILE).', 'Did you mean `onLineFailure`?'],
    ['{"constructor": 1}', '`constructor` is not a setting (FILE).', '`dub config` lists the settings.'],
    ['{"force": true}', '`force` cannot be set in a config file (FILE).', 'Instead use --force.'],
    [
      '{"piperModel": "x"}',
      '`piperModel` cannot be set in a config file (FILE).',
      'Instead set `model` of "tts:piper" under `providers`.',
    ],
    ['{"bed": "loud"}', '`bed` in FILE must be duck, keep, mute or separate, not `loud`.', undefined],
    ['{"duckDb": "quiet"}', '`duckDb` in FILE must be a number from -60 to 0 dB, not `quiet`.', undefined],
    ['to: [es, 7]', '`to` in FILE must be text, not `7`.', undefined],
    ['[1, 2]', 'The config file FILE holds no mapping of keys to values.', 'Begin it like this: {"to": "es"}'],
    ['just words', 'The config file FILE holds no mapping of keys to values.', 'Begin it like this: {"to": "es"}'],
    [
      'profiles: night',
      '`profiles` in FILE must be a mapping.',
      'Write it as {"profiles": {"night": {"tts": "piper"}}}.',
    ],
    [
      'profiles: {night: 1}',
      'The profile night in FILE must be a mapping.',
      'Write it as {"profiles": {"night": {"tts": "piper"}}}.',
    ],
    ['profiles: {night: {bedd: keep}}', '`bedd` is not a setting (profile night of FILE).', 'Did you mean `bed`?'],
    [
      'profiles: {night: {profile: day}}',
      '`profile` cannot be set in a config file (profile night of FILE).',
      'Instead use --profile.',
    ],
  ])('names the file, the key and the way out: %s', async (content, message, hint) => {
    const path = await put('films/talk/.dubbingrc', content);
    const error = await refusal(load());
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toBe(message.replace('FILE', path));
    expect(error.hint).toBe(hint);
  });

  it('says where a file cannot be parsed', async () => {
    const path = await put('films/talk/.dubbingrc.json', '{"bed": "keep",}');
    const error = await refusal(load());
    expect(error.message).toContain(`The config file ${path} cannot be parsed: `);
    expect(error.message).not.toContain('\n');
    expect(error.hint).toBe('It is JSON or YAML; .dubbingrc.example in the package shows every key.');
  });

  it('takes no prototype for settings', async () => {
    await put('films/talk/.dubbingrc.json', '{"__proto__": {"bed": "keep"}}');
    expect((await refusal(load())).message).toMatch(/^`__proto__` is not a setting/);
    expect(({} as { bed?: string }).bed).toBeUndefined();
  });

  it('names a file that is not there or of no known kind', async () => {
    expect((await refusal(load({ file: 'none.json' }))).message).toBe(
      `There is no config file ${join(cwd, 'none.json')}.`,
    );
    const path = await put('films/talk/rc.toml', 'a = 1');
    expect((await refusal(load({ file: path }))).message).toBe(
      `The config file ${path} cannot be parsed: files ending in .toml are not understood.`,
    );
  });

  it('names the nearest profile and the known ones', async () => {
    const path = await put('.dubbingrc', { profiles: { night: {} } });
    const error = await refusal(load({ flags: { profile: 'nigth' } }));
    expect(error.code).toBe('USAGE');
    expect(error.message).toBe('There is no profile `nigth` (asked for by --profile).');
    expect(error.hint).toBe(`Did you mean \`night\`? Known: night, aliyun, autodl, legacy and offline. Read: ${path}.`);
    expect((await refusal(load({}, { DUBBING_PROFILE: 'x' }))).code).toBe('CONFIG_INVALID');
  });
});

it('names the variable that holds a bad value', async () => {
  const error = await refusal(load({}, { DUBBING_BED: 'lout' }));
  expect(error.message).toBe('DUBBING_BED must be duck, keep, mute or separate, not `lout`.');
  expect(error.code).toBe('CONFIG_INVALID');
});
