import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Milliseconds of the machine's steady clock: the same for all its processes, set by nobody. It starts anew when the
 * machine does, so it means nothing beyond `machineName`.
 */
export function machineNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Names the machine from one start to the next, 12 hexadecimal digits: only what has one name has one steady clock. */
export function machineName(): string {
  // Where Linux does not tell its start, a time far ahead gives an earlier start away; whoever reads one looks for that.
  const start = readText('/proc/sys/kernel/random/boot_id') ?? hostname();
  const clockSpace = readLink('/proc/self/ns/time') ?? '';
  return createHash('sha256').update(`${start} ${clockSpace}`).digest('hex').slice(0, 12);
}

/** Tells a process from every other one, also from a later one with its number. */
export interface ProcessName {
  readonly pid: number;
  /** When it was started, in the system's own count; undefined where the system does not tell. */
  readonly started: string | undefined;
  /** The space its number is counted in: containers have spaces of their own. */
  readonly space: string | undefined;
}

/** This process. */
export function thisProcess(): ProcessName {
  return { pid: process.pid, started: startOf(process.pid), space: readLink('/proc/self/ns/pid') };
}

/** A name for something of this process that no other process gives: 16 hexadecimal digits. */
export function uniqueName(): string {
  return randomBytes(8).toString('hex');
}

/** Whether a process has surely ended; false for one that cannot be seen from here. */
export function hasEnded({ pid, started, space }: ProcessName): boolean {
  if (space !== readLink('/proc/self/ns/pid')) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  return started !== undefined && started !== startOf(pid);
}

/** Field 22 of /proc/<pid>/stat (proc(5)), counted behind the program's name, which may hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
