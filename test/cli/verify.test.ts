import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OutputSummary, runEvent } from '../../src/pipeline/events.js';
import { parseSubtitles } from '../../src/subtitles/parse.js';
import { callDub, jsonLines } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  await copyFile(join(fixtures, 'talk.mp4'), join(folder, 'talk.mp4'));
  const english = await readFile(join(fixtures, 'talk.en.srt'), 'utf8');
  // A number and a name that the Spanish does not have.
  await writeFile(join(folder, 'talk.en.srt'), english.replace('amiable himself', 'amiable by Marianne in 1811'));
  const spanish = await readFile(join(fixtures, 'talk.es.srt'), 'utf8');
  await writeFile(join(folder, 'talk.es.srt'), spanish);
  await writeFile(join(folder, 'hears.mjs'), recogniser(spanish));
});

afterAll(() => removeFolder(folder));

/** A recogniser of the user's own that hears the Spanish as written, but for the second line. */
function recogniser(spanish: string): string {
  const { cues } = parseSubtitles(Buffer.from(spanish));
  const segments = cues.map(({ startMs, endMs, text }, index) => ({
    ...{ id: String(index), startMs, endMs, words: [] },
    text: index === 1 ? 'algo completamente distinto suena' : text,
  }));
  return `const options = { safeParse: (data) => ({ success: true, data }) };
    const limits = { languages: 'any', needsUrl: false, times: 'segment', speakers: false, detectsLanguage: false, needsAudio: true };
    const segments = ${JSON.stringify(segments)};
    const transcribe = async ({ audio, language }) => {
      if (audio.durationMs < 30000) throw new Error('not the whole dub');
      return { transcript: { language, segments }, warnings: [], units: [], requestIds: [] };
    };
    const create = () => ({ limits, ready: async () => ({ ready: true, detail: 'here' }), transcribe });
    export default { kind: 'asr', name: 'hears', summary: 'x', options, create };`;
}

function call(...args: readonly string[]) {
  const base = ['talk.mp4', '--to', 'es', '--offline', '--script', 'talk.en.srt', '--translation', 'es=talk.es.srt'];
  return callDub([...base, ...args], { cwd: folder, env: { DUBBING_CACHE: join(folder, 'cache') } });
}

it('what a translation lost is listed, in words and in run.json', async () => {
  const { exit, stderr } = await call('--verify', '-o', 'a.mp4', '--work', 'a');
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  expect(stderr).toContain('doubtful: line u0005: the number 1811 is missing');
  expect(stderr).toContain('doubtful: line u0005: the name Marianne is missing');
  const record = JSON.parse(await readFile(join(folder, 'a', 'run.json'), 'utf8')) as { outputs: OutputSummary[] };
  expect(record.outputs[0]!.verified).toEqual({
    lost: [
      { utteranceId: 'u0005', kind: 'number', what: '1811' },
      { utteranceId: 'u0005', kind: 'name', what: 'Marianne' },
    ],
    unlike: [],
    voicedAgain: 0,
  });
}, 60_000);

it('the finished dub is heard again, and --verify=fix voices what is not heard as written once more', async () => {
  const { exit, stdout, stderr } = await call('--verify=fix', '--verify-asr', './hears.mjs', '--json', '-o', 'b.mp4');
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const events = jsonLines(stdout).map((line) => runEvent.parse(line));
  const doubtful = events.filter((event) => event.type === 'line-doubtful' && event.reason === 'heard');
  expect(doubtful).toMatchObject([{ utteranceId: 'u0002' }, { utteranceId: 'u0002' }]);
  const { verified } = (events.at(-1) as { outputs: OutputSummary[] }).outputs[0]!;
  expect(verified).toMatchObject({ voicedAgain: 1, unlike: [{ utteranceId: 'u0002' }] });
  expect(verified!.unlike[0]!.errorRate).toBeGreaterThan(0.5);
}, 60_000);
