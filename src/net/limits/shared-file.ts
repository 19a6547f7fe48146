import { watch } from 'node:fs';
import { link, mkdir, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { untilAborted } from '../clock.js';
import { uniqueName } from './machine.js';

/** What an update made of a value. */
export interface Update<Value, Result> {
  readonly result: Result;
  /** The new value; undefined leaves the old one. */
  readonly next?: Value | undefined;
}

/** A value, and how many changes made it. */
export interface Versioned<Value> {
  readonly value: Value;
  readonly version: number;
}

/**
 * A small value that several processes change, one change after the other, without a lock: nothing is held that a
 * process could take to its grave. Every method rejects with the file system's error.
 */
export interface SharedFile<Value> {
  read(): Promise<Versioned<Value>>;
  /** Changes the value by a function of the newest one, which is called again when another process was faster. */
  update<Result>(change: (value: Value) => Update<Value, Result>): Promise<Result & { readonly version: number }>;
  /** Resolves when the value is no longer of this version, or after `ms`; rejects with `INTERRUPTED` on abort. */
  changed(version: number, ms: number, signal: AbortSignal): Promise<void>;
}

/** Versions that stay behind the newest one. A process that was stopped for longer than they last cannot be fooled. */
const keptVersions = 16;

/**
 * A shared value in a folder of its own. Each version is a file named by its number, made whole under another name and
 * linked: of several processes that make the same version one succeeds, and a reader never sees half a file.
 * @param parse reads parsed JSON, or undefined for none or a damaged one
 */
export function openSharedFile<Value>(folder: string, parse: (json: unknown) => Value): SharedFile<Value> {
  const name = uniqueName();
  let made = 0;
  let known: Versioned<Value> | undefined;
  let old: readonly number[] = [];

  async function newest(): Promise<Versioned<Value>> {
    for (let attempt = 1; ; attempt++) {
      const versions = await listVersions(folder);
      if (known === undefined) await sweep(folder);
      old = versions.slice(0, -keptVersions);
      const version = versions.at(-1) ?? 0;
      if (known?.version === version) return known;
      try {
        const json = version === 0 ? undefined : parsedJson(await readFile(pathOf(folder, version), 'utf8'));
        known = { version, value: parse(json) };
        return known;
      } catch (error) {
        // Others went on by so much meanwhile that the version is gone.
        if (codeOf(error) !== 'ENOENT' || attempt >= 100) throw error;
      }
    }
  }

  /** @returns false when another process made the next version first */
  async function publish(value: Value, before: number): Promise<boolean> {
    const whole = join(folder, `.${name}-${++made}`);
    const version = before + 1;
    try {
      await writeFile(whole, JSON.stringify(value), { flag: 'wx', mode: 0o600 });
      await link(whole, pathOf(folder, version));
    } catch (error) {
      // Another process was first, or the folder is gone: looking for the newest makes it again.
      if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return false;
      throw error;
    } finally {
      await unlink(whole).catch(() => undefined);
    }
    if (!(await stood(version))) return false;
    known = { version, value };
    for (const one of new Set([...old, version - keptVersions])) {
      if (one > 0) await unlink(pathOf(folder, one)).catch(() => undefined);
    }
    old = [];
    return true;
  }

  /**
   * A link could also succeed because others had made and deleted that version long ago; then theirs are far ahead, since
   * one is deleted only when there are `keptVersions` newer ones.
   */
  async function stood(version: number): Promise<boolean> {
    return ((await listVersions(folder)).at(-1) ?? 0) < version + keptVersions;
  }

  return {
    read: newest,
    async update(change) {
      // Most often nobody else was at it: what was last known is then the newest, which the publishing proves.
      let isNewest = known === undefined;
      let current = known ?? (await newest());
      for (let attempt = 1; attempt <= 1000; attempt++) {
        const { result, next } = change(current.value);
        if (next === undefined && isNewest) return { ...result, version: current.version };
        if (next !== undefined && (await publish(next, current.version))) {
          return { ...result, version: current.version + 1 };
        }
        [current, isNewest] = [await newest(), true];
      }
      throw new Error(`${folder} cannot be changed.`);
    },
    async changed(version, ms, signal) {
      const noticed = watchFor(folder, version, ms);
      try {
        // Looked at after the watching began: a change just before it would be missed for good.
        const { version: found } = await newest();
        if (found === version) await untilAborted(noticed.promise, signal);
      } finally {
        noticed.stop();
      }
    },
  };
}

/** Resolves when a newer version appears, or after `ms`. */
function watchFor(folder: string, version: number, ms: number): { readonly promise: Promise<void>; stop(): void } {
  let stop: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop = () => clearTimeout(timer);
    try {
      const watcher = watch(folder, (_, name) => {
        if (name !== null && isVersion(name) && Number(name) > version) resolve();
      });
      // Without watching (a folder that is gone, no watches left) the timer alone wakes it.
      watcher.on('error', () => watcher.close());
      stop = () => {
        clearTimeout(timer);
        watcher.close();
      };
    } catch {
      // As above.
    }
  });
  return { promise, stop: () => stop() };
}

/** Removes what processes left that were killed while they wrote. A live one whose file goes too simply writes anew. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.')) continue;
    const modifiedMs = await stat(join(folder, name)).then(
      (found) => found.mtimeMs,
      () => Date.now(),
    );
    if (Math.abs(Date.now() - modifiedMs) > 60_000) await unlink(join(folder, name)).catch(() => undefined);
  }
}

async function listVersions(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder))
      .filter(isVersion)
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return [];
  }
}

function isVersion(name: string): boolean {
  return /^[1-9]\d{0,14}$/.test(name);
}

function pathOf(folder: string, version: number): string {
  return join(folder, String(version));
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined;
}
