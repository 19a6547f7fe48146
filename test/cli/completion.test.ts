import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandNames } from '../../src/cli/commands.js';
import { completionTable } from '../../src/cli/completion/table.js';
import { flagsOf } from '../../src/cli/parse.js';
import { findProgram } from '../examples/slurm.js';
import { callDub } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;

beforeAll(async () => {
  folder = await makeFolder();
  await mkdir(join(folder, 'films'));
  await writeFile(join(folder, 'films', 'a film.mp4'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { exit, stdout, stderr } = await callDub(['completion', shell], { cwd: folder });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    await writeFile(join(folder, `dub.${shell}`), stdout);
  }
});

afterAll(() => removeFolder(folder));

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: folder, timeout: 60_000 });
  return stdout;
}

/** What bash offers behind these words, the last of which is being typed. */
async function bashOffers(...words: readonly string[]): Promise<string[]> {
  const script = `source ./dub.bash; cd films
    COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _dub; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await run('bash', '-c', script, 'bash', ...words)).split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  it.each([
    [['dub', 'ba'], ['batch']],
    [['dub', 'x.mp4', '--be'], ['--bed']],
    [
      ['dub', 'x.mp4', '--bed', ''],
      ['duck', 'keep', 'mute', 'separate'],
    ],
    [['dub', 'x.mp4', '--bed', '=', 'k'], ['keep']],
    [['dub', 'check', '--str'], ['--strict']],
    [['dub', '--from', 'e'], []],
    [['dub', 'batch', 'a'], ['a film.mp4']],
    [['dub', 'x.mp4', '-o', 'a'], ['a film.mp4']],
    [['dub', '--tts', 'espeak'], ['espeak-ng']],
  ])('offers behind %j what fits', async (words, offers) => {
    expect(await bashOffers(...words)).toEqual(offers);
  });

  it('offers every command, and every flag of each', async () => {
    expect((await bashOffers('dub', '')).sort()).toEqual(
      [...commandNames.filter((name) => name !== 'run'), 'a film.mp4'].sort(),
    );
    for (const { name, flags } of completionTable()) {
      const known = flagsOf(name);
      expect(flags.filter(({ flag }) => !known.includes(flag))).toEqual([]);
    }
    const { flags } = completionTable().find(({ name }) => name === 'check')!;
    expect(await bashOffers('dub', 'check', '--')).toEqual(flags.map(({ flag }) => flag));
  });
});

it.skipIf(findProgram('fish') === undefined)('fish offers what fits', async () => {
  const offers = async (line: string) => {
    const text = await run('fish', '--no-config', '-c', `source dub.fish; complete -C ${JSON.stringify(line)}`);
    return text.split('\n').flatMap((row) => row.split('\t')[0] || []);
  };
  expect(await offers('dub bat')).toEqual(['batch']);
  expect(await offers('dub x.mp4 --bed ')).toEqual(['duck', 'keep', 'mute', 'separate']);
  expect(await offers('dub check --stri')).toEqual(['--strict']);
});

it.skipIf(findProgram('zsh') === undefined)('zsh completes on its own terminal', async () => {
  const script = `zmodload zsh/zpty
    zpty z "TERM=dumb PS1= zsh -f -i"
    zpty -w z 'autoload -U compinit; compinit -u -D; source ./dub.zsh; dub() { print -r -- "GOT:$*"; }; print READY'
    while zpty -r z line; do [[ $line == *READY* && $line != *print* ]] && break; done
    for typed in $'x.mp4 --bed du\\t' $'bat\\t x' $'check --stri\\t'; do
      zpty -w z "dub $typed"
      while zpty -r z line; do [[ $line == *GOT:* && $line != *print* ]] && { print -r -- "$line"; break; }; done
    done
    zpty -d z`;
  const got = (await run('zsh', '-f', '-c', script)).split(/[\r\n]+/).filter((line) => line !== '');
  expect(got).toEqual(['GOT:x.mp4 --bed duck', 'GOT:batch x', 'GOT:check --strict']);
});

it.each([
  [['completion'], 'No shell is named.'],
  [['completion', 'bsh'], '`dub completion` takes one of bash, zsh, fish.\n  Did you mean `dub completion bash`?'],
  [['completion', 'bash', 'zsh'], '`dub completion` takes one of bash, zsh, fish.'],
])('dub %j is refused', async (args, message) => {
  const { exit, stdout, stderr } = await callDub(args, { cwd: folder });
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
  expect(stderr).toContain(`dub: ${message}`);
});
