import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Ids of this process's own living children whose command line holds `text`. */
export async function findChildren(text: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,stat=,args=']);
  const rows = stdout.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line));
  return rows
    .filter((row) => Number(row?.[2]) === process.pid && !row![3]!.startsWith('Z') && row![4]!.includes(text))
    .map((row) => Number(row![1]));
}

/** Waits until there is such a child and returns its id. */
export async function waitForChild(text: string): Promise<number> {
  for (;;) {
    const [id] = await findChildren(text);
    if (id !== undefined) return id;
    await sleep(20);
  }
}
