import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commandNames } from '../../src/cli/commands.js';
import { optionTable } from '../../src/cli/options.js';
import { parseLine, settingsOf } from '../../src/cli/parse.js';
import type { OptionSpec } from '../../src/config/option.js';

const specs = Object.entries(optionTable) as [string, OptionSpec<unknown>][];

describe('the option table', () => {
  it.each(specs)('%s has a flag of its own name, or none', (key, spec) => {
    const camel = spec.flag?.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    expect(camel ?? key).toBe(key);
  });

  it('uses no flag, no letter and no variable twice', () => {
    for (const names of [
      specs.flatMap(([, spec]) => spec.flag ?? []),
      specs.flatMap(([, spec]) => spec.short ?? []),
      specs.flatMap(([, spec]) => spec.env ?? []),
    ]) {
      expect(names).toEqual([...new Set(names)]);
    }
  });

  it('has defaults that its own readers take', () => {
    const place = { label: 'x', folder: '/', code: 'USAGE' } as const;
    for (const [, spec] of specs) {
      const value = spec.default;
      if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
        expect(spec.read(value, place)).toBe(value);
    }
  });
});

describe('a command line', () => {
  it('gives raw texts under the keys of the settings', async () => {
    const line = await parseLine('run', [
      'a.mp4',
      '--to',
      'es',
      '-o',
      'x.mp4',
      '--to=fr',
      'b.mp4',
      '--no-keep-original',
      '--offline',
      '--no-strict',
      '--duck-db',
      '-12',
      '--',
      '--c.mp4',
    ]);
    expect(line.operands).toEqual(['a.mp4', 'b.mp4', '--c.mp4']);
    const given = Object.fromEntries(Object.entries(line.flags).filter(([, value]) => value !== undefined));
    expect(given).toEqual({
      to: ['es', 'fr'],
      output: 'x.mp4',
      keepOriginal: false,
      offline: true,
      strict: false,
      duckDb: '-12',
    });
  });

  it.each(commandNames)('of %s takes each of its flags', async (name) => {
    const flags = settingsOf(name).flatMap(([, spec]) =>
      spec.flag ? [spec.value === undefined ? spec.flag : `${spec.flag}=x`] : [],
    );
    const { flags: values } = await parseLine(name, flags);
    expect(Object.values(values).filter((value) => value === undefined)).toEqual([]);
  });

  it('keeps the last of a flag that is given twice', async () => {
    const { flags } = await parseLine('run', ['--bed', 'keep', '--bed', 'mute']);
    expect(flags.bed).toBe('mute');
  });
});

describe('what is loaded at every start', () => {
  it('is no package at all before a command runs', async () => {
    expect(await packagesBehind('src/cli/main.ts')).toEqual([]);
    expect(await packagesBehind('src/cli/options.ts')).toEqual([]);
    expect(await packagesBehind('src/cli/render/help.ts')).toEqual([]);
  });

  it('is not the pipeline nor a provider', async () => {
    const files = await filesBehind('src/cli/render/help.ts');
    expect(files.filter((file) => /pipeline|providers|media|stages/.test(file))).toEqual([]);
  });
});

const root = fileURLToPath(new URL('../..', import.meta.url));

async function filesBehind(start: string): Promise<string[]> {
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const name of await staticImports(path))
      if (name.startsWith('.')) await visit(resolve(dirname(path), name.replace(/\.js$/, '.ts')));
  };
  await visit(resolve(root, start));
  return [...seen];
}

async function packagesBehind(start: string): Promise<string[]> {
  const files = await filesBehind(start);
  const names = (await Promise.all(files.map(staticImports))).flat();
  return [...new Set(names.filter((name) => !name.startsWith('.') && !name.startsWith('node:')))];
}

/** Modules that a file imports when it is loaded; types are gone by then. */
async function staticImports(path: string): Promise<string[]> {
  const source = await readFile(path, 'utf8');
  const imports = source.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm);
  return [...imports].map((match) => match[1]!);
}
