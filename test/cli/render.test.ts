import { describe, expect, it } from 'vitest';
import type { TextStream } from '../../src/cli/io.js';
import { createBars } from '../../src/cli/render/bars.js';
import { describeFailure, printFailure } from '../../src/cli/render/failure.js';
import { renderPlan } from '../../src/cli/render/plan.js';
import { createReporter } from '../../src/cli/render/report.js';
import { styleFor } from '../../src/cli/render/style.js';
import { renderSummary } from '../../src/cli/render/summary.js';
import { renderTable } from '../../src/cli/render/table.js';
import { count, formatSeconds, padEnd, textWidth, visible, visibleLines, wrap } from '../../src/cli/render/text.js';
import { DubError } from '../../src/errors.js';
import type { OutputSummary, RunEvent, RunEventBody, RunSummary } from '../../src/pipeline/events.js';

const plain = styleFor({ write: () => true }, {});

function catcher(isTTY = false): TextStream & { text: string } {
  const stream = {
    text: '',
    isTTY,
    columns: 80,
    write: (text: string) => {
      stream.text += text;
      return true;
    },
  };
  return stream;
}

function stamped(body: RunEventBody): RunEvent {
  return { v: 1, time: '2026-01-01T00:00:00.000Z', run: 'r', ...body } as RunEvent;
}

describe('text for a terminal', () => {
  it('shows control characters instead of obeying them', () => {
    expect(visible('a\nb\tc\x1b[2J\x07\u009b\u202e!')).toBe('a\\nb\\tc\\x1b[2J\\x07\\x9b\\u202e!');
    expect(visible('Ünïcode 中文 🎬')).toBe('Ünïcode 中文 🎬');
    expect(visibleLines('one\ntwo\x1b', '  ')).toBe('one\n  two\\x1b');
  });

  it('knows how wide it is', () => {
    expect([
      textWidth('abc'),
      textWidth('中文'),
      textWidth('e\u0301'),
      textWidth('🎬'),
      textWidth('\x1b[31mred\x1b[39m'),
    ]).toEqual([3, 4, 1, 2, 3]);
    expect(padEnd('中', 4)).toBe('中  ');
  });

  it('is wrapped at words, and a long word stands alone', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('a incomprehensibilities b', 5)).toEqual(['a', 'incomprehensibilities', 'b']);
  });

  it('tells times and counts in words', () => {
    expect([400, 12_400, 185_000].map(formatSeconds)).toEqual(['0.4 s', '12 s', '3 min 05 s']);
    expect([count(1, 'line'), count(2, 'line')]).toEqual(['1 line', '2 lines']);
  });

  it('stands in columns', () => {
    expect(renderTable([['a', 'bb'], ['中文', 'c'], ['x']], ' ')).toBe(' a     bb\n 中文  c\n x\n');
    expect(renderTable([])).toBe('');
  });
});

describe('colour', () => {
  const paints = (isTTY: boolean, env: Record<string, string>) =>
    styleFor({ write: () => true, isTTY }, env).red('x') !== 'x';
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '', NO_COLOR: '1' }, true],
  ])('on a terminal %s with %j: %s', (isTTY, env, expected) => {
    expect(paints(isTTY, env)).toBe(expected);
  });
});

/** For whom a call was made. */
const bought = { utteranceIds: ['u0001'], requestIds: ['r-1'] };

const run: readonly RunEventBody[] = [
  {
    type: 'run-start',
    input: '/v/ta\nlk.mp4',
    targets: ['es'],
    work: '/v/talk.dub',
    providers: { asr: 'subtitles', tts: 'espeak-ng' },
  },
  { type: 'stage-start', stage: 'extract' },
  { type: 'stage-progress', stage: 'extract', done: 1, total: 2 },
  { type: 'stage-end', stage: 'extract', kept: false, detail: '31 s, mono', ms: 420 },
  { type: 'stage-start', stage: 'translate', language: 'es' },
  { type: 'line-done', stage: 'translate', language: 'es', utteranceId: 'u0001', kept: true },
  {
    type: 'line-failed',
    stage: 'translate',
    language: 'es',
    utteranceId: 'u0002',
    code: 'PROVIDER_REFUSED',
    message: 'no\x1b[1m',
  },
  { type: 'provider-retry', stage: 'translate', provider: 'qwen', attempt: 2, waitMs: 1000, code: 'PROVIDER_BUSY' },
  { type: 'provider-retry', stage: 'translate', provider: 'qwen', attempt: 3, waitMs: 30_000, code: 'PROVIDER_BUSY' },
  {
    type: 'provider-fallback',
    stage: 'translate',
    from: 'qwen',
    to: 'glm',
    code: 'PROVIDER_BUSY',
    message: 'busy',
    utteranceIds: [],
  },
  {
    type: 'cost',
    stage: 'translate',
    provider: 'qwen',
    unit: 'token',
    count: 12,
    money: 0.5,
    currency: 'CNY',
    ...bought,
  },
  {
    type: 'cost',
    stage: 'translate',
    provider: 'qwen',
    unit: 'token',
    count: 3,
    money: null,
    currency: null,
    ...bought,
  },
  { type: 'line-overflow', language: 'es', utteranceId: 'u0003', excessMs: 120 },
  { type: 'warning', stage: 'translate', message: 'mind the gap' },
  { type: 'stage-end', stage: 'translate', language: 'es', kept: true, ms: 0 },
];

function report(options: { quiet?: boolean; verbose?: boolean }): string {
  const stream = catcher();
  const reporter = createReporter({ stream, style: plain, bars: undefined, quiet: false, verbose: false, ...options });
  for (const event of run) reporter.event(stamped(event));
  reporter.end();
  return stream.text;
}

describe('a run in a log', () => {
  it('has a line for each stage as it ends, for warnings, failures and long waits', () => {
    expect(report({})).toBe(
      `ta\\nlk.mp4 to es (asr subtitles, tts espeak-ng)
  extract          31 s, mono (0.4 s)
  failed: translate es, line u0002: no\\x1b[1m
  translate: qwen said PROVIDER_BUSY; attempt 3 in 30 s
  warning: translate goes on with glm instead of qwen (PROVIDER_BUSY)
  warning: mind the gap
  translate es     done (kept from an earlier run)
`,
    );
  });

  it('has every line, retry and cost when verbose', () => {
    const told = report({ verbose: true });
    expect(told).toContain('  translate es, line u0001: kept\n');
    expect(told).toContain('  translate: qwen said PROVIDER_BUSY; attempt 2 in 1.0 s\n');
    expect(told).toContain('  translate: qwen, 12 token, 0.5 CNY\n');
    expect(told).toContain('  translate: qwen, 3 token, price unknown\n');
    expect(told).toContain('  es line u0003 is 120 ms too long for its place\n');
  });

  it('is empty when quiet', () => {
    expect(report({ quiet: true })).toBe('');
  });
});

describe('bars on a terminal', () => {
  it('stand below the lines and are gone at the end, cursor and wrapping back', async () => {
    const stream = catcher(true);
    const bars = await createBars(stream);
    const reporter = createReporter({ stream, style: plain, bars, quiet: false, verbose: false });
    for (const event of run) reporter.event(stamped(event));
    reporter.end();
    const screen = screenOf(stream.text);
    expect(screen).toBe(report({}).trimEnd());
    expect(stream.text).toContain('████████████░░░░░░░░░░░░  50 %  1/2');
    expect(stream.text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stream.text.lastIndexOf('\x1b[?25l'));
    expect(stream.text.lastIndexOf('\x1b[?7h')).toBeGreaterThan(stream.text.lastIndexOf('\x1b[?7l'));
  });

  it('are taken away when a run breaks off', async () => {
    const stream = catcher(true);
    const bars = await createBars(stream);
    bars.begin('a', 'synthesize es');
    bars.advance('a', 1, 4);
    bars.advance('b', 1, 4);
    bars.advance('a', 1, 0);
    bars.advance('a', 20_000, 40_000);
    expect(stream.text).toContain('synthesize es    ██████░░░░░░░░░░░░░░░░░░  25 %  1/4');
    bars.begin('a', 'again');
    bars.begin('b', 'translate es');
    bars.line('one line\n');
    bars.finish('b');
    bars.finish('c');
    bars.stop();
    bars.stop();
    expect(screenOf(stream.text)).toBe('one line');
  });
});

/** What a terminal shows after this text: the few controls that the bars use, obeyed. */
function screenOf(text: string): string {
  const rows: string[][] = [[]];
  let row = 0;
  let column = 0;
  for (const [token] of text.matchAll(/\x1b\[\??\d*(?:;\d*)?[A-Za-z]|[\s\S]/gu)) {
    const number = Number(/\d+/.exec(token)?.[0] ?? 1);
    if (token === '\n') {
      row++;
      column = 0;
      rows[row] ??= [];
    } else if (token.length > 1 && token.startsWith('\x1b')) {
      if (token.endsWith('A')) row -= number;
      else if (token.endsWith('G')) column = number - 1;
      else if (token === '\x1b[K' || token === '\x1b[0K') rows[row]!.length = Math.min(rows[row]!.length, column);
      else if (token === '\x1b[2K') rows[row] = [];
      else if (token === '\x1b[0J') {
        rows[row]!.length = Math.min(rows[row]!.length, column);
        rows.length = row + 1;
      }
    } else {
      rows[row]![column++] = token;
    }
  }
  return rows
    .map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    )
    .join('\n')
    .trimEnd();
}

const gate = {
  name: 'onset-error',
  passed: true,
  value: 41.256,
  unit: 'ms',
  limit: '-125…+45',
  detail: '95 % start in time.',
  judges: 'wording',
} as const;

function output(change: Partial<OutputSummary>): OutputSummary {
  const lines = { total: 9, voiced: 9, failed: 0, overflowed: 0 };
  return {
    language: 'es',
    path: '/v/talk.es.mp4',
    lines,
    failures: [],
    verdict: { passed: true, gates: [gate] },
    warnings: [],
    ...change,
  };
}

function summarise(...outputs: OutputSummary[]): string {
  const summary = stamped({ type: 'summary', exit: 0, input: '/v/talk.mp4', work: '/v/talk.dub', outputs, ms: 3210 });
  return renderSummary(summary as RunSummary, plain);
}

describe('the end of a run', () => {
  it('is the verdict in two lines', () => {
    expect(summarise(output({}))).toBe(
      'talk.es.mp4: passed all 1 gates, 9 of 9 lines voiced\n  onsets off by 41.3 ms\n1 file in 3.2 s; work in /v/talk.dub\n',
    );
  });

  it('says what was missed, what it means and what can be done', () => {
    const missed = { ...gate, passed: false };
    const broken = { ...missed, name: 'overlaps', judges: 'file' as const, detail: 'u1 over u2.', limit: '0' };
    const lines = { total: 9, voiced: 8, failed: 1, overflowed: 2 };
    const failures = Array.from({ length: 12 }, (_, index) => ({
      utteranceId: `u${index}`,
      stage: 'synthesize',
      code: 'X',
      message: 'no',
    }));
    const warnings = ['mind the\x07 gap'];
    const told = summarise(output({ lines, failures, warnings, verdict: { passed: false, gates: [missed, broken] } }));
    expect(told).toContain('talk.es.mp4: missed 2 of 2 gates, 8 of 9 lines voiced\n');
    expect(told).toContain('  onset-error: 95 % start in time. (limit -125…+45)\n');
    expect(told).toContain('  Only dub itself can mend that, not the wording: please report it.\n');
    expect(told).toContain('  A shorter or longer wording of the lines that do not fit would pass the rest.\n');
    expect(told).toContain('  2 lines are too long even at the fastest tempo.\n');
    expect(told).toContain('  not voiced: line u0 (synthesize, X): no\n');
    expect(told).toContain('  warning: mind the\\x07 gap\n');
    expect(told).toContain('  … and 2 more; --json lists them all.\n');
  });

  it('says when nothing was measured', () => {
    expect(summarise({ ...output({}), verdict: undefined })).toContain(
      'talk.es.mp4: not measured, 9 of 9 lines voiced\n',
    );
  });
});

describe('a plan', () => {
  const nothing = { least: {}, likely: {}, most: {} };
  const about = { least: { CNY: 0.21 }, likely: { CNY: 0.3 }, most: { CNY: 0.44 } };
  const free = { cost: { ...nothing, unknown: [] }, basis: [] };

  it('shows stages, what leaves the machine, the size and the cost', () => {
    const told = renderPlan(
      {
        input: '/v/talk.mp4',
        durationMs: 31_000,
        work: '/v/talk.dub',
        outputs: [{ language: 'es', path: '/v/talk.es.mp4' }],
        stages: [
          { stage: 'extract', action: 'keep', cost: 0, currency: null },
          {
            ...{ stage: 'transcribe', provider: 'qwen', action: 'run', leaves: 'the speech track to x.org' },
            ...{ cost: null, currency: null, range: { ...nothing, priced: false, calls: 1, kept: 0 } },
          },
          {
            ...{
              stage: 'translate',
              language: 'es',
              provider: 'qwen-mt',
              action: 'run',
              leaves: 'the script to x.org',
            },
            ...{ cost: 0.3, currency: 'CNY', range: { ...about, priced: true, calls: 2, kept: 3 } },
          },
          { stage: 'synthesize', language: 'es', provider: 'flite', action: 'run', cost: 0, currency: null },
        ],
        lines: 7,
        characters: 300,
        cost: { ...about, unknown: ['qwen'], ceiling: { max: 0.4, currency: 'CNY', holds: false } },
        basis: ['7 lines are known.'],
        warnings: ['mind'],
      },
      plain,
    );
    expect(told).toBe(`/v/talk.mp4 (0:00:31.000)
  stage          action  engine   network                          cost
  extract        keep
  transcribe     run     qwen     sends the speech track to x.org  unknown
  translate es   run     qwen-mt  sends the script to x.org        about 0.300 CNY (0.210 to 0.440), 3 kept
  synthesize es  run     flite                                     nothing
7 lines, 300 characters.
Cost: about 0.300 CNY (0.210 to 0.440), and what qwen costs is unknown. It may be more than --max-cost 0.400 CNY: then the run stops on the way and can go on later.
  7 lines are known.
  es  /v/talk.es.mp4
warning: mind
`);
  });

  it('says when lines are not known and nothing leaves the machine', () => {
    const told = renderPlan(
      { input: 'a', durationMs: 0, work: 'w', outputs: [], stages: [], warnings: [], ...free },
      plain,
    );
    expect(told).toContain('Lines are known after recognition. Nothing leaves this machine.\n');
  });
});

describe('a failure', () => {
  const io = (stream: TextStream) => ({
    stdout: stream,
    stderr: stream,
    env: {},
    cwd: '/',
    home: '/',
    platform: 'linux' as const,
    signals: process,
    exitNow: () => undefined,
  });

  it('that nobody expected is a fault of ours, with exit 1, where to look and a stack when verbose', () => {
    const stream = catcher();
    const failure = describeFailure(new TypeError('x is not a function', { cause: new Error('deeper') }), undefined);
    expect(failure).toMatchObject({
      exit: 1,
      code: 'BUG',
      message: 'This is a fault in dub itself: TypeError: x is not a function',
    });
    printFailure(failure, io(stream), { args: [], json: false, verbose: true, work: '/v/talk.dub' });
    expect(stream.text).toContain('  What happened before is in /v/talk.dub/events.ndjson.\n');
    expect(stream.text).toMatch(/TypeError: x is not a function\n +at /);
    expect(stream.text).toMatch(/Caused by: Error: deeper\n/);
    expect(describeFailure('just text', undefined).message).toBe('This is a fault in dub itself: just text');
  });

  it('after an interruption is the interruption', () => {
    const controller = new AbortController();
    controller.abort(new DubError('INTERRUPTED', 'stopped'));
    expect(describeFailure(new Error('ffmpeg died'), controller.signal)).toMatchObject({
      exit: 130,
      code: 'INTERRUPTED',
      message: 'stopped',
    });
  });

  it('keeps the lines of its message, indented', () => {
    const stream = catcher();
    printFailure(describeFailure(new DubError('USAGE', 'one\ntwo'), undefined), io(stream), {
      args: [],
      json: false,
      verbose: false,
    });
    expect(stream.text).toBe('dub: one\n  two\n');
  });
});
