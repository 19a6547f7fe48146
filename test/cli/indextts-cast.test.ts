import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type IndexEmulator, type ServerKind, serverSettings, startIndexServer } from '../emulators/indextts/server.js';
import { toneGrid, toneInSamples, toneOfName } from '../emulators/indextts/tones.js';
import { makeSample } from '../providers/tts/indextts.support.js';
import { callDub } from '../support/command.js';
import { dialogue, heardRate, hearLines, makeDialogue, toneDb } from '../support/dialogue.js';
import { makeFolder, removeFolder } from '../support/media.js';

const tones = { Bob: toneGrid[4]!, Anna: toneGrid[17]! };

let folder: string;
let server: IndexEmulator;

beforeAll(async () => {
  folder = await makeFolder();
  // Two lines, one of each, are enough to tell two voices.
  await makeDialogue(folder, dialogue.slice(0, 2));
  for (const [speaker, tone] of Object.entries(tones)) await makeSample(folder, speaker, tone);
});
afterEach(() => server.close());
afterAll(() => removeFolder(folder));

const paths = ['--voice', 'Bob=server:/srv/voices/ben.wav', '--voice', 'Anna=server:/srv/voices/anna.wav'];
const onServer = { Bob: toneOfName('/srv/voices/ben.wav'), Anna: toneOfName('/srv/voices/anna.wav') };

/** Asks for each speaker's own sample. */
function samples(): string[] {
  return Object.keys(tones).flatMap((speaker) => ['--voice', `${speaker}=${join(folder, `${speaker}.wav`)}`]);
}

describe('a film with two speakers has two voices, each line in its speaker’s', () => {
  it.each<[ServerKind, () => readonly string[], { readonly Bob: number; readonly Anna: number }]>([
    ['tts-service', samples, tones],
    ['vllm2', () => paths, onServer],
    ['upload', () => [...samples(), '--delete-voices'], tones],
    ['omni', () => [...samples(), '--voice-consent', 'both have signed'], tones],
  ])('by %s', async (kind, voices, expected) => {
    server = await startIndexServer(serverSettings(kind));
    const film = ['talk.mp4', '--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt'];
    const places = ['--bed', 'mute', '-o', `${kind}.mp4`, '--work', `${kind}.dub`, '--cache', `${kind}.cache`];
    const engine = ['--tts', kind === 'omni' ? 'indextts' : 'indextts:2.5'];
    const { exit, stderr } = await callDub([...film, ...places, ...engine, ...voices()], {
      cwd: folder,
      env: { INDEXTTS_URL: server.url },
    });
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    const lines = await hearLines(join(folder, `${kind}.mp4`), join(folder, `${kind}.dub`), 'es');
    const heard = lines.map((line) => [line.speaker, toneInSamples(line.samples, heardRate)]);
    expect(heard).toEqual([
      ['Bob', expected.Bob],
      ['Anna', expected.Anna],
    ]);
    expect(stderr.includes('(upload) keeps the voice samples it was sent as files')).toBe(kind === 'upload');
    expect(server.requestsTo('upload')).toHaveLength(kind === 'upload' || kind === 'omni' ? 2 : 0);
    expect(server.violations).toEqual([]);
  });

  it.each<ServerKind>(['gradio', 'omni'])('cloned from the film by %s', async (kind) => {
    server = await startIndexServer(serverSettings(kind));
    const film = ['talk.mp4', '--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt'];
    const places = ['--bed', 'mute', '-o', `${kind}2.mp4`, '--work', `${kind}2.dub`, '--cache', `${kind}2.cache`];
    const engine = [
      '--tts',
      'indextts:2.5',
      '--voices',
      'clone',
      '--voice-consent',
      'both have agreed',
      '--delete-voices',
    ];
    const { exit, stderr } = await callDub([...film, ...places, ...engine], {
      cwd: folder,
      env: { INDEXTTS_URL: server.url },
    });
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    const lines = await hearLines(join(folder, `${kind}2.mp4`), join(folder, `${kind}2.dub`), 'es');
    const heard = lines.map(({ samples }) => toneInSamples(samples, heardRate));
    expect(lines.map(({ speaker }) => speaker)).toEqual(['Bob', 'Anna']);
    expect(heard.every((tone) => tone !== undefined)).toBe(true);
    expect(new Set(heard).size).toBe(2);
    expect(server.requestsTo('forget')).toHaveLength(kind === 'omni' ? 2 : 0);
    expect(server.violations).toEqual([]);
  });

  it('not by a server that asks for consent and gets none, and nothing is sent', async () => {
    server = await startIndexServer(serverSettings('omni'));
    const film = ['talk.mp4', '--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt'];
    const { exit, stderr } = await callDub([...film, '--tts', 'indextts', ...samples(), '-o', 'no.mp4'], {
      cwd: folder,
      env: { INDEXTTS_URL: server.url },
    });
    expect({ exit, stderr }).toMatchObject({ exit: 5, stderr: expect.stringContaining('--voice-consent TEXT') });
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});

it('voices that a failed run leaves at a server are named, and `dub voices` lists and deletes them', async () => {
  server = await startIndexServer(serverSettings('omni'));
  const env = { INDEXTTS_URL: server.url };
  const call = (...args: readonly string[]) => callDub(args, { cwd: folder, env });
  server.fail('speak', { status: 401 });
  const film = ['talk.mp4', '--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt'];
  const files = ['-o', 'left.mp4', '--work', 'left.dub', '--cache', 'left.cache', '--tts', 'indextts'];
  const failed = await call(...film, ...files, ...samples(), '--voice-consent', 'yes', '--delete-voices');
  const [, names = ''] = /`dub voices delete (.+) --tts indextts` deletes them now/.exec(failed.stderr) ?? [];
  expect({ exit: failed.exit, names }).toEqual({ exit: 5, names: expect.stringMatching(/^dub_\w{24}/) });

  const listed = await call('voices', '--own', '--tts', 'indextts');
  for (const name of names.split(' ')) expect(listed.stdout).toContain(name);
  const deleted = await call('voices', 'delete', ...names.split(' '), '--tts', 'indextts');
  expect(deleted).toMatchObject({ exit: 0, stdout: `${names.replaceAll(' ', '\n')}\n` });
  expect((await call('voices', '--own', '--tts', 'indextts')).stdout).toBe('');
  expect(server.violations).toEqual([]);
});

it('speakers who spoke at once in the film do so in the dub', async () => {
  const talk = join(folder, 'crosstalk');
  await mkdir(talk);
  await makeDialogue(talk, [dialogue[0]!, { ...dialogue[1]!, atMs: 2000 }]);
  server = await startIndexServer(serverSettings('vllm2'));
  const film = ['talk.mp4', '--to', 'es', '--script', 'talk.en.vtt', '--translation', 'es=talk.es.srt'];
  const more = ['--work', 'work', '--cache', 'cache', '--bed', 'mute', '--tts', 'indextts:2.5', ...paths];
  const env = { INDEXTTS_URL: server.url };
  expect(await callDub([...film, ...more], { cwd: talk, env })).toMatchObject({ exit: 0 });
  const [bob, anna] = await hearLines(join(talk, 'talk.es.mp4'), join(talk, 'work'), 'es');
  const early = bob!.samples.subarray(0, heardRate);
  const late = anna!.samples.subarray(0, heardRate);
  expect(toneDb(early, onServer.Bob) - toneDb(early, onServer.Anna)).toBeGreaterThan(15);
  // Both are there while she begins and he has not ended.
  for (const hz of Object.values(onServer)) expect(toneDb(late, hz)).toBeGreaterThan(toneDb(early, onServer.Anna) + 15);
});
