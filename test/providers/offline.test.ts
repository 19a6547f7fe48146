import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { chooseOffline, type OfflineContext, offlineError } from '../../src/providers/offline.js';
import { requirePrograms } from '../support/engines.js';
import { calm, temporaryFolder, writeProgram } from './support.js';

let folder: string;
let script: string;
let whisper: { model: string; binary: string };
let piper: { model: string; binary: string };

beforeAll(async () => {
  await requirePrograms('espeak-ng', 'flite', 'pocketsphinx_continuous', 'apertium');
  folder = await temporaryFolder();
  script = join(folder, 'talk.en.srt');
  await writeFile(script, '1\n00:00:01,000 --> 00:00:02,000\nHello.\n');
  whisper = {
    model: join(folder, 'ggml-base.bin'),
    binary: await writeProgram(folder, 'whisper-cli', 'echo "-ojf, --output-json-full" >&2'),
  };
  piper = { model: join(folder, 'v.onnx'), binary: await writeProgram(folder, 'piper', 'echo "--json-input"') };
  await writeFile(whisper.model, 'weights');
  await writeFile(piper.model, 'weights');
  await writeFile(`${piper.model}.json`, '{"audio":{"sample_rate":22050},"espeak":{"voice":"es"},"num_speakers":1}');
});

function context(more: Partial<OfflineContext> = {}): OfflineContext {
  return {
    source: 'en',
    target: 'es',
    subtitleTracks: [],
    options: {},
    tools: { scratch: folder },
    platform: 'linux',
    signal: calm,
    ...more,
  };
}

async function chosen(kind: 'asr' | 'translation' | 'tts', more: Partial<OfflineContext> = {}): Promise<string> {
  const choice = await chooseOffline(kind, context(more));
  return choice.chosen ? `${choice.label}: ${choice.reason}` : `nothing: ${choice.problem}`;
}

describe('the offline recogniser', () => {
  test('is the script when one is given, whisper.cpp or not', async () => {
    const options = { asr: { subtitles: { file: script }, 'whisper-cpp': whisper } };
    expect(await chosen('asr', { options })).toBe('subtitles: talk.en.srt, 1 cues');
  });

  test('is a track of the input in the source’s language', async () => {
    const tracks = [
      { index: 2, language: 'fre', codec: 'subrip' },
      { index: 3, language: 'eng', codec: 'subrip' },
    ];
    expect(await chosen('asr', { subtitleTracks: tracks })).toBe('subtitles: subtitle track 3 of the input (eng)');
    expect(await chosen('asr', { subtitleTracks: tracks.slice(0, 1) })).toMatch(
      /^nothing: .*no subtitle track in its language/,
    );
    expect(await chosen('asr', { subtitleTracks: tracks, source: undefined })).toContain('subtitle track 2');
  });

  test('is whisper.cpp when its model is named', async () => {
    const options = { asr: { 'whisper-cpp': whisper } };
    expect(await chosen('asr', { options })).toBe(`whisper-cpp: ${whisper.binary} with ggml-base.bin`);
    expect(await chosen('asr', { options, source: undefined })).toContain('ggml-base.bin');
    expect(await chosen('asr', { options, source: 'tlh' })).toMatch(/^nothing: .* whisper-cpp does not serve tlh\.$/);
  });

  test('is never the rough one, although it is installed', async () => {
    expect(await chosen('asr')).toBe(
      'nothing: There is no script: the input has no text subtitle track and no recogniser is set up (--asr).',
    );
  });

  test('is nothing when the script cannot be read: no other may quietly take its place', async () => {
    const options = { asr: { subtitles: { file: join(folder, 'gone.srt') }, 'whisper-cpp': whisper } };
    expect(await chosen('asr', { options })).toMatch(/^nothing: The subtitle file .*gone\.srt cannot be read/);
  });

  test('is nothing when an option is wrong, with the option’s name', async () => {
    const options = { asr: { 'whisper-cpp': { ...whisper, modle: 1 } } };
    expect(await chosen('asr', { options })).toContain('`modle` (did you mean `model`?)');
  });
});

describe('the offline translator', () => {
  test('is the file for the target', async () => {
    const options = { translation: { subtitles: { files: { es: script } } } };
    expect(await chosen('translation', { options })).toBe('subtitles: talk.en.srt (es, 1 cues)');
    expect(await chosen('translation', { options, target: 'fr' })).toMatch(
      /^nothing: There is no translation into fr\./,
    );
  });

  test('is never the rough one, although it is installed', async () => {
    expect(await chosen('translation')).toBe('nothing: There is no translation into es.');
  });
});

describe('the offline voice', () => {
  test('is piper when a voice for the language is named, else espeak-ng', async () => {
    const options = { tts: { piper } };
    expect(await chosen('tts', { options })).toMatch(/^piper: piper \(rhasspy\) with v\.onnx, es$/);
    expect(await chosen('tts', { options, target: 'fr' })).toMatch(/^espeak-ng: espeak-ng \d/);
  });

  test('is espeak-ng before flite', async () => {
    expect(await chosen('tts', { target: 'en' })).toMatch(/^espeak-ng: /);
  });

  test('is flite for English where espeak-ng is set up to be something that is not there', async () => {
    const options = { tts: { 'espeak-ng': { binary: '/nowhere/espeak-ng' } } };
    expect(await chosen('tts', { target: 'en', options })).toMatch(/^nothing: espeak-ng was not found/);
  });

  test('is a voice of macOS on macOS', async () => {
    const binary = await writeProgram(folder, 'say', "echo 'Mónica              es_ES    # Hola.'");
    const options = { tts: { say: { binary } } };
    expect(await chosen('tts', { options, platform: 'darwin' })).toBe('say: say with 1 voices');
    expect(await chosen('tts', { options, platform: 'linux' })).toMatch(/^espeak-ng: /);
  });

  test('is nothing for a language nobody speaks', async () => {
    expect(await chosen('tts', { target: 'tlh' })).toBe('nothing: No voice here speaks tlh.');
  });
});

describe('what is lacking', () => {
  test('comes as one error, with what to add for each part', async () => {
    const gaps = [await chooseOffline('asr', context()), await chooseOffline('translation', context())];
    const error = offlineError(gaps.filter((gap) => !gap.chosen));
    expect(error.code).toBe('USAGE');
    expect(error.message).toBe(
      '--offline cannot do this job yet:\n' +
        '- There is no script: the input has no text subtitle track and no recogniser is set up (--asr).\n' +
        '- There is no translation into es.',
    );
    expect(error.hint).toBe(
      'What is lacking comes with:\n' +
        '- the words: --script FILE.srt, or --asr whisper-cpp:MODEL.bin (whisper-cli: brew install whisper-cpp, or build it)\n' +
        '- the translation: --translator ollama:MODEL (https://ollama.com, then: ollama pull MODEL), or --translation es=FILE.srt',
    );
  });

  test('is something to install when it is a voice, and leaves out what would not speak the language', async () => {
    const gap = await chooseOffline('tts', context({ target: 'tlh' }));
    if (gap.chosen) throw new Error('a voice was chosen');
    expect(offlineError([gap]).code).toBe('ENGINE_MISSING');
    expect(gap.remedies).toEqual([
      '--tts piper:VOICE.onnx (pipx install piper-tts)',
      'sudo apt-get install -y espeak-ng (macOS: brew install espeak-ng)',
    ]);
  });

  test('is not asked for any more once the run is aborted', async () => {
    await expect(chooseOffline('tts', context({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});
