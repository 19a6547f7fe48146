import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as dubbing from '../src/index.js';
import { makeFolder, removeFolder } from './support/media.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
});

afterAll(() => removeFolder(folder));

describe('the public API', () => {
  it('has these values and no others', () => {
    expect(Object.keys(dubbing).sort()).toEqual([
      'DubError',
      'defineProvider',
      'dub',
      'exitNumbers',
      'findMediaTools',
      'noNotes',
    ]);
  });

  it('refuses a job whose input is not there with a DubError that carries a code and a hint', async () => {
    const storage: dubbing.StorageProvider = {
      stores: false,
      ready: async () => ({ ready: true, detail: 'x' }),
      put: async () => ({ url: '', handle: '' }),
      remove: async () => undefined,
    };
    const asr: dubbing.AsrProvider = {
      limits: {
        languages: 'any',
        needsUrl: false,
        times: 'segment',
        speakers: false,
        detectsLanguage: true,
        needsAudio: true,
      },
      ready: async () => ({ ready: true, detail: 'x' }),
      transcribe: async () => ({ ...dubbing.noNotes, transcript: { language: 'en', segments: [] } }),
    };
    const job: dubbing.DubJob = {
      input: join(folder, 'none.mp4'),
      output: '{dir}/{name}.{lang}{ext}',
      cache: join(folder, 'cache'),
      force: false,
      asr: { label: 'mine', provider: asr, options: {}, files: [] },
      storage: { label: 'none', provider: storage, options: {}, files: [] },
      targets: [],
      voices: {},
      bed: 'duck',
      duckDb: -15,
      loudness: 'source',
      subtitles: 'soft',
      keepOriginal: true,
      onLineFailure: 'keep-original',
      onOverflow: 'overrun',
      strict: false,
    };
    const media = await dubbing.findMediaTools();
    const error: unknown = await dubbing
      .dub(job, { media, signal: new AbortController().signal, sink: () => undefined })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(dubbing.DubError);
    expect(error).toMatchObject({ code: 'INPUT_UNREADABLE', hint: expect.any(String) });
  });
});
