import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineProvider } from '../../src/providers/define.js';
import { loadDefinition, loadProvider, optionNames, parseOptions } from '../../src/providers/load.js';
import { findProvider, listProviders } from '../../src/providers/registry.js';
import { calm, temporaryFolder } from './support.js';

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
});

async function put(path: string, text: string): Promise<string> {
  const whole = join(folder, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, text);
  return whole;
}

/** A voice written by someone else, in plain JavaScript. */
function voiceModule(exported: string, name = 'mine'): string {
  return `const options = { safeParse: (data) => ({ success: true, data }) };
    const create = (options) => ({ limits: { maxChars: 1, languages: 'any', concurrency: 1 },
      ready: async () => ({ ready: true, detail: JSON.stringify(options) }),
      voices: async () => [], fingerprint: () => ({}), synthesize: async () => { throw new Error('no') } });
    const voice = { kind: 'tts', name: '${name}', summary: 'x', options, modelOption: 'size', create };
    ${exported}`;
}

function load(spec: string, options: Record<string, unknown> = {}) {
  return loadProvider('tts', spec, options, { scratch: folder }, folder);
}

describe('the registry', () => {
  test('has every local provider, and knows the rough ones', () => {
    const local = listProviders().filter((entry) => entry.offline);
    expect(local.map(({ kind, name }) => `${kind}:${name}`)).toEqual([
      'asr:subtitles',
      'asr:whisper-cpp',
      'asr:pocketsphinx',
      'translation:ollama',
      'translation:subtitles',
      'translation:apertium',
      'tts:piper',
      'tts:say',
      'tts:espeak-ng',
      'tts:flite',
      'storage:none',
    ]);
    expect(
      listProviders()
        .filter((entry) => entry.rough)
        .map((entry) => entry.name),
    ).toEqual(['pocketsphinx', 'apertium']);
  });

  test.each(listProviders().map((entry) => [`${entry.kind}:${entry.name}`, entry] as const))(
    'loads %s under the name it is listed by',
    async (_, entry) => {
      const definition = await entry.load();
      expect({ kind: definition.kind, name: definition.name }).toEqual({ kind: entry.kind, name: entry.name });
    },
  );

  test('names the nearest for a name it does not know, and lists the known ones', () => {
    expect(() => findProvider('tts', 'espeak')).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: 'There is no tts provider "espeak". Did you mean espeak-ng?',
        hint: expect.stringMatching(
          /^--tts takes qwen, .*espeak-ng, flite, or the path or package name of a module that exports one\.$/,
        ),
      }),
    );
    expect(() => findProvider('translation', 'zzzz')).toThrow('There is no translation provider "zzzz".');
  });
});

describe('loading a provider', () => {
  test('by name', async () => {
    const loaded = await load('espeak-ng', { rate: 200 });
    expect(loaded).toMatchObject({ label: 'espeak-ng', rough: false, offline: true });
    expect(loaded.provider.fingerprint()).toMatchObject({ rate: 200 });
  });

  test('by name and model', async () => {
    const { label, provider } = await load('piper:/voices/es_ES-x.onnx', { model: 'other.onnx' });
    expect(label).toBe('piper:/voices/es_ES-x.onnx');
    expect(provider.fingerprint()).toMatchObject({ model: 'es_ES-x.onnx' });
  });

  test('refuses a model where there is none to choose', async () => {
    await expect(load('flite:slt')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'flite has no model to choose, so `:slt` means nothing to it.',
    });
  });

  test('refuses an option that it does not know, and names the nearest', async () => {
    await expect(load('espeak-ng', { rates: 200, xyzzy: 1 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'The options of tts:espeak-ng are not right: there is no option `rates` (did you mean `rate`?); there is no option `xyzzy`.',
      hint: 'espeak-ng takes binary, rate, pitch, timeoutMs.',
    });
  });

  test('says which option is missing and how else it can be given', async () => {
    await expect(load('piper')).rejects.toMatchObject({
      message: 'The options of tts:piper are not right: `model` is missing.',
      hint: 'piper takes model, config, binary, lengthScale, timeoutMs. `model` may also be given as --tts piper:VALUE.',
    });
  });

  test('says what is wrong with a value without printing it', async () => {
    const work = load('espeak-ng', { rate: 'fast-secret' });
    await expect(work).rejects.toMatchObject({ message: expect.stringContaining('`rate`: invalid input') });
    await expect(work).rejects.not.toMatchObject({ message: expect.stringContaining('fast-secret') });
  });

  test('never prints anything about a secret but that it is not valid', () => {
    const definition = defineProvider({
      kind: 'storage',
      name: 'vault',
      summary: 'x',
      options: z.strictObject({
        key: z.string().refine((key) => key === 'x', { error: ({ input }) => `${input} is wrong` }),
      }),
      secrets: ['key'],
      create: () => {
        throw new Error('unused');
      },
    });
    expect(() => parseOptions(definition, { key: 'sk-123' })).toThrow(
      'The options of storage:vault are not right: `key` is not valid.',
    );
  });

  test('refuses a name that is neither known, nor a path, nor installed', async () => {
    await expect(load('espaek-ng')).rejects.toMatchObject({
      code: 'USAGE',
      message: 'There is no tts provider "espaek-ng". Did you mean espeak-ng?',
    });
  });
});

describe('loading a module', () => {
  test.each([
    ['./default.mjs', 'default.mjs', 'export default voice;'],
    ['./named.mjs', 'named.mjs', 'export { voice }; export const version = 1;'],
    ['plain.mjs', 'plain.mjs', 'export default voice;'],
    ['./deep/one.mjs', 'deep/one.mjs', 'export default voice;'],
  ])('%s counts from the base folder', async (spec, path, exported) => {
    await put(path, voiceModule(exported));
    expect(await load(spec)).toMatchObject({ label: 'mine', rough: false, offline: undefined });
  });

  test('by an absolute path, a file URL, and with a model behind its ending', async () => {
    const path = await put('abs:olute.mjs', voiceModule('export default voice;'));
    expect((await load(path)).label).toBe('mine');
    const url = await put('url.mjs', voiceModule('export default voice;'));
    expect((await load(`file://${url}`)).label).toBe('mine');
    const { label, provider } = await load(`${url}:large`, { speed: 2 });
    expect(label).toBe('mine:large');
    expect((await provider.ready(calm)).detail).toBe('{"speed":2,"size":"large"}');
  });

  test('an installed package by its name, with or without exports for require', async () => {
    await put('node_modules/voice-a/package.json', '{"name":"voice-a","type":"module","main":"a.js"}');
    await put('node_modules/voice-a/a.js', voiceModule('export default voice;', 'a'));
    await put(
      'node_modules/@me/voice-b/package.json',
      '{"name":"@me/voice-b","type":"module","exports":{".":{"import":{"default":"./b.js"}}}}',
    );
    await put('node_modules/@me/voice-b/b.js', voiceModule('export default voice;', 'b'));
    expect((await load('voice-a')).label).toBe('a');
    expect((await load('@me/voice-b')).label).toBe('b');
  });

  test('that is not there is said so, with the folder paths count from', async () => {
    await expect(load('./gone.js')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `There is no provider module ${join(folder, 'gone.js')}.`,
      hint: `Relative paths count from ${folder}.`,
    });
  });

  test.each([
    ['broken.mjs', 'export default {', 'broken.mjs cannot be loaded ('],
    ['throws.mjs', 'throw new Error("at once");', 'cannot be loaded (Error: at once)'],
    ['empty.mjs', '', 'exports no tts provider; it exports: nothing'],
    ['asr.mjs', voiceModule("voice.kind = 'asr'; export { voice };"), 'it exports: voice (a provider of kind asr)'],
    ['half.mjs', "export const half = { kind: 'tts', name: 'x' };", 'it exports: half (kind tts, but not whole)'],
    ['class.mjs', 'export class Voice {}', 'it exports: Voice (function)'],
    ['two.mjs', voiceModule('export const a = voice; export const b = { ...voice };'), 'exports 2 tts providers'],
  ])('%s is refused with its reason', async (name, text, words) => {
    await put(name, text);
    await expect(load(`./${name}`)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(words),
    });
  });

  test('that makes something else than a provider is refused with what it lacks', async () => {
    await put('lame.mjs', voiceModule('voice.create = () => ({ limits: {}, ready() {} }); export default voice;'));
    await expect(load('./lame.mjs')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'The tts provider mine lacks voices, fingerprint, synthesize.',
    });
  });

  test('only finds the definition when only that is asked for', async () => {
    const { definition, model } = await loadDefinition('asr', 'whisper-cpp:x.bin');
    expect(definition.name).toBe('whisper-cpp');
    expect(model).toBe('x.bin');
    expect(optionNames(definition)).toEqual(['model', 'binary', 'threads', 'timeoutMs']);
  });
});

test('the registry loads no schema library before a provider is asked for', async () => {
  const { readFile } = await import('node:fs/promises');
  const source = await readFile(fileURLToPath(new URL('../../src/providers/registry.ts', import.meta.url)), 'utf8');
  const imports = [...source.matchAll(/^import (?!type)[^;]*from '([^']+)'/gm)].map(([, from]) => from);
  expect(imports).toEqual(['../domain/nearest.js', '../errors.js']);
});
