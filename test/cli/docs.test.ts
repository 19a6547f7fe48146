import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  fillMarkers,
  fillReadme,
  generatedFiles,
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
import { makeFolder, removeFolder } from '../support/media.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('files printed from the code', () => {
  it.each(generatedFiles.map((file) => [file.path, file] as const))(
    '%s is up to date (npm run docs)',
    async (path, file) => {
      const current = await readFile(`${root}/${path}`, 'utf8').catch((error: unknown) => {
        // The README may not be there yet; then there is nothing to compare.
        if (path === 'README.md') return '';
        throw error;
      });
      expect(await file.render(current)).toBe(current);
    },
  );

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
    for (const table of [renderOptionTable(), renderExitTable(), renderProviderTable(listProviders())]) {
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
