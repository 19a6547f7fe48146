import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Script } from '../../src/domain/script.js';
import { scriptAsSrt } from '../../src/pipeline/readable.js';
import { withScriptEdits } from '../../src/pipeline/resuming/edits.js';
import { openWorkFolder, type WorkFolder } from '../../src/workspace/folder.js';
import { makeFolder, removeFolder } from '../support/media.js';

let path: string;
let folder: WorkFolder;

beforeEach(async () => {
  path = await makeFolder();
  folder = await openWorkFolder(path);
});
afterEach(async () => {
  await folder.close();
  await removeFolder(path);
});

function scriptOf(...lines: readonly (readonly [speaker: string, text: string])[]): Script {
  const utterances = lines.map(([speaker, text], index) => ({
    ...{ id: `u000${index + 1}`, speaker, text, startMs: index * 3000, endMs: index * 3000 + 2500 },
    ...{ slot: { startMs: index * 3000, endMs: index * 3000 + 3000 }, segmentIds: [`${index + 1}`] },
  }));
  return { language: 'en', utterances };
}

/** A run writes the script, a person replaces something in it, and the next run reads it. */
async function edit(script: Script, ...changes: readonly (readonly [from: string, to: string])[]): Promise<string[]> {
  await folder.writeForPeople('script.srt', scriptAsSrt(script));
  const file = join(path, 'script.srt');
  const before = await readFile(file, 'utf8');
  for (const [from] of changes) expect(before).toContain(from);
  await writeFile(
    file,
    changes.reduce((text, [from, to]) => text.replace(from, to), before),
  );
  return read(script);
}

async function read(script: Script): Promise<string[]> {
  const session = { folder, emit: () => undefined as never };
  const { utterances } = await withScriptEdits(script, 60_000, session);
  return utterances.map(({ speaker, text }) => `<${speaker}> ${text}`);
}

describe('script.srt, edited by a person', () => {
  it('gives a line to another speaker, whatever the speakers are called', async () => {
    const film = scriptOf(['0', 'Hello.'], ['1', 'OK!'], ['小明', 'Good day.']);
    const moved = await edit(film, ['1: OK!', '小明: OK!'], ['小明: Good', '2: Good']);
    expect(moved).toEqual(['<0> Hello.', '<小明> OK!', '<2> Good day.']);
  });

  it('keeps the speakers where only words were changed', async () => {
    const film = scriptOf(['0', 'Hello.'], ['spk1', 'OK!'], ['Dr. Brown', 'Good day.']);
    const reworded = await edit(film, ['0: Hello.', '0: Hello there.'], ['OK!', 'WELL!']);
    expect(reworded).toEqual(['<0> Hello there.', '<spk1> WELL!', '<Dr. Brown> Good day.']);
    // What was taken over is written anew and read again.
    await folder.writeForPeople('script.srt', scriptAsSrt(film));
    expect(await read(film)).toEqual(reworded);
  });

  it('names speakers in a film of one by what is put before its lines', async () => {
    const film = scriptOf(['A', 'Hello.'], ['A', 'Good day.'], ['A', 'Note: it rains.'], ['A', 'So long.']);
    const named = await edit(film, ['Good day.', 'Anna: Good day.'], ['So long.', 'Anna: So long, then.']);
    expect(named).toEqual(['<A> Hello.', '<Anna> Good day.', '<A> Note: it rains.', '<Anna> So long, then.']);
  });
});
