#!/usr/bin/env node
// Finds the system programs that the demo or the tests need and installs what is missing, or says how.
// Usage: node bin/setup.js demo|test
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const needs = {
  demo: [
    { program: 'ffmpeg', apt: ['ffmpeg'], brew: 'ffmpeg' },
    { program: 'ffprobe', apt: ['ffmpeg'], brew: 'ffmpeg' },
    { program: 'espeak-ng', apt: ['espeak-ng'], brew: 'espeak-ng' },
  ],
  test: [
    { program: 'cc', apt: ['gcc', 'libc6-dev'], brew: undefined },
    { program: 'flite', apt: ['flite'], brew: 'flite' },
    { program: 'pocketsphinx_continuous', apt: ['pocketsphinx'], brew: 'cmu-pocketsphinx' },
    { file: '/usr/share/pocketsphinx/model/en-us/en-us/mdef', apt: ['pocketsphinx-en-us'] },
    { program: 'apertium', apt: ['apertium'], brew: undefined },
    { file: '/usr/share/apertium/modes/eng-spa.mode', apt: ['apertium-eng-spa'] },
    { program: 'chromium', apt: ['chromium'], brew: undefined },
  ],
  /** Tests without them are skipped and say so. */
  optional: [
    { program: 'parallel', apt: ['parallel'] },
    { program: 'openssl', apt: ['openssl'] },
    { file: '/usr/sbin/slurmctld', apt: ['slurmctld'] },
    { file: '/usr/sbin/slurmd', apt: ['slurmd'] },
    { program: 'sbatch', apt: ['slurm-client'] },
  ],
};

function isThere(need) {
  if (need.file) return existsSync(need.file);
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, need.program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function fail(lines) {
  console.error(lines.join('\n'));
  process.exit(4);
}

/** The command in front of apt-get that makes it root: none, sudo, or undefined when neither works without asking. */
function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' });
  return sudo.status === 0 ? ['sudo', '-n'] : undefined;
}

function aptInstall(packages, optional) {
  const byHand = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const prefix = rootPrefix();
  if (prefix === undefined) {
    if (packages.length > 0) fail(['This machine lacks some programs. Install them with:', `  ${byHand}`]);
    return;
  }
  const apt = (...args) => {
    const [program, ...rest] = [...prefix, 'apt-get', ...args];
    console.error(`setup: ${[program, ...rest].join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    return spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
  };
  const install = (...names) => apt('install', '-y', '-qq', '--no-install-recommends', ...names);
  const done = apt('update', '-qq') && install(...packages, ...optional);
  if (done || packages.length === 0 || (optional.length > 0 && install(...packages))) return;
  fail(['apt-get did not succeed. Try by hand:', `  ${byHand}`]);
}

const purpose = process.argv[2];
if (purpose !== 'demo' && purpose !== 'test') fail(['usage: node bin/setup.js demo|test']);
const wanted = purpose === 'test' ? [...needs.demo, ...needs.test] : needs.demo;
const missing = wanted.filter((need) => !isThere(need));
const optional =
  purpose === 'test' && existsSync('/usr/bin/apt-get') ? needs.optional.filter((need) => !isThere(need)) : [];
if (missing.length > 0 || optional.length > 0) {
  const packages = [...new Set(missing.flatMap((need) => need.apt))];
  if (process.platform === 'darwin') {
    const formulas = [...new Set(missing.map((need) => need.brew).filter(Boolean))];
    const left = missing.filter((need) => !need.brew).flatMap((need) => need.apt);
    fail([
      'Install what is missing with:',
      `  brew install ${formulas.join(' ')}`,
      ...(left.length > 0
        ? [`Not in Homebrew: ${left.join(', ')} (the tests that need them run on Debian and Ubuntu).`]
        : []),
    ]);
  }
  if (!existsSync('/usr/bin/apt-get'))
    fail(['Install what is missing with your package manager:', `  ${packages.join(' ')}`]);
  aptInstall(
    packages,
    optional.flatMap((need) => need.apt),
  );
  const still = missing.filter((need) => !isThere(need)).map((need) => need.program ?? need.file);
  if (still.length > 0) fail([`Still missing after the installation: ${still.join(', ')}.`]);
}
