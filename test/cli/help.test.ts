import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { commandNames } from '../../src/cli/commands.js';
import { optionTable, shownFlag } from '../../src/cli/options.js';
import { settingsOf } from '../../src/cli/parse.js';
import { textWidth } from '../../src/cli/render/text.js';
import { callDub } from '../support/command.js';

const cwd = import.meta.dirname;

describe('help', () => {
  it.each(commandNames)('of %s fits 80 columns and shows each of its options', async (name) => {
    const { exit, stdout, stderr } = await callDub([name, '--help'], { cwd });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => textWidth(line) > 80)).toEqual([]);
    for (const [, spec] of settingsOf(name)) if (spec.flag) expect(stdout).toContain(shownFlag(spec));
  });

  it('of the plain command lists the commands, every option and examples', async () => {
    const { stdout } = await callDub(['-h'], { cwd });
    for (const name of commandNames) if (name !== 'run') expect(stdout).toContain(`  dub ${name}`);
    const flags = Object.values(optionTable).flatMap((spec) => shownFlag(spec) ?? []);
    for (const flag of flags) expect(stdout).toContain(flag);
    expect(stdout).toContain('Usage: dub <input…> --to <lang[,lang…]> [options]\n');
    expect(stdout).toContain('Examples:\n  dub talk.mp4 --to en ');
  });

  it('is the same by all its names', async () => {
    const { stdout } = await callDub(['check', '--help'], { cwd });
    expect((await callDub(['help', 'check'], { cwd })).stdout).toBe(stdout);
    expect((await callDub(['check', 'x.mp4', '-h'], { cwd })).stdout).toBe(stdout);
    expect((await callDub(['help'], { cwd })).stdout).toBe((await callDub(['--help'], { cwd })).stdout);
  });

  it('has bold headings where colour is wanted', async () => {
    const { stdout } = await callDub(['--help'], { cwd, env: { FORCE_COLOR: '1' } });
    expect(stdout).toContain('\x1b[1mExamples:\x1b[22m');
  });

  it('is not asked for by a file after --', async () => {
    const { stderr } = await callDub(['--', '--help'], { cwd });
    expect(stderr).toContain(`dub: There is no file ${cwd}/--help.`);
  });
});

it.each([['--version'], ['-V'], ['check', '--version']])(
  'the version is that of the package: dub %s',
  async (...args) => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await callDub(args, { cwd })).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' });
  },
);
