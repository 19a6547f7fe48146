import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  fillMarkers,
  fillReadme,
  generatedFiles,
  renderCommandTable,
  renderExample,
  renderExitTable,
  renderOptionTable,
  renderProviderTable,
  syncGenerated,
} from '../../src/cli/docs.js';
import { optionTable } from '../../src/cli/options.js';
import { loadConfig } from '../../src/config/load.js';
import { exitNumbers } from '../../src/errors.js';
import { listProviders } from '../../src/providers/registry.js';
import { callDub } from '../support/command.js';
import { makeFolder, removeFolder } from '../support/media.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('files printed from the code', () => {
  it.each(generatedFiles.map((file) => [file.path, file] as const))(
    '%s is up to date (npm run docs)',
    async (path, file) => {
      const current = await readFile(`${root}/${path}`, 'utf8');
      expect(await file.render(current)).toBe(current);
    },
  );

  it('of which the README holds every table', async () => {
    const readme = await readFile(`${root}/README.md`, 'utf8');
    for (const name of ['commands', 'options', 'providers', 'exits'])
      expect(readme.split(`<!-- ${name} -->`), name).toHaveLength(2);
  });

  it('are written where they differ, and only there', async () => {
    const folder = await makeFolder();
    const { mkdir } = await import('node:fs/promises');
    await mkdir(`${folder}/schema`);
    expect(await syncGenerated(folder, false)).toEqual(['.dubbingrc.example', 'schema/events.schema.json']);
    expect(await syncGenerated(folder, true)).toEqual(['.dubbingrc.example', 'schema/events.schema.json']);
    expect(await syncGenerated(folder, true)).toEqual([]);
    await removeFolder(folder);
  });
});

describe('the tables', () => {
  it('replace what stands between their markers and nothing else', async () => {
    const readme = 'before\n<!-- options -->\nstale words\n<!-- /options -->\nafter\n<!-- exits -->\n<!-- /exits -->\n';
    const filled = await fillReadme(readme);
    expect(filled).toContain(`before\n<!-- options -->\n\n${renderOptionTable()}\n\n<!-- /options -->\nafter`);
    expect(filled).toContain('| 130 | `INTERRUPTED` | nobody; finished work is kept |');
    expect(filled).not.toContain('stale words');
    expect(await fillReadme(filled)).toBe(filled);
    expect(fillMarkers('no markers', 'options', 'x')).toBe('no markers');
  });

  it('name every setting, provider and code', () => {
    const options = renderOptionTable();
    for (const [key, spec] of Object.entries(optionTable)) if (spec.rc) expect(options).toContain(`\`${key}\``);
    const providers = renderProviderTable(listProviders());
    for (const { name, summary } of listProviders()) expect(providers).toContain(`| \`${name}\` | ${summary} |`);
    const exits = renderExitTable();
    for (const [code, number] of Object.entries(exitNumbers))
      expect(exits).toMatch(new RegExp(`\\| ${number} \\|.*\`${code}\``));
  });

  it('have rows as long as their heads', () => {
    for (const table of [
      renderCommandTable(),
      renderOptionTable(),
      renderExitTable(),
      renderProviderTable(listProviders()),
    ]) {
      const widths = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(widths).size).toBe(1);
    }
  });
});

it('every setting of the example file is taken when its # is removed', async () => {
  const folder = await makeFolder();
  const { writeFile } = await import('node:fs/promises');
  const active = renderExample().replace(/^#(?=[a-z])/gim, '');
  await writeFile(`${folder}/.dubbingrc`, active);
  const { config, origins } = await loadConfig(
    optionTable,
    { flags: {} },
    { env: {}, home: folder, cwd: folder, platform: 'linux' },
  );
  for (const [key, spec] of Object.entries(optionTable))
    if (spec.rc) expect(origins[key as 'bed'].from).not.toBe('default');
  expect(config).toMatchObject({ to: ['es'], quiet: true, onLineFailure: 'silence', tts: 'piper' });
  await removeFolder(folder);
});

it('links between the pages, and paths of the source that they name, lead somewhere', async () => {
  const names = await readdir(`${root}/docs`, { recursive: true });
  const pages = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  const lost: string[] = [];
  for (const page of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pages]) {
    const text = await readFile(`${root}/${page}`, 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)/g)].map(([, path, anchor]) => ({
      path,
      anchor,
    }));
    for (const { path = '', anchor } of links) {
      const target = path === '' ? page : join(dirname(page), path);
      const found = await readFile(`${root}/${target}`, 'utf8').catch(() => undefined);
      if (found === undefined || (anchor && !anchorsOf(found).has(anchor)))
        lost.push(`${page}: ${path}${anchor ?? ''}`);
    }
    for (const [, path] of text.matchAll(/`((?:src|test|examples|fixtures)\/[\w./-]*\w)\/?`/g))
      if (!existsSync(`${root}/${path}`)) lost.push(`${page}: ${path}`);
  }
  expect(lost).toEqual([]);
});

/** Anchors of a page's headings, as they are made on the usual sites. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!.toLowerCase());
  return new Set(headings.map((heading) => `#${heading.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')}`));
}

it('the sample run in the README is what `npm run demo` says, times and measurements apart', async () => {
  const folder = await makeFolder();
  const [readme, manifest] = await Promise.all(
    ['README.md', 'package.json'].map((name) => readFile(`${root}/${name}`, 'utf8')),
  );
  const demo = /node bin\/dub\.js (.*)$/.exec((JSON.parse(manifest!) as { scripts: { demo: string } }).scripts.demo);
  const args = demo![1]!.split(' ').map((word) => (word === 'demo/' ? `${folder}/` : word));
  const { exit, stderr } = await callDub(args, { cwd: root, env: { DUBBING_CACHE: `${folder}/cache` } });
  expect(exit).toBe(0);
  const sample = /<!-- sample -->\n\n```\n([\s\S]*?)```/.exec(readme!)?.[1];
  expect(comparable(stderr.replaceAll(folder, '…'))).toBe(comparable(sample!));
  await removeFolder(folder);
});

/** Counts and words stay; what was measured, and versions, become `#`. */
function comparable(text: string): string {
  return text.replaceAll(/-?\d+(\.\d+)? (ms|s|dB|LUFS|dBTP|%)(?!\w)|\d+\.\d+/g, '#');
}
