import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { closing, server } from './support.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The room as JavaScript in a folder of its own, so that a process without vitest can run it. */
async function compiled(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dub-net-'));
  closing({ close: () => rm(folder, { recursive: true }) });
  await mkdir(join(folder, 'net'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const names = (await readdir(join(root, 'src', 'net'))).map((name) => join('net', name));
  for (const name of [...names, 'errors.ts']) {
    const source = await readFile(join(root, 'src', name), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    });
    await writeFile(join(folder, name.replace(/ts$/, 'js')), outputText);
  }
  return folder;
}

test('undici is loaded by the first request, and kept connections do not keep the process alive', async () => {
  const folder = await compiled();
  const { url } = await server(() => ({ body: 'ok' }));
  await writeFile(
    join(folder, 'main.js'),
    `import { createRequire } from 'node:module';
     import { createHttp } from './net/client.js';
     const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('undici'));
     const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
     const http = createHttp({ version: '1' });
     const seen = [loaded()];
     await http.request({ url: process.argv[2] }, new AbortController().signal);
     await new Promise(setImmediate);
     seen.push(loaded(), sockets(), process.getActiveResourcesInfo().includes('Timeout'));
     console.log(JSON.stringify(seen));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'main.js'), url]);
  expect(JSON.parse(stdout)).toEqual([false, true, 0, false]);
});
