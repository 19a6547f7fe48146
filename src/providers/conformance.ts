import { DubError, type DubErrorCode } from '../errors.js';
import type { ProviderBase } from './contract.js';

/** One thing that must hold for every provider of a kind; free of any test runner. */
export interface Check<Subject> {
  /** A fact, as one reads it in a report: `a hang ends at its time limit`. */
  readonly name: string;
  /** True when it may run against a real account: it breaks nothing and costs next to nothing. */
  readonly safe: boolean;
  /** Throws an `Error` with a clear message when it does not hold, a `CheckSkipped` when it cannot be tried. */
  run(subject: Subject): Promise<void>;
}

/** Thrown by a check that the subject gives no means to try. */
export class CheckSkipped extends Error {
  override readonly name = 'CheckSkipped';
}

/** How one check came out; everything but `passed` has a reason. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'excused';
  readonly reason?: string | undefined;
  readonly error?: unknown;
}

/** Which checks are run. */
export interface CheckOptions {
  /** Only those that may run against a real account. */
  readonly safeOnly?: boolean | undefined;
  /** Checks that cannot hold for this provider, by name, with the reason. */
  readonly excused?: Readonly<Record<string, string>> | undefined;
}

/**
 * Runs the checks of a kind one after another.
 * @returns one result per check, in order; none is left out
 * @throws Error when `excused` names a check that does not exist
 */
export async function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  options: CheckOptions = {},
): Promise<CheckResult[]> {
  const excused = options.excused ?? {};
  const unknown = Object.keys(excused).find((name) => !checks.some((check) => check.name === name));
  if (unknown !== undefined) throw new Error(`There is no check ${JSON.stringify(unknown)} to excuse.`);
  const results: CheckResult[] = [];
  for (const check of checks) {
    const reason = excused[check.name];
    if (reason !== undefined) results.push({ name: check.name, outcome: 'excused', reason });
    else if (options.safeOnly && !check.safe) results.push(skipped(check.name, 'not safe against a real account'));
    else results.push(await tryCheck(check, subject));
  }
  return results;
}

async function tryCheck<Subject>(check: Check<Subject>, subject: Subject): Promise<CheckResult> {
  try {
    await check.run(subject);
    return { name: check.name, outcome: 'passed' };
  } catch (error) {
    if (error instanceof CheckSkipped) return skipped(check.name, error.message);
    const reason = error instanceof Error ? error.message : String(error);
    return { name: check.name, outcome: 'failed', reason, error };
  }
}

function skipped(name: string, reason: string): CheckResult {
  return { name, outcome: 'skipped', reason };
}

/**
 * What can be made to go wrong behind a provider.
 * `missing`: the program or host is not there. `hang`: it takes the request and never answers, and the provider's time
 * limit is short. `stall`: the same with a long time limit. `crash`: it ends or drops the connection midway, nothing
 * usable was sent. `cut`: the reply breaks off. `empty`: a reply without content.
 * `silent` (tts): sound of silence. `garbage`: a reply of another form. `refuse`: it says no. `auth`: 401.
 * `rate-limit`: 429 with Retry-After, then as always.
 */
export type Fault =
  | 'missing'
  | 'hang'
  | 'stall'
  | 'crash'
  | 'cut'
  | 'empty'
  | 'silent'
  | 'garbage'
  | 'refuse'
  | 'auth'
  | 'rate-limit';

/** A provider with a fault behind it. */
export interface Faulty<Provider> {
  readonly provider: Provider;
  /** How many requests that do work reached the other side so far; undefined when that cannot be counted. */
  requests?(): Promise<number>;
  /** How many of them are still open: processes alive or sockets open. */
  open?(): Promise<number>;
}

/** What every subject may bring for the checks that need more than the provider. */
export interface FaultHooks<Provider> {
  /** Strings that must appear in no error: keys, signed URLs. */
  readonly secrets?: readonly string[] | undefined;
  /** Makes a provider with that fault; undefined when this provider cannot meet it. */
  failing?(fault: Fault): Promise<Faulty<Provider> | undefined>;
}

/** A provider with the fault, or a skipped check. */
export async function requireFaulty<Provider>(hooks: FaultHooks<Provider>, fault: Fault): Promise<Faulty<Provider>> {
  if (!hooks.failing) throw new CheckSkipped('the subject cannot make faults');
  const faulty = await hooks.failing(fault);
  if (!faulty) throw new CheckSkipped(`the subject cannot make the fault ${JSON.stringify(fault)}`);
  return faulty;
}

/** @throws Error with that message unless the claim holds */
export function claim(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

/** Longest time anything in a check may take to give up: far above every limit a subject sets. */
const patienceMs = 10_000;

/**
 * The `DubError` that the work ends with.
 * @throws Error when it succeeds, ends with something else, has another code, has no hint, or never ends
 */
export async function expectError(
  work: Promise<unknown>,
  codes: readonly DubErrorCode[],
  what: string,
): Promise<DubError> {
  const ending = await Promise.race([
    work.then(
      () => 'succeeded' as const,
      (error: unknown) => ({ error }),
    ),
    wait(patienceMs).then(() => 'never ended' as const),
  ]);
  if (typeof ending === 'string') throw new Error(`${what}: it ${ending} where ${codes.join(' or ')} was due.`);
  const { error } = ending;
  if (!(error instanceof DubError))
    throw new Error(`${what}: it threw ${String(error)}, which is no DubError.`, { cause: error });
  claim(
    codes.includes(error.code),
    `${what}: its code is ${error.code} where ${codes.join(' or ')} was due (${error.message}).`,
  );
  claim(error.hint !== undefined && error.hint !== '', `${what}: the error has no hint (${error.message}).`);
  return error;
}

const never = new AbortController().signal;

/** That a provider can be used and says so. */
export const readyCheck: Check<{ readonly provider: ProviderBase }> = {
  name: 'says whether it is ready, with words for a person',
  safe: true,
  async run({ provider }) {
    const readiness = await provider.ready(never);
    claim(readiness.detail.trim() !== '', 'The readiness has no detail.');
    claim(readiness.ready, `It is not ready: ${readiness.detail}`);
  },
};

/** What every provider that works for a stage must keep about its readiness. */
export function readinessChecks<Provider extends ProviderBase>(): readonly Check<
  FaultHooks<Provider> & { readonly provider: Provider }
>[] {
  return [
    readyCheck,
    {
      name: 'says how to get what is missing',
      safe: false,
      async run(subject) {
        const { provider } = await requireFaulty(subject, 'missing');
        const readiness = await provider.ready(never);
        claim(!readiness.ready, 'It says it is ready although it is not there.');
        claim((readiness.hint ?? '') !== '', 'It does not say what to do.');
      },
    },
  ];
}

/**
 * What every provider must keep when things go wrong, whatever it does.
 * @param work one small request of a provider of the subject's
 */
export function faultChecks<Provider, Subject extends FaultHooks<Provider>>(
  work: (subject: Subject, provider: Provider, signal: AbortSignal) => Promise<unknown>,
): readonly Check<Subject>[] {
  const ends = (fault: Fault, codes: readonly DubErrorCode[]) => (subject: Subject) =>
    expectFault(subject, fault, codes, (provider) => work(subject, provider, never));
  return [
    { name: 'ends a hang at its time limit', safe: false, run: ends('hang', ['PROVIDER_TIMEOUT']) },
    {
      name: 'rejects at once when aborted, and leaves nothing open',
      safe: false,
      run: (subject) => checkAbort(subject, (provider: Provider, signal) => work(subject, provider, signal)),
    },
    {
      name: 'takes a crash midway for an error',
      safe: false,
      run: ends('crash', ['PROVIDER_BAD_REPLY', 'PROVIDER_UNREACHABLE']),
    },
    {
      name: 'passes a refusal on with its own words',
      safe: false,
      run: ends('refuse', ['PROVIDER_REFUSED', 'PROVIDER_UNSUPPORTED']),
    },
    {
      name: 'never repeats a request that was refused for its key',
      safe: false,
      async run(subject) {
        const faulty = await requireFaulty<Provider>(subject, 'auth');
        const error = await expectError(work(subject, faulty.provider, never), ['PROVIDER_AUTH'], 'a refused key');
        claim(!error.retryable, 'The error says that trying again may help.');
        const requests = await faulty.requests?.();
        claim(requests === undefined || requests === 1, `It asked ${requests} times.`);
      },
    },
    {
      name: 'waits as it is told when it asked too often, or says how long to wait',
      safe: false,
      async run(subject) {
        const faulty = await requireFaulty<Provider>(subject, 'rate-limit');
        try {
          await work(subject, faulty.provider, never);
        } catch (error) {
          const told = error instanceof Error && 'retryAfterMs' in error && Number(error.retryAfterMs) > 0;
          claim(told, `It failed without saying how long to wait: ${String(error)}`);
        }
      },
    },
    {
      name: 'keeps secrets out of every error',
      safe: false,
      run: (subject) => checkNoSecrets(subject, (provider: Provider, signal) => work(subject, provider, signal)),
    },
  ];
}

/** The error that a request ends with when the provider meets a fault. */
export async function expectFault<Provider>(
  subject: FaultHooks<Provider>,
  fault: Fault,
  codes: readonly DubErrorCode[],
  work: (provider: Provider) => Promise<unknown>,
): Promise<void> {
  const { provider } = await requireFaulty(subject, fault);
  await expectError(work(provider), codes, `the fault ${fault}`);
}

/** Checks that a request can be aborted while it is open: it rejects with INTERRUPTED and leaves nothing open. */
export async function checkAbort<Provider>(
  hooks: FaultHooks<Provider>,
  start: (provider: Provider, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const early = await requireFaulty(hooks, 'stall');
  await expectError(start(early.provider, AbortSignal.abort()), ['INTERRUPTED'], 'with a signal aborted before');
  const faulty = await requireFaulty(hooks, 'stall');
  const controller = new AbortController();
  const work = start(faulty.provider, controller.signal);
  work.catch(() => {});
  await untilOpen(faulty);
  controller.abort();
  await expectError(work, ['INTERRUPTED'], 'aborted while the request was open');
  const left = await settleTo(faulty, 0);
  claim(left === undefined || left === 0, `${left} processes or connections are still open after the abort.`);
}

/** Checks that no secret appears in an error, its hint, its stack, or what caused it. */
export async function checkNoSecrets<Provider>(
  hooks: FaultHooks<Provider>,
  start: (provider: Provider, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const secrets = hooks.secrets ?? [];
  if (secrets.length === 0) throw new CheckSkipped('the subject names no secrets');
  const faults: readonly Fault[] = ['missing', 'crash', 'cut', 'empty', 'garbage', 'refuse', 'auth'];
  let tried = 0;
  for (const fault of faults) {
    const faulty = await hooks.failing?.(fault);
    if (!faulty) continue;
    tried++;
    const error = await start(faulty.provider, new AbortController().signal).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const told = everythingIn(error);
    const leaked = secrets.findIndex((secret) => told.includes(secret));
    claim(leaked < 0, `The error of the fault ${fault} holds secret number ${leaked + 1}.`);
  }
  if (tried === 0) throw new CheckSkipped('the subject cannot make faults');
}

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.values(error).map(String);
  return [error.message, error.stack ?? '', ...own, error.cause === undefined ? '' : everythingIn(error.cause)].join(
    '\n',
  );
}

/** Waits until the faulty side has the request, or half a second where that cannot be seen. */
async function untilOpen<Provider>(faulty: Faulty<Provider>): Promise<void> {
  if (faulty.open) await settleTo(faulty, 1);
  else await wait(500);
}

async function settleTo<Provider>(faulty: Faulty<Provider>, wanted: number): Promise<number | undefined> {
  if (!faulty.open) return undefined;
  for (let waited = 0; waited < 3000; waited += 50) {
    if ((await faulty.open()) === wanted) break;
    await wait(50);
  }
  return faulty.open();
}

/** Resolves after some milliseconds without keeping the process alive. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
