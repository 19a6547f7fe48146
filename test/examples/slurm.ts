import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Where a program is: in PATH, or among those for the administrator. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A Slurm of one node, this machine, for as long as a test takes. */
export interface Cluster {
  /** What every Slurm command must have in its environment. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Why there can be no cluster here; undefined when there can. Slurm's daemons run jobs as who submitted them. */
export function lacksForCluster(): string | undefined {
  const missing = ['slurmctld', 'slurmd', 'sbatch', 'sinfo'].filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  return process.getuid?.() === 0 ? undefined : 'needs root';
}

/** Starts the two daemons in the foreground, on free ports, without any service of the system. */
export async function startCluster(folder: string): Promise<Cluster> {
  const name = hostname().split('.')[0]!;
  const [controllerPort, nodePort] = [await freePort(), await freePort()];
  for (const part of ['state', 'spool']) await mkdir(join(folder, part), { recursive: true });
  const config = join(folder, 'slurm.conf');
  const settings = {
    ClusterName: 'test',
    SlurmctldHost: `${name}(127.0.0.1)`,
    ...{ SlurmUser: 'root', SlurmdUser: 'root', AuthType: 'auth/none', CredType: 'cred/none' },
    ...{ SlurmctldPort: controllerPort, SlurmdPort: nodePort },
    ...{ SlurmctldPidFile: join(folder, 'ctld.pid'), SlurmdPidFile: join(folder, 'd.pid') },
    ...{ StateSaveLocation: join(folder, 'state'), SlurmdSpoolDir: join(folder, 'spool') },
    ...{ ProctrackType: 'proctrack/linuxproc', TaskPlugin: 'task/none', JobAcctGatherType: 'jobacct_gather/none' },
    ...{
      SelectType: 'select/cons_tres',
      SelectTypeParameters: 'CR_CPU',
      SchedulerType: 'sched/builtin',
      SchedulerParameters: 'batch_sched_delay=0',
    },
    ...{ MpiDefault: 'none', SwitchType: 'switch/none', SlurmdParameters: 'config_overrides', ReturnToService: 2 },
  };
  const lines = [
    ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    `NodeName=${name} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN`,
    `PartitionName=main Nodes=${name} Default=YES MaxTime=INFINITE State=UP`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  const env = { SLURM_CONF: config };
  const daemons = [daemon('slurmctld', ['-D', '-f', config]), daemon('slurmd', ['-D', '-f', config, '-N', name])];
  const stop = async () => void (await Promise.all(daemons.map(end)));
  try {
    await untilIdle(env, daemons);
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, stop };
}

interface Daemon {
  readonly child: ChildProcess;
  readonly told: () => string;
}

function daemon(name: string, args: readonly string[]): Daemon {
  const child = spawn(findProgram(name)!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (told = `${told}${chunk}`.slice(-4000)));
  return { child, told: () => told };
}

async function end({ child }: Daemon): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(killing);
}

async function untilIdle(env: Readonly<Record<string, string>>, daemons: readonly Daemon[]): Promise<void> {
  for (let attempt = 0; attempt < 120; attempt++) {
    const found = await promisify(execFile)('sinfo', ['-h', '-o', '%t'], { env: { ...process.env, ...env } }).catch(
      () => ({ stdout: '' }),
    );
    if (found.stdout.trim() === 'idle') return;
    if (daemons.some(({ child }) => child.exitCode !== null)) break;
    await sleep(250);
  }
  throw new Error(`Slurm did not start:\n${daemons.map(({ told }) => told()).join('\n')}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
