import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeFolder, removeFolder } from './support/media.js';

// The import rules are worth something only if they bite: a small tree with one wrong arrow per rule.

const root = fileURLToPath(new URL('..', import.meta.url));
let folder = '';

const wrongArrows: Readonly<Record<string, string>> = {
  'src/domain/a.ts': "import 'node:fs';",
  'src/subtitles/a.ts': "import 'node:fs';",
  'src/sound/a.ts': "import '../media/a.js';",
  'src/stages/align/a.ts': "import '../../media/a.js';",
  'src/media/a.ts': "import '../workspace/a.js';",
  'src/pricing/a.ts': "import 'node:fs';",
  'src/workspace/a.ts': "import '../stages/b.js';",
  'src/stages/b.ts': "import './c.js';",
  'src/stages/c.ts': "import '../providers/tts/one/index.js';",
  'src/providers/tts/contract.ts': "import '../../media/a.js';",
  'src/providers/tts/one/index.ts': "import '../two/index.js';",
  'src/providers/tts/two/index.ts': "import '../../../media/a.js';",
  'src/providers/vendors/v/index.ts': "import '../../tts/contract.js';",
  'src/pipeline/a.ts': "import 'commander';",
  'src/config/a.ts': "import '../providers/tts/one/index.js';",
  'src/cli/a.ts': "import '../stages/b.js';",
  'src/net/a.ts': "import '../domain/a.js';",
};

beforeAll(async () => {
  folder = await makeFolder();
  for (const [path, text] of Object.entries(wrongArrows)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `${text}\nexport {};\n`);
  }
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    await cp(join(root, name), join(folder, name));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
});

afterAll(() => removeFolder(folder));

it('refuses a wrong arrow out of every room', async () => {
  const program = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [program, 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const report = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 26 }, (_error, stdout) => resolve(stdout));
  });
  const { violations } = (JSON.parse(report) as { summary: { violations: { from: string; rule: { name: string } }[] } })
    .summary;
  const caught = violations.filter(({ rule }) => rule.name !== 'no-circles').map(({ from }) => from);
  expect([...new Set(caught)].sort()).toEqual(Object.keys(wrongArrows).sort());
});
