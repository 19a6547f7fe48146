import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VoiceSample } from '../../../src/providers/tts/contract.js';
import { type IndexEmulator, serverSettings, startIndexServer } from '../../emulators/indextts/server.js';
import type { SoundKind } from '../../emulators/indextts/sound.js';
import { toneGrid, toneIn, toneOfName } from '../../emulators/indextts/tones.js';
import { requirePrograms } from '../../support/engines.js';
import { temporaryFolder } from '../support.js';
import { calm, line, makeSample, providerOf, startServer } from './indextts.support.js';
import { failure } from './qwen.support.js';

const texts = Array.from(
  { length: 8 },
  (_, index) => `This is line number ${'one two three four five six seven eight'.split(' ')[index]} of the play.`,
);

let sample: VoiceSample;

beforeAll(async () => {
  await requirePrograms('espeak-ng');
  sample = await makeSample(await temporaryFolder(), 'sample', toneGrid[6]!);
});

const spoken = (server: IndexEmulator) => server.requestsTo('speak').length;

/** A second life of a server, on the port of its first. */
let revived: IndexEmulator | undefined;
afterEach(async () => {
  await revived?.close();
  revived = undefined;
});

describe('a pool', () => {
  it('shares the lines, the least busy server first', async () => {
    const servers = [await startServer('vllm1', { delayMs: 20 }), await startServer('vllm1', { delayMs: 20 })];
    const provider = providerOf(servers);
    await provider.ready(calm);
    expect(provider.limits.concurrency).toBe(4);
    await Promise.all(texts.map((text) => provider.synthesize(line(text), calm)));
    const counts = servers.map(spoken);
    expect(counts[0]! + counts[1]!).toBe(8);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
  });

  it('gets every line spoken by one sound server among one dead, one slow and one that lies', async () => {
    for (const lie of ['page', 'garbage', 'half', 'runaway', 'silence'] as const satisfies readonly SoundKind[]) {
      const dead = await startServer('vllm1');
      await dead.close();
      const slow = await startServer('vllm1', { delayMs: 250 });
      const liar = await startServer('vllm1', { sound: lie });
      const provider = providerOf([dead, slow, liar], { patienceMs: 10_000 });
      const readiness = await provider.ready(calm);
      expect(readiness).toMatchObject({ ready: true, detail: expect.stringContaining('the connection was refused') });
      const replies = await Promise.all(texts.slice(0, 4).map((text) => provider.synthesize(line(text), calm)));
      expect(replies.map(({ audio }) => toneIn(audio))).toEqual(Array(4).fill(toneOfName('jay')));
      expect(replies.flatMap(({ warnings }) => warnings).join()).toContain('was put aside for now');
      expect(spoken(slow)).toBe(4);
    }
  });

  it('loses no line when a server is killed midway, and asks again only for those it had under way', async () => {
    const [first, second] = [
      await startServer('upload', { delayMs: 30 }),
      await startServer('upload', { delayMs: 30 }),
    ];
    const provider = providerOf([first, second], { patienceMs: 5000 });
    const work = texts.map((text) => provider.synthesize(line(text, { sample }), calm));
    await Promise.race([work[0], work[1], work[2], work[3]]);
    const underWay = first.open;
    await first.close();
    const replies = await Promise.all(work);
    expect(replies.map(({ audio }) => toneIn(audio))).toEqual(Array(8).fill(toneGrid[6]));
    expect(spoken(first) + spoken(second)).toBeLessThanOrEqual(8 + underWay + 1);
    expect([first, second].map((server) => server.requestsTo('upload').length)).toEqual([1, 1]);
    expect([...first.violations, ...second.violations]).toEqual([]);
  });

  it('goes back to a server that has come back, and brings it the sample again', async () => {
    const first = await startServer('upload');
    const provider = providerOf([first], { patienceMs: 20_000 });
    await provider.synthesize(line(texts[0]!, { sample }), calm);
    await first.close();
    const waiting = provider.synthesize(line(texts[1]!, { sample }), calm);
    waiting.catch(() => undefined);
    revived = await startIndexServer(serverSettings('upload'), Number(new URL(first.url).port));
    expect(toneIn((await waiting).audio)).toBe(toneGrid[6]);
    expect(revived.requestsTo('upload')).toHaveLength(1);
  });

  it('gives a line to the servers that speak its language and have its voice', async () => {
    const old = await startServer('upload');
    const young = await startServer('gradio');
    const provider = providerOf([old, young]);
    await provider.ready(calm);
    expect(provider.limits).toMatchObject({ languages: ['zh', 'en', 'ja', 'es', 'ar'] });
    expect(provider.limits.rate).toBeUndefined();
    for (const text of ['Buenos días a todos.', 'Hasta mañana a todos.']) {
      await provider.synthesize(line(text, { language: 'es', sample }), calm);
    }
    expect([spoken(old), spoken(young)]).toEqual([0, 2]);
  });

  it('refuses an address with a password, a query or another scheme, and shows nothing of it', () => {
    for (const url of ['http://user:secret@127.0.0.1:1', 'ftp://127.0.0.1', 'http://127.0.0.1/?key=secret']) {
      expect(() => providerOf([{ url }])).toThrow(/^INDEXTTS_URL does not hold the address of a server\.$/);
    }
  });
});

describe('a server by itself', () => {
  it.each<SoundKind>(['silence', 'short', 'runaway', 'garbage', 'half', 'none', 'json'])(
    'is asked once more after an answer of %s, and then the line has failed',
    async (sound) => {
      const server = await startServer('vllm1', { sound });
      const retries: string[] = [];
      const provider = providerOf([server], {}, ({ attempt, code }) => retries.push(`${attempt} ${code}`));
      await provider.ready(calm);
      const error = await failure(provider.synthesize(line(texts[0]!), calm));
      expect(error.code).toBe('PROVIDER_BAD_REPLY');
      expect(spoken(server)).toBe(2);
      expect(retries).toEqual(['1 PROVIDER_BAD_REPLY']);
      server.settings.sound = 'placeholder';
      expect(toneIn((await provider.synthesize(line(texts[0]!), calm)).audio)).toBe(toneOfName('jay'));
    },
  );

  it('is tried for a while when a proxy answers for it, and then the run can be resumed', async () => {
    for (const fault of [
      { status: 502 },
      { status: 504 },
      { kind: 'html' as const },
      { status: 503, message: 'model_not_loaded' },
    ]) {
      const server = await startServer('vllm1');
      server.fail('speak', { ...fault, times: Infinity });
      const error = await failure(providerOf([server], { patienceMs: 700 }).synthesize(line(texts[0]!), calm));
      expect(error).toMatchObject({
        code: expect.stringMatching(/UNREACHABLE|BUSY/),
        message: expect.stringContaining('(tried again for 1 s)'),
        retryable: true,
      });
      expect(spoken(server)).toBeGreaterThanOrEqual(2);
      server.heal();
      server.fail('speak', { ...fault, times: 1 });
      await providerOf([server], { patienceMs: 5000 }).synthesize(line(texts[0]!), calm);
    }
  });

  it('is not asked again after a refusal', async () => {
    for (const status of [400, 401, 404, 413, 422]) {
      const server = await startServer('vllm1');
      server.fail('speak', { status, message: 'no', times: Infinity });
      const error = await failure(providerOf([server]).synthesize(line(texts[0]!), calm));
      expect(error.code).toMatch(/REFUSED|AUTH|UNSUPPORTED/);
      expect(spoken(server)).toBe(1);
    }
  });
});

describe('an address with something else behind it', () => {
  it('is said for what it is: a page is a server that is away, other answers are no IndexTTS', async () => {
    const { serve } = await import('../../support/http-server.js');
    const page = await serve(() => ({ headers: { 'content-type': 'text/html' }, body: '<html>AutoDL</html>' }));
    for (const dialect of ['auto', 'vllm2', 'tts-service', 'gradio', 'omni']) {
      const { ready, code } = await providerOf([page], { dialect }).ready(calm);
      expect({ ready, code }).toEqual({ ready: false, code: 'PROVIDER_UNREACHABLE' });
    }
    await page.close();
    const other = await serve(() => ({ body: { hello: 'world' } }));
    const readiness = await providerOf([other]).ready(calm);
    expect(readiness).toMatchObject({
      ready: false,
      code: 'PROVIDER_UNSUPPORTED',
      hint: expect.stringContaining('INDEXTTS_DIALECT'),
    });
    expect(other.requests.every(({ method }) => method === 'GET')).toBe(true);
    await other.close();
  });

  it('is known by its health where it describes nothing and answers 404 to all it does not serve', async () => {
    const { serve } = await import('../../support/http-server.js');
    const bare = await serve(({ target }) =>
      target === '/health' ? { body: { status: 'healthy', message: 'ok', timestamp: 1 } } : { status: 404 },
    );
    expect(await providerOf([bare]).ready(calm)).toMatchObject({
      ready: true,
      detail: expect.stringContaining('upload'),
    });
    await bare.close();
  });
});
