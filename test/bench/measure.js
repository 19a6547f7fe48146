// Times processes and watches their memory. Linux only: memory is read from /proc.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Runs a command; wall time in ms, peak resident memory of the process and of its whole tree in MiB. */
export async function watch(program, args, options = {}) {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const peak = { own: 0, tree: 0 };
  const timer = setInterval(() => sample(child.pid, peak), 50);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${output.slice(-2000)}`);
  return { ms: performance.now() - started, ownMiB: peak.own / 1024, treeMiB: peak.tree / 1024, output };
}

function sample(pid, peak) {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
      processes.set(Number(name), { parent, kib: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) });
    } catch {
      // It ended between the listing and the look.
    }
  }
  const own = processes.get(pid)?.kib ?? 0;
  let tree = 0;
  for (const [id, { kib }] of processes) if (descends(id, pid, processes)) tree += kib;
  peak.own = Math.max(peak.own, own);
  peak.tree = Math.max(peak.tree, tree);
}

function descends(id, ancestor, processes) {
  for (let at = id; at !== undefined && at > 1; at = processes.get(at)?.parent) if (at === ancestor) return true;
  return false;
}

/** Median wall time of several runs, ms. */
export async function median(count, run) {
  const times = [];
  for (let i = 0; i < count; i++) times.push((await run()).ms);
  return times.sort((a, b) => a - b)[Math.floor(count / 2)];
}
