import { afterEach } from 'vitest';
import { DubError } from '../../src/errors.js';
import { createHttp } from '../../src/net/client.js';
import type { Http, HttpOptions } from '../../src/net/http.js';
import { type ScriptedServer, serve } from '../support/http-server.js';
import { instantClock } from './clocks.js';

const toClose: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

/** A scripted server that is closed after the test. */
export async function server(...args: Parameters<typeof serve>): Promise<ScriptedServer> {
  return closing(await serve(...args));
}

/** Anything that is to be closed after the test. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  toClose.push(one);
  return one;
}

/** A client that waits for nothing between attempts and is closed after the test. */
export function client(options: Partial<HttpOptions> = {}): Http {
  return closing(createHttp({ version: '1.2.3', clock: instantClock(), random: () => 0.5, ...options }));
}

/** A signal that is never aborted. */
export const never = new AbortController().signal;

/** The DubError of a promise that must reject with one. */
export async function failed(promise: Promise<unknown>): Promise<DubError> {
  const error = await promise.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof DubError) return error;
  throw error;
}
