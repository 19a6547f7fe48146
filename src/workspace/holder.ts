import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a lock, as the lock's file says it. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells one holding from the next. */
  readonly token: string;
  /** Which running system the process number belongs to: boot and process namespace; undefined where none is told. */
  readonly system?: string | undefined;
  /** When the process began, in the system's own ticks: the same number later is another process. */
  readonly began?: string | undefined;
}

/** This process as a holder, with a new token. */
export function describeHolder(): Holder {
  const token = randomBytes(8).toString('hex');
  return { pid: process.pid, host: hostname(), token, system: thisSystem(), began: beganAt(process.pid) };
}

/** @returns undefined for text that is no holder: a lock that is being written, or a damaged one */
export function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, token, system, began } = JSON.parse(text) as Partial<Holder>;
    const known = typeof pid === 'number' && typeof host === 'string' && typeof token === 'string';
    return known ? { pid, host, token, system, began } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the holder's process lives, as far as this system can know.
 * @returns undefined for a process of another machine or another process namespace: only its heartbeat tells
 */
export function processLives({ pid, host, system, began }: Holder): boolean | undefined {
  if (host !== hostname() || (system !== undefined && system !== thisSystem())) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A dead run's number is given out again; whoever began at another moment is somebody else.
  return began === undefined || beganAt(pid) === undefined || beganAt(pid) === began;
}

let known: { readonly system: string | undefined } | undefined;

/** On Linux the boot and the process namespace: containers may share a host name and a folder, not process numbers. */
function thisSystem(): string | undefined {
  known ??= { system: readSystem() };
  return known.system;
}

function readSystem(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

/** Field 22 of proc(5)'s `stat`; the name in field 2 may hold spaces and brackets. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
